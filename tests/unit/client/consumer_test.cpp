// Against a scripted broker in the simulated world.
#include "moldau/client/consumer.hpp"

#include "scripted_broker.hpp"

#include "moldau/protocol/messages/fetch.hpp"
#include "moldau/protocol/messages/list_offsets.hpp"
#include "moldau/record/builder.hpp"

#include <gmock/gmock.h>

#include <algorithm>

namespace moldau::client {
namespace {

using protocol::ApiKey;
using runtime::Shard;
using runtime::Task;
using std::chrono::seconds;

/// Two partitions of batches of three records each: record n of partition p is "p:n".
class Broker {
public:
    std::function<ErrorCode(int)> verdict = [](int) { return ErrorCode::none; };  // n-th fetch
    std::int64_t end = 30;
    bool flips_a_bit = false;
    int fetches = 0;
    int lists = 0;

    Script script() {
        return [this](const Received& request) { return answer(request); };
    }

private:
    Bytes answer(const Received& request) {
        switch (request.api()) {
            case ApiKey::api_versions:
                return api_versions(request, {{ApiKey::api_versions, {0, 4}},
                                              {ApiKey::metadata, {0, 12}},
                                              {ApiKey::list_offsets, {1, 9}},
                                              {ApiKey::fetch, {4, 12}}});
            case ApiKey::metadata:
                return metadata_of_t(request, 2);
            case ApiKey::list_offsets:
                return answer_list(request);
            default:
                return answer_fetch(request);
        }
    }

    Bytes answer_list(const Received& request) {
        protocol::ListOffsetsResponse response;
        const ErrorCode code = lists++ == 0 ? ErrorCode::not_leader_or_follower : ErrorCode::none;
        auto& topic = response.topics.emplace_back();
        topic.name = "t";
        for (const auto& asked :
             request.as<protocol::ListOffsetsRequest>().topics.front().partitions) {
            auto& part = topic.partitions.emplace_back();
            part.partition_index = asked.partition_index;
            part.error_code = code;
            part.offset = asked.timestamp == kLatest ? end : 0;
        }
        return request.answer(response);
    }

    std::string batch_of(std::int32_t partition, std::int64_t base) const {
        record::BatchBuilder builder;
        record::Packer packer;
        builder.start(
            {.base_offset = {base}, .packing = {.codec = record::Codec::lz4, .level = {}}});
        for (std::int64_t offset = base; offset < base + 3; ++offset) {
            const std::string value = std::to_string(partition) + ":" + std::to_string(offset);
            EXPECT_TRUE(builder.append(
                {.timestamp = {1}, .key = {}, .value = as_bytes(value), .headers = {}}));
        }
        std::string bytes(as_text(builder.finish(packer).view()));
        if (flips_a_bit) bytes.back() = static_cast<char>(bytes.back() ^ 1);
        return bytes;
    }

    Bytes answer_fetch(const Received& request) {
        const auto fetch = request.as<protocol::FetchRequest>();
        const ErrorCode code = verdict(fetches++);
        protocol::FetchResponse response;
        auto& topic = response.responses.emplace_back();
        topic.topic = "t";
        std::vector<std::string> bytes;
        bytes.reserve(fetch.topics.front().partitions.size());
        for (const auto& asked : fetch.topics.front().partitions) {
            auto& part = topic.partitions.emplace_back();
            part.partition_index = asked.partition;
            part.error_code = code;
            part.high_watermark = end;
            std::string& records = bytes.emplace_back();
            if (code == ErrorCode::none && asked.fetch_offset < end) {
                const std::int64_t base = asked.fetch_offset / 3 * 3;
                records = batch_of(asked.partition, base);
                // A part of the next one, as Kafka sends it.
                if (base + 3 < end) records += batch_of(asked.partition, base + 3).substr(0, 30);
            }
            part.records = as_bytes(records);
        }
        return request.answer(response);
    }
};

struct Outcome {
    std::vector<std::string> values[2];
    std::optional<Error> error;
};

Task<> consume_all(Shard& shard, Transport& transport, std::int64_t from, Outcome& outcome) {
    Cluster cluster(shard, transport, {.bootstrap = {{"broker-0", ScriptedBroker::kPort}}});
    auto ends = co_await list_offsets(cluster, "t", {0, 1}, kLatest);
    EXPECT_TRUE(ends);
    Consumer consumer(cluster, "t", {});
    for (const auto& [partition, end] : *ends) consumer.assign(partition, {from});
    record::Unpacker unpacker;
    record::GrowingBuffer scratch;
    while (!ends->empty()) {
        auto fetched = co_await consumer.next(shard.now() + seconds(20));
        Result<> read;
        if (fetched)
            read = for_each_record(
                *fetched, 1U << 20U, unpacker, scratch, [&](const record::RecordView& record) {
                    outcome.values[fetched->partition].emplace_back(as_text(record.value.value()));
                    return true;
                });
        if (!fetched || !read) {
            outcome.error = fetched ? read.error() : fetched.error();
            break;
        }
        if (fetched->next >= ends->at(fetched->partition)) {
            consumer.unassign(fetched->partition);
            ends->erase(fetched->partition);
        }
    }
    co_await consumer.stop();
    cluster.close();
}

Outcome consume(Broker& broker, std::int64_t from, sim::NetworkFaults network = {}) {
    ScriptedCluster cluster({broker.script()}, network);
    Outcome outcome;
    cluster.run([&](Shard& shard, Transport& transport) {
        return consume_all(shard, transport, from, outcome);
    });
    return outcome;
}

std::vector<std::string> expected(std::int32_t partition, std::int64_t from, std::int64_t end) {
    std::vector<std::string> all;
    for (std::int64_t n = from; n < end; ++n)
        all.push_back(std::to_string(partition) + ":" + std::to_string(n));
    return all;
}

TEST(Consumer, ReadsEveryRecordOnceFromTheMiddleOfABatchOn) {
    for (const std::int64_t from : {0, 1, 5, 29}) {
        SCOPED_TRACE(from);
        Broker broker;
        const Outcome outcome = consume(broker, from);
        EXPECT_FALSE(outcome.error);
        for (const std::int32_t partition : {0, 1})
            EXPECT_EQ(outcome.values[partition], expected(partition, from, 30));
    }
}

TEST(Consumer, GoesOnAfterWhatIsRetriable) {
    Broker broker;
    broker.verdict = [](int fetch) {
        return fetch == 1 || fetch == 2 ? ErrorCode::not_leader_or_follower : ErrorCode::none;
    };
    const Outcome outcome = consume(broker, 0, {.piecemeal = 200'000});
    EXPECT_FALSE(outcome.error);
    for (const std::int32_t partition : {0, 1})
        EXPECT_EQ(outcome.values[partition], expected(partition, 0, 30));
}

TEST(Consumer, SaysWhichOffsetIsOutOfRange) {
    Broker broker;
    broker.verdict = [](int) { return ErrorCode::offset_out_of_range; };
    const Outcome outcome = consume(broker, 7);
    ASSERT_TRUE(outcome.error);
    EXPECT_EQ(outcome.error->code, ErrorCode::offset_out_of_range);
    EXPECT_THAT(outcome.error->detail, testing::HasSubstr("of topic 't' at offset 7"));
}

TEST(Consumer, ShowsNoRecordOfABatchWhoseCrcIsWrong) {
    Broker broker;
    broker.flips_a_bit = true;
    const Outcome outcome = consume(broker, 0);
    ASSERT_TRUE(outcome.error);
    EXPECT_EQ(outcome.error->code, ErrorCode::corrupt_message);
    EXPECT_TRUE(outcome.values[0].empty());
    EXPECT_TRUE(outcome.values[1].empty());
}

}  // namespace
}  // namespace moldau::client
