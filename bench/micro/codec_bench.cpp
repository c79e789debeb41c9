// The codec on the requests and responses that a broker sees most.
#include "moldau/protocol/framing.hpp"
#include "moldau/protocol/messages/fetch.hpp"
#include "moldau/protocol/messages/metadata.hpp"
#include "moldau/protocol/messages/produce.hpp"

#include <benchmark/benchmark.h>

#include <cstddef>
#include <string>
#include <vector>

namespace moldau::protocol {
namespace {

const std::vector<std::byte> kRecords(200);

ProduceRequest produce(std::size_t partitions) {
    ProduceRequest request{.acks = -1, .timeout_ms = 30000};
    auto& topic = request.topic_data.emplace_back();
    topic.name = "orders";
    topic.partition_data.resize(partitions);
    for (std::size_t i = 0; i < partitions; ++i)
        topic.partition_data[i] = {.index = static_cast<std::int32_t>(i), .records = kRecords};
    return request;
}

FetchRequest fetch(std::size_t partitions) {
    FetchRequest request{.max_wait_ms = 500, .min_bytes = 1, .session_id = 7, .session_epoch = 3};
    auto& topic = request.topics.emplace_back();
    topic.topic_id = {1, 2};
    topic.partitions.resize(partitions);
    for (std::size_t i = 0; i < partitions; ++i) {
        topic.partitions[i] = {.partition = static_cast<std::int32_t>(i),
                               .current_leader_epoch = 4,
                               .fetch_offset = 1'000'000,
                               .partition_max_bytes = 1U << 20U};
    }
    return request;
}

FetchResponse fetched(std::size_t partitions) {
    FetchResponse response{.session_id = 7};
    auto& topic = response.responses.emplace_back();
    topic.topic_id = {1, 2};
    topic.partitions.resize(partitions);
    for (std::size_t i = 0; i < partitions; ++i) {
        topic.partitions[i] = {.partition_index = static_cast<std::int32_t>(i),
                               .high_watermark = 1'000'001,
                               .last_stable_offset = 1'000'001,
                               .log_start_offset = 0,
                               .records = kRecords};
    }
    return response;
}

MetadataResponse metadata(std::size_t partitions) {
    MetadataResponse response{.controller_id = 1};
    response.brokers = {{.node_id = 1, .host = "broker-1.example.org", .port = 9092}};
    auto& topic = response.topics.emplace_back();
    topic.name = "orders";
    topic.topic_id = {1, 2};
    topic.partitions.resize(partitions);
    for (std::size_t i = 0; i < partitions; ++i) {
        topic.partitions[i] = {.partition_index = static_cast<std::int32_t>(i),
                               .leader_id = 1,
                               .leader_epoch = 4,
                               .replica_nodes = {1, 2, 3},
                               .isr_nodes = {1, 2, 3}};
    }
    return response;
}

template <class M>
std::vector<std::byte> bytes_of(const M& message, std::int16_t version) {
    std::vector<std::byte> bytes(*message.encoded_size(version));
    Writer out(bytes);
    message.encode(out, version);
    return bytes;
}

template <class M>
void decode(benchmark::State& state, const M& message, std::int16_t version) {
    const std::vector<std::byte> bytes = bytes_of(message, version);
    M into;
    for (auto _ : state) {
        Reader in(bytes);
        if (!into.decode(in, version)) state.SkipWithError("refused");
        benchmark::DoNotOptimize(into);
    }
    state.SetBytesProcessed(static_cast<std::int64_t>(bytes.size()) * state.iterations());
}

template <class M>
void encode(benchmark::State& state, const M& message, std::int16_t version) {
    std::vector<std::byte> room(*message.encoded_size(version));
    for (auto _ : state) {
        const Result<std::size_t> size = message.encoded_size(version);
        benchmark::DoNotOptimize(size);
        Writer out(room);
        message.encode(out, version);
        benchmark::ClobberMemory();
    }
    state.SetBytesProcessed(static_cast<std::int64_t>(room.size()) * state.iterations());
}

std::size_t partitions(const benchmark::State& state) {
    return static_cast<std::size_t>(state.range(0));
}

void header_decode(benchmark::State& state) {
    const Result<Bytes> frame = request_frame(7, "rdkafka", produce(1), 9);
    RequestHeader header;
    for (auto _ : state) {
        Reader in(frame->view().subspan(kFrameSizeBytes));
        benchmark::DoNotOptimize(decode_request_header(in, header));
    }
}
void produce_decode(benchmark::State& state) {
    decode(state, produce(partitions(state)), 9);
}
void produce_encode(benchmark::State& state) {
    encode(state, produce(partitions(state)), 9);
}
void fetch_decode(benchmark::State& state) {
    decode(state, fetch(partitions(state)), 17);
}
void fetch_encode(benchmark::State& state) {
    encode(state, fetch(partitions(state)), 17);
}
void fetched_encode(benchmark::State& state) {
    encode(state, fetched(partitions(state)), 17);
}
void fetched_decode(benchmark::State& state) {
    decode(state, fetched(partitions(state)), 17);
}
void metadata_encode(benchmark::State& state) {
    encode(state, metadata(partitions(state)), 12);
}
void metadata_decode(benchmark::State& state) {
    decode(state, metadata(partitions(state)), 12);
}

BENCHMARK(header_decode);
BENCHMARK(produce_decode)->Arg(1)->Arg(100);
BENCHMARK(produce_encode)->Arg(1)->Arg(100);
BENCHMARK(fetch_decode)->Arg(1)->Arg(100);
BENCHMARK(fetch_encode)->Arg(1)->Arg(100);
BENCHMARK(fetched_encode)->Arg(1)->Arg(100);
BENCHMARK(fetched_decode)->Arg(1)->Arg(100);
BENCHMARK(metadata_encode)->Arg(1)->Arg(100);
BENCHMARK(metadata_decode)->Arg(1)->Arg(100);

}  // namespace
}  // namespace moldau::protocol
