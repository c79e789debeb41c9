// Against a scripted broker in the simulated world.
#include "consume_worker.hpp"

#include "load_broker.hpp"
#include "produce_worker.hpp"

#include <gmock/gmock.h>

namespace moldau::load {
namespace {

using client::ScriptedBroker;
using client::ScriptedCluster;
using runtime::Shard;
using runtime::Task;
using std::chrono::milliseconds;
using std::chrono::seconds;

Task<> fill_and_consume(Shard& shard, Transport& transport, std::uint64_t records,
                        ConsumeOptions options, Outcome& outcome) {
    client::Cluster cluster(shard, transport, {.bootstrap = {{"broker-0", ScriptedBroker::kPort}}});
    ProduceWorker producer(
        cluster, {.topic = "t", .records = records, .record_bytes = 10, .batch_bytes = 200}, {});
    Result<> filled = co_await producer.prepare();
    if (filled) filled = co_await producer.run(shard.now());
    EXPECT_TRUE(filled);
    co_await producer.stop();

    ConsumeWorker worker(cluster, std::move(options));
    Result<> ended = co_await worker.prepare();
    if (ended) ended = co_await worker.run(shard.now() + milliseconds(1));
    co_await worker.stop();
    outcome.figures = worker.figures();
    outcome.ended = std::move(ended);
    cluster.close();
}

Outcome consume(LoadBroker& broker, std::uint64_t records, const ConsumeOptions& options) {
    ScriptedCluster cluster({broker.script()});
    Outcome outcome;
    cluster.run([&](Shard& shard, Transport& transport) {
        return fill_and_consume(shard, transport, records, options, outcome);
    });
    EXPECT_TRUE(outcome.ended) << "run() has not come to its end";
    return outcome;
}

TEST(ConsumeWorker, ReadsAllPartitionsToTheirEnds) {
    for (const bool verifies : {false, true}) {
        SCOPED_TRACE(verifies);
        LoadBroker broker;
        broker.partitions = 4;
        const Outcome outcome = consume(broker, 1000, {.topic = "t", .verifies = verifies});
        ASSERT_TRUE(*outcome.ended) << outcome.ended->error().detail;
        EXPECT_EQ(outcome.figures.records, 1000U);
        EXPECT_EQ(outcome.figures.batches, broker.taken.size());
        EXPECT_EQ(outcome.figures.value_bytes, verifies ? 10'000U : 0U);
    }
}

TEST(ConsumeWorker, ReadsThePartitionsThatItIsTold) {
    LoadBroker broker;
    broker.partitions = 4;
    const Outcome outcome = consume(broker, 1000, {.topic = "t", .partitions = {1, 3}});
    ASSERT_TRUE(*outcome.ended);
    std::uint64_t expected = 0;
    for (const auto& each : broker.taken)
        if (each.partition % 2 == 1) expected += static_cast<std::uint64_t>(each.count);
    EXPECT_EQ(outcome.figures.records, expected);
}

TEST(ConsumeWorker, EndsAtOnceWhereThereIsNothing) {
    LoadBroker broker;
    broker.partitions = 2;
    const Outcome outcome = consume(broker, 1, {.topic = "t", .partitions = {1}});
    ASSERT_TRUE(*outcome.ended);
    EXPECT_EQ(outcome.figures.records, 0U);
    EXPECT_EQ(broker.fetches, 0);
}

TEST(ConsumeWorker, FollowsUntilItsDurationIsOver) {
    LoadBroker broker;
    const Outcome outcome =
        consume(broker, 100, {.topic = "t", .follows = true, .duration = seconds(2)});
    ASSERT_TRUE(*outcome.ended) << outcome.ended->error().detail;
    EXPECT_EQ(outcome.figures.records, 100U);
    EXPECT_THAT(outcome.figures.errors, testing::IsEmpty());
}

TEST(ConsumeWorker, EndsWithTheRecordsThatItIsTold) {
    LoadBroker broker;
    const Outcome outcome = consume(broker, 1000, {.topic = "t", .follows = true, .records = 500});
    ASSERT_TRUE(*outcome.ended);
    EXPECT_GE(outcome.figures.records, 500U);
}

TEST(ConsumeWorker, TellsHowOldBatchesWereWhenTheyCame) {
    LoadBroker broker;
    const Outcome outcome = consume(broker, 100, {.topic = "t", .has_latency = true});
    ASSERT_TRUE(*outcome.ended);
    EXPECT_EQ(outcome.figures.latency.count(), 100U);
    EXPECT_LT(outcome.figures.latency.max(), Duration(seconds(10)).count());
    EXPECT_GT(outcome.figures.latency.max(), 0);
}

}  // namespace
}  // namespace moldau::load
