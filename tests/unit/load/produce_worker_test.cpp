// Against a scripted broker in the simulated world.
#include "produce_worker.hpp"

#include "load_broker.hpp"
#include "worker_life.hpp"

#include <gmock/gmock.h>

namespace moldau::load {
namespace {

using client::ScriptedCluster;
using std::chrono::milliseconds;
using std::chrono::seconds;

Outcome produce(ScriptedCluster& cluster, const ProduceOptions& options, Share share = {},
                const Shared& shared = {}) {
    return life_of(cluster, [=](client::Cluster& brokers, Transport&) {
        return std::make_unique<ProduceWorker>(brokers, options, share, shared);
    });
}

Outcome produce(LoadBroker& broker, const ProduceOptions& options, Share share = {}) {
    ScriptedCluster cluster({broker.script()});
    return produce(cluster, options, share);
}

ProduceOptions some(std::uint64_t records) {
    return {.topic = "t", .records = records, .record_bytes = 10, .batch_bytes = 200};
}

TEST(ProduceWorker, SendsAsManyRecordsAsItIsToldInFullBatches) {
    LoadBroker broker;
    broker.partitions = 3;
    const Outcome outcome = produce(broker, some(1000));
    ASSERT_TRUE(*outcome.ended) << outcome.ended->error().detail;
    EXPECT_EQ(outcome.figures.done, 1000U);
    EXPECT_EQ(outcome.figures.value_bytes, 10'000U);
    EXPECT_EQ(outcome.figures.latency.count(), 1000U);
    EXPECT_EQ(outcome.figures.failed, 0U);
    EXPECT_EQ(broker.records(), 1000);
    EXPECT_EQ(outcome.figures.batches, broker.taken.size());
    EXPECT_EQ(broker.producer_ids, 1);
    std::map<std::int32_t, int> by_partition;
    for (const auto& each : broker.taken) ++by_partition[each.partition];
    EXPECT_EQ(by_partition.size(), 3U);
    EXPECT_NEAR(by_partition[0], by_partition[2], 1);
    for (std::size_t i = 0; i + 1 < broker.taken.size(); ++i)
        EXPECT_EQ(broker.taken[i].count, broker.taken[0].count);
}

TEST(ProduceWorker, SharesTheRecordsOutToProducersWithoutLosingOne) {
    std::uint64_t sum = 0;
    for (std::uint64_t i = 0; i < 3; ++i) {
        LoadBroker broker;
        sum += produce(broker, some(100), {.index = i, .of = 3}).figures.done;
    }
    EXPECT_EQ(sum, 100U);
}

TEST(ProduceWorker, UnbatchedSendsOneRecordARequest) {
    LoadBroker broker;
    ProduceOptions options = some(50);
    options.is_unbatched = true;
    const Outcome outcome = produce(broker, options);
    ASSERT_TRUE(*outcome.ended);
    EXPECT_EQ(outcome.figures.batches, 50U);
    EXPECT_EQ(broker.taken.size(), 50U);
}

TEST(ProduceWorker, WithoutAcknowledgementsCountsWhatWasHandedToTheSystem) {
    LoadBroker broker;
    ProduceOptions options = some(500);
    options.acks = client::Acks::none;
    options.is_idempotent = false;
    const Outcome outcome = produce(broker, options);
    ASSERT_TRUE(*outcome.ended);
    EXPECT_EQ(outcome.figures.done, 500U);
    EXPECT_EQ(broker.producer_ids, 0);
    for (const auto& each : broker.taken) EXPECT_EQ(each.acks, 0);
    EXPECT_EQ(broker.records(), 500);
}

TEST(ProduceWorker, KeepsToItsRateAndEndsWithItsDuration) {
    LoadBroker broker;
    const Outcome outcome = produce(broker, {.topic = "t",
                                             .rate = 200,
                                             .duration = seconds(3),
                                             .record_bytes = 10,
                                             .batch_bytes = 2000});
    ASSERT_TRUE(*outcome.ended) << outcome.ended->error().detail;
    EXPECT_EQ(outcome.figures.done, 600U);
    EXPECT_EQ(outcome.figures.unsent, 0U);
    EXPECT_EQ(outcome.figures.send_delay.count(), 600U);
    EXPECT_LT(outcome.figures.send_delay.max(), Duration(milliseconds(1)).count());
    EXPECT_LT(outcome.figures.latency.max(), Duration(milliseconds(30)).count());
}

TEST(ProduceWorker, LingersForMoreRecordsAndCountsThatAsLatency) {
    LoadBroker broker;
    const Outcome outcome = produce(broker, {.topic = "t",
                                             .rate = 100,
                                             .records = 100,
                                             .record_bytes = 10,
                                             .batch_bytes = 2000,
                                             .linger = milliseconds(100)});
    ASSERT_TRUE(*outcome.ended);
    EXPECT_LT(broker.taken.size(), 15U);
    EXPECT_GE(outcome.figures.latency.max(), Duration(milliseconds(100)).count());
    EXPECT_LT(outcome.figures.latency.max(), Duration(milliseconds(130)).count());
}

TEST(ProduceWorker, CountsTheWaitOfEveryRecordThatFallsIntoAStallOfTheBroker) {
    LoadBroker broker;
    ScriptedCluster cluster({broker.script()});
    cluster.world.after(seconds(2), [&] { cluster.world.pause(cluster.brokers[0], seconds(4)); });
    const Outcome outcome = produce(cluster, {.topic = "t",
                                              .rate = 1000,
                                              .duration = seconds(10),
                                              .record_bytes = 10,
                                              .batch_bytes = 2000,
                                              .in_flight = 1});
    ASSERT_TRUE(*outcome.ended) << outcome.ended->error().detail;
    EXPECT_EQ(outcome.figures.done, 10'000U);
    // Four of ten seconds stand still: who would count only requests would see one slow answer.
    const auto over = [&](double share) {
        return static_cast<double>(outcome.figures.latency.quantile(share)) * 1e-9;
    };
    EXPECT_LT(over(0.55), 0.1);
    EXPECT_NEAR(over(0.8), 2.0, 0.2);
    EXPECT_NEAR(over(0.9), 3.0, 0.2);
    EXPECT_NEAR(over(1.0), 4.0, 0.2);
}

TEST(ProduceWorker, StampsRecordsWithTheTimeThatTheRateGaveThem) {
    LoadBroker broker;
    ScriptedCluster cluster({broker.script()});
    cluster.world.after(seconds(1), [&] { cluster.world.pause(cluster.brokers[0], seconds(3)); });
    const Outcome outcome = produce(
        cluster,
        {.topic = "t", .rate = 10, .duration = seconds(5), .is_unbatched = true, .in_flight = 1});
    ASSERT_TRUE(*outcome.ended);
    ASSERT_EQ(broker.taken.size(), 50U);
    for (std::size_t i = 1; i < 50; ++i)
        EXPECT_NEAR(
            static_cast<double>(broker.taken[i].timestamp.ms - broker.taken[i - 1].timestamp.ms),
            100, 2);
}

TEST(ProduceWorker, TellsWhatTheRateGaveAndTheBrokerNeverTook) {
    LoadBroker broker;
    const Outcome outcome = produce(broker, {.topic = "t",
                                             .rate = 1'000'000,
                                             .duration = seconds(2),
                                             .record_bytes = 10,
                                             .batch_bytes = 200,
                                             .in_flight = 1});
    ASSERT_TRUE(*outcome.ended);
    EXPECT_GT(outcome.figures.unsent, 1'000'000U);
    EXPECT_EQ(outcome.figures.unsent + outcome.figures.done, 2'000'000U);
}

TEST(ProduceWorker, CountsWhatIsRefusedAndGoesOnWithANewProducerId) {
    LoadBroker broker;
    broker.verdict = [](int batch) {
        return batch == 3 ? ErrorCode::not_leader_or_follower : ErrorCode::none;
    };
    const Outcome outcome = produce(broker, some(1000));
    ASSERT_TRUE(*outcome.ended) << outcome.ended->error().detail;
    EXPECT_EQ(broker.producer_ids, 2);
    EXPECT_GT(outcome.figures.failed, 0U);
    EXPECT_EQ(outcome.figures.done + outcome.figures.failed, 1000U);
    EXPECT_EQ(static_cast<std::int64_t>(outcome.figures.done), broker.records());
    EXPECT_EQ(outcome.figures.errors.at("NOT_LEADER_OR_FOLLOWER"), 1U);
    // Those that were behind it on the way lacked its sequence numbers.
    EXPECT_GE(outcome.figures.errors.at("OUT_OF_ORDER_SEQUENCE_NUMBER"), 1U);
}

TEST(ProduceWorker, GoesOnOverANewConnectionWhenOneBreaks) {
    LoadBroker broker;
    ScriptedCluster cluster({broker.script()}, {.reset = 10'000});
    ProduceOptions options = some(1000);
    options.is_idempotent = false;
    options.duration = seconds(60);
    const Outcome outcome = produce(cluster, options);
    ASSERT_TRUE(*outcome.ended) << outcome.ended->error().detail;
    EXPECT_GT(outcome.figures.errors.at("NETWORK_EXCEPTION"), 0U);
    EXPECT_EQ(outcome.figures.done + outcome.figures.failed, 1000U);
}

TEST(ProduceWorker, EndsWithWhatIsRefusedForGood) {
    LoadBroker broker;
    broker.verdict = [](int batch) {
        return batch == 3 ? ErrorCode::message_too_large : ErrorCode::none;
    };
    const Outcome outcome = produce(broker, some(100'000));
    ASSERT_FALSE(*outcome.ended);
    EXPECT_EQ(outcome.ended->error().code, ErrorCode::message_too_large);
    EXPECT_GT(outcome.figures.done, 0U);
    EXPECT_LT(outcome.figures.done, 1000U);
}

TEST(ProduceWorker, SaysThatABrokerGivesNoProducerIds) {
    LoadBroker broker;
    broker.gives_producer_ids = false;
    const Outcome outcome = produce(broker, some(10));
    ASSERT_FALSE(*outcome.ended);
    EXPECT_THAT(outcome.ended->error().detail, testing::HasSubstr("--no-idempotence"));
    ProduceOptions options = some(10);
    options.is_idempotent = false;
    EXPECT_EQ(produce(broker, options).figures.done, 10U);
}

TEST(ProduceWorker, FillsPartitionsAsOftenAsTheirKeysCome) {
    LoadBroker broker;
    broker.partitions = 4;
    ScriptedCluster cluster({broker.script()});
    const KeyPlan plan{.kind = KeyKind::zipf, .count = 1000, .bytes = 6, .exponent = 1.2};
    const auto keys = std::make_shared<const KeySpace>(plan, 4);
    const Outcome outcome = produce(cluster,
                                    {.topic = "t",
                                     .records = 20'000,
                                     .record_bytes = *RecordSizes::parse("10-30"),
                                     .keys = plan,
                                     .batch_bytes = 300},
                                    {}, {.keys = keys});
    ASSERT_TRUE(*outcome.ended) << outcome.ended->error().detail;
    EXPECT_EQ(outcome.figures.done, 20'000U);
    EXPECT_NEAR(static_cast<double>(outcome.figures.value_bytes) / 20'000, 20, 0.5);
    std::map<std::int32_t, int> by_partition;
    for (const auto& each : broker.taken) by_partition[each.partition] += each.count;
    Draws draws(99);
    std::map<std::int32_t, int> expected;
    for (int i = 0; i < 20'000; ++i) ++expected[keys->draw_partition(draws)];
    for (std::int32_t i = 0; i < 4; ++i)
        EXPECT_NEAR(by_partition[i], expected[i], 0.05 * 20'000) << "partition=" << i;
}

}  // namespace
}  // namespace moldau::load
