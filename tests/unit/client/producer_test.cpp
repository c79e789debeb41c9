// Against a scripted broker in the simulated world.
#include "moldau/client/producer.hpp"

#include "scripted_broker.hpp"

#include "moldau/protocol/messages/init_producer_id.hpp"
#include "moldau/protocol/messages/produce.hpp"
#include "moldau/record/record.hpp"

#include <gmock/gmock.h>

#include <map>

namespace moldau::client {
namespace {

using protocol::ApiKey;
using runtime::Shard;
using runtime::Task;
using std::chrono::milliseconds;
using std::chrono::seconds;
using testing::ElementsAre;

/// One broker that leads all partitions and keeps what it takes, by the rules of idempotence.
class Broker {
public:
    /// What to answer to the n-th batch that comes (from 0); none: take it.
    std::function<ErrorCode(int)> verdict = [](int) { return ErrorCode::none; };
    std::int32_t partitions = 1;
    std::map<std::int32_t, std::vector<std::string>> values;  // by partition
    std::vector<std::int16_t> acks;
    int batches = 0;
    int metadata_asked = 0;

    Script script() {
        return [this](const Received& request) { return answer(request); };
    }

private:
    std::optional<Bytes> answer(const Received& request) {
        switch (request.api()) {
            case ApiKey::api_versions:
                return api_versions(request, {{ApiKey::api_versions, {0, 4}},
                                              {ApiKey::metadata, {0, 12}},
                                              {ApiKey::produce, {3, 11}},
                                              {ApiKey::init_producer_id, {0, 4}}});
            case ApiKey::metadata:
                ++metadata_asked;
                return metadata_of_t(request, partitions);
            case ApiKey::init_producer_id: {
                protocol::InitProducerIdResponse response;
                response.producer_id = 42;
                response.producer_epoch = 0;
                return request.answer(response);
            }
            default:
                return answer_produce(request);
        }
    }

    std::optional<Bytes> answer_produce(const Received& request) {
        const auto produce = request.as<protocol::ProduceRequest>();
        acks.push_back(produce.acks);
        protocol::ProduceResponse response;
        for (const auto& topic : produce.topic_data) {
            auto& answered = response.responses.emplace_back();
            answered.name = topic.name;
            for (const auto& data : topic.partition_data) {
                auto& part = answered.partition_responses.emplace_back();
                part.index = data.index;
                part.error_code = take(data.index, *data.records);
                part.base_offset = part.error_code == ErrorCode::none ? 100 : -1;
            }
        }
        if (produce.acks == 0) return std::nullopt;
        return request.answer(response);
    }

    ErrorCode take(std::int32_t partition, BytesView bytes) {
        const ErrorCode said = verdict(batches++);
        const auto batch = record::only_batch(bytes);
        EXPECT_TRUE(batch);
        if (said != ErrorCode::none || !batch) return said;
        EXPECT_TRUE(batch->is_crc_right());
        if (batch->has_producer_id()) {
            std::int32_t& next = next_sequence_[partition];
            if (batch->base_sequence() < next) return ErrorCode::duplicate_sequence_number;
            if (batch->base_sequence() > next) return ErrorCode::out_of_order_sequence_number;
            next += batch->count();
        }
        record::Unpacker unpacker;
        record::GrowingBuffer scratch;
        const auto records = record::unpack_records(*batch, 1U << 20U, unpacker, scratch);
        EXPECT_TRUE(records);
        record::RecordCursor cursor(*batch, *records);
        record::RecordView record;
        while (*cursor.next(record)) values[partition].emplace_back(as_text(record.value.value()));
        return ErrorCode::none;
    }

    std::map<std::int32_t, std::int32_t> next_sequence_;
};

struct Outcome {
    std::optional<Result<>> flushed;
    std::vector<std::int64_t> delivered, refused;  // tags
    bool is_idempotent = false;
};

Task<> produce_numbers(Shard& shard, Transport& transport, ProducerOptions options, int count,
                       Outcome& outcome) {
    Cluster cluster(shard, transport, {.bootstrap = {{"broker-0", ScriptedBroker::kPort}}});
    options.delivered = [&](const Delivery& delivery) {
        auto& tags = delivery.base_offset ? outcome.delivered : outcome.refused;
        tags.insert(tags.end(), delivery.tags.begin(), delivery.tags.end());
    };
    Producer producer(cluster, "t", options);
    Result<> started = co_await producer.start();
    EXPECT_TRUE(started);
    outcome.is_idempotent = producer.is_idempotent();
    for (int i = 0; i < count; ++i) {
        const std::string value = std::to_string(i);
        Result<> room = co_await producer.room();
        if (!room) break;
        Result<> added = producer.add(
            {.timestamp = {1000}, .key = {}, .value = as_bytes(value), .headers = {}}, {}, i);
        if (!added) break;
    }
    outcome.flushed = co_await producer.flush();
    co_await producer.stop();
    cluster.close();
}

Outcome produce(Broker& broker, ProducerOptions options, int count,
                sim::NetworkFaults network = {}) {
    ScriptedCluster cluster({broker.script()}, network);
    Outcome outcome;
    cluster.run([&](Shard& shard, Transport& transport) {
        return produce_numbers(shard, transport, options, count, outcome);
    });
    EXPECT_TRUE(outcome.flushed) << "flush() has not come to its end";
    return outcome;
}

std::vector<std::string> numbers(int count) {
    std::vector<std::string> all;
    for (int i = 0; i < count; ++i) all.push_back(std::to_string(i));
    return all;
}

TEST(Producer, DeliversAllRecordsInOrder) {
    Broker broker;
    const Outcome outcome = produce(broker, {.batch_bytes = 20}, 100);
    ASSERT_TRUE(*outcome.flushed);
    EXPECT_TRUE(outcome.is_idempotent);
    EXPECT_EQ(broker.values[0], numbers(100));
    EXPECT_EQ(outcome.delivered.size(), 100U);
    EXPECT_GT(broker.batches, 10);
}

TEST(Producer, PutsWhatLingersIntoOneBatch) {
    Broker broker;
    const Outcome outcome = produce(broker, {.linger = seconds(1)}, 100);
    ASSERT_TRUE(*outcome.flushed);
    EXPECT_EQ(broker.batches, 1);
}

TEST(Producer, SendsAgainInOrderWhatIsRetriable) {
    for (const ErrorCode code : {ErrorCode::not_leader_or_follower, ErrorCode::not_enough_replicas,
                                 ErrorCode::leader_not_available}) {
        SCOPED_TRACE(name(code));
        Broker broker;
        broker.verdict = [&](int batch) {
            return batch == 2 || batch == 9 || batch == 10 ? code : ErrorCode::none;
        };
        const Outcome outcome = produce(broker, {.batch_bytes = 20}, 100);
        ASSERT_TRUE(*outcome.flushed) << outcome.flushed->error().detail;
        EXPECT_EQ(broker.values[0], numbers(100));
        EXPECT_EQ(outcome.delivered.size(), 100U);
        EXPECT_GE(broker.metadata_asked, 2);
    }
}

TEST(Producer, LosesAndDoublesNothingWhenConnectionsBreak) {
    Broker broker;
    broker.partitions = 3;
    const Outcome outcome =
        produce(broker, {.batch_bytes = 20}, 300, {.piecemeal = 100'000, .reset = 30'000});
    ASSERT_TRUE(*outcome.flushed) << outcome.flushed->error().detail;
    std::vector<int> all;
    for (const auto& [partition, values] : broker.values) {
        std::vector<int> here;
        for (const std::string& value : values) here.push_back(std::stoi(value));
        EXPECT_TRUE(std::ranges::is_sorted(here));
        all.insert(all.end(), here.begin(), here.end());
    }
    std::ranges::sort(all);
    std::vector<int> expected(300);
    for (int i = 0; i < 300; ++i) expected[static_cast<std::size_t>(i)] = i;
    EXPECT_EQ(all, expected);
}

TEST(Producer, EndsWithTheFirstBatchThatIsRefusedForGood) {
    Broker broker;
    broker.verdict = [](int batch) {
        return batch == 3 ? ErrorCode::message_too_large : ErrorCode::none;
    };
    const Outcome outcome = produce(broker, {.batch_bytes = 20}, 100);
    ASSERT_FALSE(*outcome.flushed);
    EXPECT_EQ(outcome.flushed->error().code, ErrorCode::message_too_large);
    EXPECT_THAT(outcome.flushed->error().detail, testing::HasSubstr("partition 0 of topic 't'"));
    EXPECT_FALSE(outcome.refused.empty());
    EXPECT_EQ(outcome.delivered.size(), broker.values[0].size());
}

TEST(Producer, GivesUpWhenTheDeliveryTimeoutHasPassed) {
    Broker broker;
    broker.verdict = [](int) { return ErrorCode::not_enough_replicas; };
    const Outcome outcome = produce(broker, {.delivery_timeout = seconds(5)}, 10);
    ASSERT_FALSE(*outcome.flushed);
    EXPECT_EQ(outcome.flushed->error().code, ErrorCode::not_enough_replicas);
    EXPECT_EQ(outcome.refused.size(), 10U);
}

TEST(Producer, WaitsForRoomAndStillDeliversAll) {
    Broker broker;
    const Outcome outcome = produce(broker, {.batch_bytes = 20, .buffered_bytes = 60}, 100);
    ASSERT_TRUE(*outcome.flushed);
    EXPECT_EQ(broker.values[0], numbers(100));
}

TEST(Producer, WithoutAcknowledgementsIsNotIdempotentAndWaitsForNoReply) {
    Broker broker;
    const Outcome outcome = produce(broker, {.acks = Acks::none, .batch_bytes = 20}, 100);
    ASSERT_TRUE(*outcome.flushed);
    EXPECT_FALSE(outcome.is_idempotent);
    EXPECT_EQ(broker.values[0], numbers(100));
    EXPECT_THAT(broker.acks, testing::Each(0));
}

}  // namespace
}  // namespace moldau::client
