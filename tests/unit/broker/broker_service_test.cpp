// Whole requests as bytes: what a session answers, and when it closes.
#include "broker_service.hpp"

#include "api_table.hpp"
#include "broker/node_fixture.hpp"
#include "support/vectors.hpp"

#include "moldau/protocol/messages/api_versions.hpp"
#include "moldau/protocol/messages/headers.hpp"
#include "moldau/protocol/messages/metadata.hpp"

#include <gtest/gtest.h>

namespace moldau::broker {
namespace {

using net::Reply;

class Session {
public:
    Reply ask(std::string_view hex) {
        const auto bytes = support::from_hex(hex);
        net::Answer answer = session_->serve(Bytes::copy_of(bytes));
        EXPECT_TRUE(std::holds_alternative<Reply>(answer));
        return std::get<Reply>(std::move(answer));
    }

    ShardQuotas& quotas() { return node_.services.shards.front()->quotas(); }
    ShardCounters& counters() { return node_.services.shards.front()->counters(); }
    net::Session& session() { return *session_; }

private:
    NodeFixture node_;
    BrokerService service_{node_.services};
    std::unique_ptr<net::Session> session_ = service_.open(node_.shard, node_.connection);
};

std::string hex_of(const Reply& reply) {
    return support::to_hex(reply.first.data(), reply.first.size());
}

constexpr const char* kApiVersions3 =
    "0012"
    "0003"
    "00000007"
    "0001"
    "61"
    "00"
    "0278"
    "0231"
    "00";

TEST(BrokerService, AnswersAVersionOfApiVersionsThatItDoesNotKnowAsVersion0) {
    Session session;
    const Reply reply = session.ask(
        "0012"
        "0063"
        "00000007"
        "0001"
        "61"
        "00"
        "0278"
        "0231"
        "00");
    ASSERT_EQ(reply.outcome, Reply::Outcome::send);
    // size 16, correlation id, error 35, one row: key 18, 0 to 4
    EXPECT_EQ(hex_of(reply),
              "00000010"
              "00000007"
              "0023"
              "00000001"
              "0012"
              "0000"
              "0004");
}

TEST(BrokerService, TheResponseHeaderOfApiVersionsHasNoTagsWhateverItsVersion) {
    Session session;
    const Reply reply = session.ask(kApiVersions3);
    ASSERT_EQ(reply.outcome, Reply::Outcome::send);
    protocol::Reader in(BytesView(reply.first).subspan(8));
    protocol::ApiVersionsResponse response;
    EXPECT_TRUE(response.decode(in, 3));
    EXPECT_EQ(in.remaining(), 0U);
}

TEST(BrokerService, CountsRequestsByTheirApiAndHowLongTheirAnswersTook) {
    Session session;
    session.ask(kApiVersions3);
    const net::Mark mark = session.session().mark();
    ASSERT_LT(mark, session.counters().apis.size());
    EXPECT_EQ(api_table()[mark].api, protocol::ApiKey::api_versions);
    const ApiCounters& counted = session.counters().apis[mark];
    EXPECT_EQ(counted.requests, 1U);
    EXPECT_EQ(counted.request_bytes, 17U);
    EXPECT_EQ(counted.answered.count(), 0U);
    session.session().answered(mark, std::chrono::microseconds(3));
    EXPECT_EQ(counted.answered.count(), 1U);
    EXPECT_EQ(counted.answered.sum(), std::chrono::microseconds(3));

    session.ask("7fff");
    session.session().answered(session.session().mark(), std::chrono::microseconds(3));
    EXPECT_EQ(session.counters().bad_requests, 1U);
    EXPECT_EQ(counted.answered.count(), 1U) << "what is no request of any API is nobody's";
}

TEST(BrokerService, AnswersAtOnceAndHasTheConnectionRestWhereTheClientsTimeIsUsedUp) {
    // ApiVersions v1 of the client `a`; its response ends with the time to wait.
    constexpr std::string_view kAsked =
        "0012"
        "0001"
        "00000007"
        "0001"
        "61";
    Session session;
    EXPECT_EQ(session.ask(kAsked).rest, Duration(0));
    quota::ClientQuotas set;
    set.set({.user = quota::Entity::Name("ANONYMOUS"), .client_id = std::nullopt},
            quota::Kind::request, 10);
    session.quotas().take(set);
    EXPECT_EQ(session.ask(kAsked).rest, Duration(0)) << "no time goes by in this test";

    const auto client = session.quotas().client(kAnonymousUser, "another of the user's");
    session.quotas().charge(*client->limit(quota::Kind::request), 105);
    const Reply reply = session.ask(kAsked);
    EXPECT_EQ(reply.outcome, Reply::Outcome::send);
    EXPECT_EQ(reply.rest, std::chrono::milliseconds(500)) << "105 in 10 s, 100 are allowed";
    EXPECT_TRUE(hex_of(reply).ends_with("000001f4"));
    const auto& counted =
        session.counters().throttled[static_cast<std::size_t>(quota::Kind::request)];
    EXPECT_EQ(counted.times, 1U);
    EXPECT_EQ(counted.told, std::chrono::milliseconds(500));

    session.quotas().take({});
    EXPECT_EQ(session.ask(kAsked).rest, Duration(0));
}

TEST(BrokerService, ClosesOnWhatItCannotReadOrDoesNotServe) {
    struct Row {
        const char* what;
        const char* hex;
    };
    for (const Row& row :
         {Row{"no header", ""}, Row{"three bytes", "000300"}, Row{"header cut", "00030001000000"},
          Row{"unknown key", "270f000000000007ffff"},
          Row{"Produce v2, advertised and not served", "0000000200000007ffff"},
          Row{"JoinGroup, not served yet", "000b000900000007ffff00"},
          Row{"Metadata v99", "0003006300000007ffff00"},
          Row{"Metadata v-1", "0003ffff00000007ffff"},
          Row{"Vote: a controller's", "0034000000000007ffff00"},
          Row{"LeaderAndIsr: has no version", "0004000000000007ffff"},
          Row{"body cut", "0003000100000007ffff0000"},
          Row{"2^31-1 topics", "0003000100000007ffff7fffffff"},
          Row{"ApiVersions v99, header without tags", "0012006300000007ffff"}}) {
        SCOPED_TRACE(row.what);
        Session session;
        EXPECT_EQ(session.ask(row.hex).outcome, Reply::Outcome::close);
    }
}

TEST(BrokerService, IgnoresWhatFollowsAValidBody) {
    Session session;
    EXPECT_EQ(session
                  .ask("0003000100000007ffffffffffff"
                       "aabbccdd")
                  .outcome,
              Reply::Outcome::send);
}

}  // namespace
}  // namespace moldau::broker
