// Replies that are made of a response.
#include "request_context.hpp"

#include "broker/node_fixture.hpp"

#include "moldau/protocol/messages/metadata.hpp"

#include <gtest/gtest.h>

#include <chrono>

namespace moldau::broker {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

/// Counts how often it is copied.
struct CountedResponse : protocol::MetadataResponse {
    explicit CountedResponse(int& copies) : copies_(&copies) {}
    CountedResponse(const CountedResponse& other)
        : protocol::MetadataResponse(other), copies_(other.copies_) {
        ++*copies_;
    }
    CountedResponse(CountedResponse&&) = default;
    CountedResponse& operator=(const CountedResponse&) = delete;
    CountedResponse& operator=(CountedResponse&&) = delete;
    ~CountedResponse() = default;

private:
    int* copies_;
};

struct Requests {
    NodeFixture node;
    ClientSoftware software;

    BrokerShard& here() { return *node.services.shards.front(); }
    /// Of a client that may use 10 percent of a shard and has used 10.5.
    RequestContext of_a_client_that_waits() {
        quota::ClientQuotas set;
        set.set({.user = quota::Entity::Name(kAnonymousUser), .client_id = std::nullopt},
                quota::Kind::request, 10);
        here().quotas().take(set);
        RequestContext context = of_a_client();
        context.limits = here().quotas().client(kAnonymousUser, "c");
        here().quotas().charge(*context.limits->limit(quota::Kind::request), 105);
        return context;
    }
    RequestContext of_a_client() {
        return {.here = here(),
                .node = node.services,
                .connection = node.connection,
                .software = software,
                .listener = ListenerKind::broker,
                .api = protocol::ApiKey::metadata,
                .version = 12,
                .correlation_id = 1,
                .client_id = "c",
                .frame = {}};
    }
};

TEST(ReplyWith, TellsWhoHasToWaitWithoutCopyingTheResponse) {
    Requests requests;
    const RequestContext context = requests.of_a_client_that_waits();
    int copies = 0;
    CountedResponse response(copies);
    const Result<net::Reply> reply = reply_with(context, response);
    ASSERT_TRUE(reply);
    EXPECT_EQ(reply->rest, milliseconds(500));
    EXPECT_EQ(response.throttle_time_ms, 500);
    EXPECT_EQ(final_reply(context, CountedResponse(copies)).rest, milliseconds(500));
    EXPECT_EQ(copies, 0);
}

TEST(ReplyWith, TellsTheLongerOfTwoWaits) {
    Requests requests;
    const RequestContext context = requests.of_a_client_that_waits();
    protocol::MetadataResponse response;
    response.throttle_time_ms = 700;
    Result<net::Reply> reply = reply_with(context, response);
    ASSERT_TRUE(reply);
    EXPECT_EQ(reply->rest, milliseconds(700));
    response.throttle_time_ms = 300;
    reply = reply_with(context, response);
    ASSERT_TRUE(reply);
    EXPECT_EQ(reply->rest, milliseconds(500));
    EXPECT_EQ(response.throttle_time_ms, 500);
}

TEST(ReplyWith, HasAConnectionRestForWhatTheResponseTellsAlready) {
    Requests requests;
    protocol::MetadataResponse response;
    Result<net::Reply> reply = reply_with(requests.of_a_client(), response);
    ASSERT_TRUE(reply);
    EXPECT_EQ(reply->rest, Duration(0));
    response.throttle_time_ms = 1000;
    reply = reply_with(requests.of_a_client(), response);
    ASSERT_TRUE(reply);
    EXPECT_EQ(reply->rest, seconds(1));
}

}  // namespace
}  // namespace moldau::broker
