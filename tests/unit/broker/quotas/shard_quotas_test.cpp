#include "quotas/shard_quotas.hpp"

#include "broker/node_fixture.hpp"

#include <gtest/gtest.h>

#include <array>
#include <string>
#include <utility>

namespace moldau::broker {
namespace {

using quota::Kind;
using quota::Milliseconds;
using std::chrono::milliseconds;
using std::chrono::seconds;

/// Two shards of one node, without threads.
struct TwoShards {
    support::ManualClock clock;
    support::CountingRandom random;
    support::LinesSink sink;
    std::array<support::ManualAlarm, 2> alarms;
    runtime::Shard first{{.index = 0}, clock, random, sink, &alarms[0]};
    runtime::Shard second{{.index = 1}, clock, random, sink, &alarms[1]};
    log::MemoryDisk disk;
    config::Settings settings = default_settings();
    NodeFacts facts{.settings = settings,
                    .self = BrokerId{1},
                    .cluster_id = "c",
                    .controller_listeners = {},
                    .directories = nullptr};
    std::vector<std::unique_ptr<BrokerShard>> all;

    TwoShards() {
        std::size_t index = 0;
        for (runtime::Shard* shard : {&first, &second}) {
            all.push_back(std::make_unique<BrokerShard>(
                BrokerShard::Place{
                    .index = index++, .count = 2, .shard = *shard, .disk = disk, .all = &all},
                facts));
        }
    }
    ShardQuotas& on(std::size_t shard) { return all[shard]->quotas(); }
    void set(Kind kind, double bound, std::string client_id = "c") {
        quota::ClientQuotas quotas;
        quotas.set({.user = std::nullopt, .client_id = quota::Entity::Name(std::move(client_id))},
                   kind, bound);
        for (const auto& each : all) each->quotas().take(quotas);
    }
    void set_for_all(Kind kind, double bound) {
        quota::ClientQuotas quotas;
        quotas.set({.user = std::nullopt, .client_id = quota::Entity::Name()}, kind, bound);
        for (const auto& each : all) each->quotas().take(quotas);
    }
    std::shared_ptr<const LimitedClient> client(std::size_t shard, std::string_view id = "c") {
        auto found = on(shard).client(kAnonymousUser, id);
        talk();
        return found;
    }
    Milliseconds charge(std::size_t shard, const LimitedClient& client, Kind kind, double value) {
        return on(shard).charge(*client.limit(kind), value);
    }
    void talk() {
        while (first.poll_one() || second.poll_one()) {
        }
    }
};

TEST(ShardQuotas, AreOffUntilOneIsSetThatTheyCount) {
    TwoShards node;
    EXPECT_FALSE(node.on(0).is_on());
    EXPECT_EQ(node.client(0), nullptr);
    node.set(Kind::controller_mutation, 1);
    EXPECT_FALSE(node.on(0).is_on()) << "that one is the controller's";
    node.set(Kind::produce, 100);
    EXPECT_TRUE(node.on(0).is_on());
    const auto version = node.on(0).version();
    EXPECT_NE(node.client(0), nullptr);
    EXPECT_EQ(node.client(0, "other"), nullptr);
    node.set(Kind::produce, 200);
    EXPECT_NE(node.on(0).version(), version);
}

TEST(ShardQuotas, TheUseOfAClientIsThatOfAllShards) {
    TwoShards node;
    node.set(Kind::produce, 100);
    const auto here = node.client(0);
    EXPECT_EQ(node.charge(0, *here, Kind::produce, 600).count(), 0);
    const auto there = node.client(1);
    EXPECT_EQ(node.charge(1, *there, Kind::produce, 600), seconds(2)) << "1200 in 10 s";
    EXPECT_EQ(node.charge(0, *here, Kind::produce, 0), seconds(2)) << "it is told, too";
    node.clock.advance(seconds(2));
    EXPECT_EQ(node.charge(0, *here, Kind::produce, 100), seconds(3)) << "1300 in 10 s";
}

TEST(ShardQuotas, OfOtherClientsAreCountedForThemselves) {
    TwoShards node;
    node.set_for_all(Kind::fetch, 100);
    const auto one = node.client(0, "one");
    const auto two = node.client(0, "two");
    EXPECT_EQ(node.charge(0, *one, Kind::fetch, 2000), seconds(10));
    EXPECT_EQ(node.charge(0, *two, Kind::fetch, 900).count(), 0);
    EXPECT_EQ(node.on(0).meters(), 2U);
}

TEST(ShardQuotas, WhatWasUsedStaysWhenTheQuotaChanges) {
    TwoShards node;
    node.set(Kind::produce, 100);
    EXPECT_EQ(node.charge(0, *node.client(0), Kind::produce, 1000).count(), 0);
    node.set(Kind::produce, 50);
    EXPECT_EQ(node.charge(0, *node.client(0), Kind::produce, 0), seconds(10));
}

TEST(ShardQuotas, ForgetWhoWasQuietAndHasNoConnection) {
    TwoShards node;
    node.set_for_all(Kind::produce, 100);
    auto held = node.client(0, "held");
    node.charge(0, *held, Kind::produce, 1);
    node.charge(0, *node.client(0, "gone"), Kind::produce, 1);
    node.clock.advance(seconds(10));
    node.on(0).sweep();
    EXPECT_EQ(node.on(0).meters(), 2U);
    node.clock.advance(seconds(1));
    node.on(0).sweep();
    EXPECT_EQ(node.on(0).meters(), 1U);
    held.reset();
    node.on(0).sweep();
    EXPECT_EQ(node.on(0).meters(), 0U);
    EXPECT_EQ(node.on(0).bytes(), 0U);
}

TEST(ShardQuotas, AreBoundedHoweverManyClientIdsThereAre) {
    TwoShards node;
    node.set_for_all(Kind::produce, 100);
    std::vector<std::shared_ptr<const LimitedClient>> held;
    const std::string tail(1000, 'x');
    for (int i = 0; i < 30'000; ++i) {
        auto client = node.on(0).client(kAnonymousUser, std::to_string(i) + tail);
        node.charge(0, *client, Kind::produce, 1);
        if (i % 100 == 0) held.push_back(std::move(client));
    }
    EXPECT_LT(node.on(0).bytes(), ShardQuotas::kBytesMax + 10'000);
    EXPECT_GT(node.on(0).meters(), 1000U) << "as many as there is room for";
    node.talk();
    for (const auto& each : held)
        EXPECT_EQ(node.charge(0, *each, Kind::produce, 2000), milliseconds(10'010));
}

TEST(ShardQuotas, TakeLittleForAConnectionHoweverLongItsClientIdIs) {
    TwoShards node;
    node.set_for_all(Kind::produce, 100);
    std::vector<std::shared_ptr<const LimitedClient>> held;
    const std::string tail(32'000, 'x');
    constexpr std::size_t kConnections = 10'000;
    for (std::size_t i = 0; i < kConnections; ++i)
        held.push_back(node.on(0).client(kAnonymousUser, std::to_string(i) + tail));
    EXPECT_EQ(node.on(0).meters(), kConnections) << "those of connections are not forgotten";
    EXPECT_LT(node.on(0).bytes(), kConnections * 1200);
    held.clear();
    node.clock.advance(seconds(1));
    (void)node.on(0).client(kAnonymousUser, "one more");
    EXPECT_LT(node.on(0).bytes(), ShardQuotas::kBytesMax);
}

TEST(ShardQuotas, TimeThatIsSpentOnARequestCountsByPercent) {
    TwoShards node;
    node.set(Kind::request, 5);
    const auto client = node.client(0);
    node.on(0).handling_begins(*client);
    node.clock.advance(milliseconds(500));
    EXPECT_EQ(node.on(0).charge_handling(*client).count(), 0) << "50 in 10 s are 5 percent";
    node.on(0).handling_begins(*client);
    node.clock.advance(milliseconds(40));
    EXPECT_EQ(node.on(0).charge_handling(*client), milliseconds(760)) << "54 in 10.04 s";
}

TEST(ShardQuotas, TimeOfARequestThatIsAnsweredLaterCountsWhenItsHandlerReturns) {
    TwoShards node;
    node.set(Kind::request, 5);
    const auto client = node.client(0);
    node.on(0).handling_begins(*client);
    node.clock.advance(milliseconds(900));
    node.on(0).handling_ends(*client);
    node.clock.advance(seconds(1));
    EXPECT_EQ(node.on(0).charge_handling(*client), seconds(1))
        << "the waiting does not count; 90 in 10 s, and no more than a window is told";
}

TEST(ShardQuotas, TimeOfARequestThatIsExemptDoesNotCount) {
    TwoShards node;
    node.set(Kind::request, 5);
    const auto client = node.client(0);
    node.on(0).handling_begins(*client);
    node.clock.advance(milliseconds(900));
    node.on(0).exempt_handling();
    node.on(0).handling_ends(*client);
    EXPECT_EQ(node.on(0).charge_handling(*client).count(), 0);
}

TEST(ShardQuotas, OfBytesBoundWhatOneFetchMayBring) {
    TwoShards node;
    node.set(Kind::fetch, 1000.5);
    EXPECT_EQ(node.on(0).fetch_bytes_max(*node.client(0)), 10'005U);
    node.set(Kind::fetch, 1e18);
    EXPECT_EQ(node.on(0).fetch_bytes_max(*node.client(0)), 2'147'483'647U);
    node.set(Kind::produce, 1);
    EXPECT_EQ(node.on(0).fetch_bytes_max(*node.client(0)), 2'147'483'647U);
}

}  // namespace
}  // namespace moldau::broker
