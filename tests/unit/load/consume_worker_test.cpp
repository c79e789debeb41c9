// Against a scripted broker in the simulated world.
#include "consume_worker.hpp"

#include "load_broker.hpp"
#include "produce_worker.hpp"
#include "worker_life.hpp"

#include <gmock/gmock.h>

namespace moldau::load {
namespace {

using client::ScriptedCluster;
using runtime::Shard;
using runtime::Task;
using std::chrono::milliseconds;
using std::chrono::seconds;

/// Writes `records`, and then a consumer reads them.
Task<> fill_and_consume(Shard& shard, Transport& transport, std::uint64_t records,
                        ConsumeOptions options, Share share, Outcome& outcome) {
    client::Cluster cluster(shard, transport, scripted_options());
    ProduceWorker producer(
        cluster, {.topic = "t", .records = records, .record_bytes = 10, .batch_bytes = 200}, {});
    Outcome filled;
    co_await live(shard, producer, filled);
    EXPECT_TRUE(*filled.ended);
    ConsumeWorker consumer(cluster, std::move(options), share);
    co_await live(shard, consumer, outcome);
    cluster.close();
}

Outcome consume(LoadBroker& broker, std::uint64_t records, const ConsumeOptions& options,
                Share share = {}) {
    ScriptedCluster cluster({broker.script()});
    Outcome outcome;
    cluster.run([&](Shard& shard, Transport& transport) {
        return fill_and_consume(shard, transport, records, options, share, outcome);
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
        EXPECT_EQ(outcome.figures.done, 1000U);
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
    EXPECT_EQ(outcome.figures.done, expected);
}

TEST(ConsumeWorker, EndsAtOnceWhereThereIsNothing) {
    LoadBroker broker;
    broker.partitions = 2;
    const Outcome outcome = consume(broker, 1, {.topic = "t", .partitions = {1}});
    ASSERT_TRUE(*outcome.ended);
    EXPECT_EQ(outcome.figures.done, 0U);
    EXPECT_EQ(broker.fetches, 0);
}

TEST(ConsumeWorker, FollowsUntilItsDurationIsOver) {
    LoadBroker broker;
    const Outcome outcome =
        consume(broker, 100, {.topic = "t", .follows = true, .duration = seconds(2)});
    ASSERT_TRUE(*outcome.ended) << outcome.ended->error().detail;
    EXPECT_EQ(outcome.figures.done, 100U);
    EXPECT_THAT(outcome.figures.errors, testing::IsEmpty());
}

TEST(ConsumeWorker, EndsWithTheRecordsThatItIsTold) {
    LoadBroker broker;
    const Outcome outcome = consume(broker, 1000, {.topic = "t", .follows = true, .records = 500});
    ASSERT_TRUE(*outcome.ended);
    EXPECT_GE(outcome.figures.done, 500U);
}

TEST(ConsumeWorker, TellsHowOldBatchesWereWhenTheyCame) {
    LoadBroker broker;
    const Outcome outcome = consume(broker, 100, {.topic = "t", .has_latency = true});
    ASSERT_TRUE(*outcome.ended);
    EXPECT_EQ(outcome.figures.latency.count(), 100U);
    EXPECT_LT(outcome.figures.latency.max(), Duration(seconds(10)).count());
    EXPECT_GT(outcome.figures.latency.max(), 0);
}

constexpr std::uint64_t kRun = 0x1234'5678'9ABC'DEF0;

/// A consumer beside a producer that writes `produce` at a rate, a second after foreign records.
Task<> produce_and_consume(Shard& shard, Transport& transport, ProduceOptions produce,
                           ConsumeOptions consume, Outcome& produced, Outcome& consumed) {
    const client::ClusterOptions options = scripted_options();
    client::Cluster writing(shard, transport, options);
    client::Cluster reading(shard, transport, options);
    const auto left = std::make_shared<std::atomic<std::size_t>>(1);
    // The scripted broker knows the sequences of one producer only.
    ProduceWorker foreign(
        writing, {.topic = "t", .records = 50, .record_bytes = 20, .is_idempotent = false}, {});
    ProduceWorker producer(writing, std::move(produce), {}, {.run = kRun});
    ConsumeWorker consumer(reading, std::move(consume), {}, {.producers_left = left, .run = kRun});
    Result<> ready = co_await foreign.prepare();
    if (ready) ready = co_await producer.prepare();
    if (ready) ready = co_await consumer.prepare();
    EXPECT_TRUE(ready);
    const MonoTime start = shard.now() + milliseconds(1);
    runtime::TaskGroup tasks(shard);
    tasks.spawn("consume", [](ConsumeWorker& worker, MonoTime at, Outcome& to) -> Task<> {
        to.ended = co_await worker.run(at);
    }(consumer, start, consumed));
    EXPECT_TRUE(co_await foreign.run(start));
    produced.ended = co_await producer.run(shard.now() + seconds(1));
    --*left;
    co_await tasks.join();
    produced.figures = producer.figures();
    consumed.figures = consumer.figures();
    co_await consumer.stop();
    co_await producer.stop();
    co_await foreign.stop();
    writing.close();
    reading.close();
}

TEST(ConsumeWorker, BesideAProducerReadsAllOfItsRecordsAndTimesEach) {
    LoadBroker broker;
    broker.partitions = 3;
    ScriptedCluster cluster({broker.script()});
    Outcome produced;
    Outcome consumed;
    cluster.world.after(seconds(3), [&] { cluster.world.pause(cluster.brokers[0], seconds(1)); });
    cluster.run([&](Shard& shard, Transport& transport) {
        return produce_and_consume(
            shard, transport,
            {.topic = "t", .rate = 500, .duration = seconds(5), .record_bytes = 16},
            {.topic = "t", .from_end = true, .follows = true}, produced, consumed);
    });
    ASSERT_TRUE(produced.ended && *produced.ended);
    ASSERT_TRUE(consumed.ended && *consumed.ended) << consumed.ended->error().detail;
    EXPECT_EQ(produced.figures.failed, 0U);
    EXPECT_EQ(produced.figures.unsent, 0U);
    EXPECT_EQ(produced.figures.done, 2500U);
    EXPECT_EQ(consumed.figures.done, 2500U);  // those of others do not count
    EXPECT_EQ(consumed.figures.latency.count(), 2500U);
    EXPECT_EQ(consumed.figures.value_bytes, 2500U * 16);
    // A fifth of the time the broker stood still: the records of that second waited for its end,
    // whenever they were sent.
    EXPECT_LT(consumed.figures.latency.quantile(0.7), Duration(milliseconds(700)).count());
    EXPECT_NEAR(static_cast<double>(consumed.figures.latency.max()) * 1e-9, 1.0, 0.6);
    EXPECT_GT(consumed.figures.latency.quantile(0.9), Duration(milliseconds(300)).count());
}

TEST(ConsumeWorker, ThatSharesReadsEachPartitionOnce) {
    std::uint64_t sum = 0;
    for (std::size_t i = 0; i < 5; ++i) {
        LoadBroker broker;
        broker.partitions = 4;  // one of the consumers has nothing to read
        const Outcome outcome =
            consume(broker, 1000, {.topic = "t", .shares_partitions = true}, {.index = i, .of = 5});
        ASSERT_TRUE(*outcome.ended);
        EXPECT_EQ(outcome.figures.done == 0, i == 4);
        sum += outcome.figures.done;
    }
    EXPECT_EQ(sum, 1000U);
}

}  // namespace
}  // namespace moldau::load
