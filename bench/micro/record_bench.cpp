// Batches of 64 KiB with records of 1 KiB: the CRC alone, validation (its ratio to the CRC is the
// figure that matters), packing and unpacking.
#include "moldau/base/crc32c.hpp"
#include "moldau/record/append_validator.hpp"
#include "moldau/record/builder.hpp"
#include "moldau/record/record.hpp"

#include <benchmark/benchmark.h>

#include <ctime>
#include <random>
#include <string>

namespace moldau::record {
namespace {

constexpr std::int64_t kNow = 1'700'000'000'000;
constexpr AppendPlace kPlace{{kNow}, {500}, {8}};
constexpr std::size_t kBatchBytes = 64U * 1024U;
constexpr std::size_t kUnpackedMost = std::size_t{64} << 20U;

// Something like the JSON that people send: packs to about a third.
std::string value_of(std::size_t bytes, std::mt19937_64& random) {
    std::string text;
    while (text.size() < bytes) {
        text += R"({"customer":)" + std::to_string(random() % 100'000) + R"(,"item":")" +
                std::to_string(random()) + R"(","city":"somewhere","paid":true},)";
    }
    text.resize(bytes);
    return text;
}

Bytes batch_of(Codec codec, std::size_t record_bytes) {
    std::mt19937_64 random(1);
    Packer packer;
    BatchBuilder builder;
    builder.start({.packing = {codec, std::nullopt}});
    while (builder.plain_bytes() + record_bytes < kBatchBytes) {
        const std::string value = value_of(record_bytes, random);
        if (!builder.append({{kNow}, as_bytes("key"), as_bytes(value), {}})) break;
    }
    return builder.finish(packer);
}

void set_rate(benchmark::State& state, std::size_t bytes) {
    state.SetBytesProcessed(static_cast<std::int64_t>(state.iterations()) *
                            static_cast<std::int64_t>(bytes));
}

void crc_of_a_batch(benchmark::State& state) {
    const Bytes batch = batch_of(Codec::none, 1024);
    for (auto _ : state) benchmark::DoNotOptimize(crc32c(batch));
    set_rate(state, batch.size());
}
BENCHMARK(crc_of_a_batch);

// CPU time, so that the ratio stands also on a machine that does other things.
double seconds_since(std::clock_t start) {
    return static_cast<double>(std::clock() - start) / static_cast<double>(CLOCKS_PER_SEC);
}

// By size of a record, in bytes.
void validate_a_batch(benchmark::State& state) {
    const Bytes batch = batch_of(Codec::none, static_cast<std::size_t>(state.range(0)));
    AppendValidator validator;
    std::vector<RecordError> errors;
    const std::clock_t start = std::clock();
    for (auto _ : state) {
        auto got = validator.validate(batch, {}, kPlace, errors);
        if (!got) return state.SkipWithError(got.error().detail.c_str());
        benchmark::DoNotOptimize(got);
    }
    const double validation = seconds_since(start);
    const std::clock_t crc_start = std::clock();
    for (benchmark::IterationCount i = 0; i < state.iterations(); ++i)
        benchmark::DoNotOptimize(crc32c(batch));
    state.counters["ratio_to_crc"] = validation / seconds_since(crc_start);
    set_rate(state, batch.size());
}
BENCHMARK(validate_a_batch)->Arg(1024)->Arg(100);

// What an unbatched request carries: one record of 100 bytes.
void validate_a_single_record(benchmark::State& state) {
    const std::string value(100, 'v');
    Packer packer;
    BatchBuilder builder;
    builder.start({});
    if (!builder.append({{kNow}, std::nullopt, as_bytes(value), {}})) return;
    const Bytes batch = builder.finish(packer);
    AppendValidator validator;
    std::vector<RecordError> errors;
    for (auto _ : state) {
        auto got = validator.validate(batch, {}, kPlace, errors);
        if (!got) return state.SkipWithError(got.error().detail.c_str());
        benchmark::DoNotOptimize(got);
    }
}
BENCHMARK(validate_a_single_record);

// By number of the codec; the rate is that of what comes out.
void validate_a_packed_batch(benchmark::State& state) {
    const Codec codec = static_cast<Codec>(state.range(0));
    const Bytes batch = batch_of(codec, 1024);
    AppendValidator validator;
    std::vector<RecordError> errors;
    for (auto _ : state) {
        auto got = validator.validate(batch, {}, kPlace, errors);
        if (!got) return state.SkipWithError(got.error().detail.c_str());
        benchmark::DoNotOptimize(got);
    }
    state.SetLabel(std::string(name(codec)));
    set_rate(state, kBatchBytes);
}
BENCHMARK(validate_a_packed_batch)->DenseRange(1, 4);

void walk_a_batch(benchmark::State& state) {
    const Bytes bytes = batch_of(Codec::none, 1024);
    const Result<BatchView> batch = BatchView::of(bytes);
    for (auto _ : state) {
        RecordCursor cursor(*batch, batch->records());
        RecordView record;
        while (cursor.next(record).value_or(false)) benchmark::DoNotOptimize(record);
    }
    set_rate(state, bytes.size());
}
BENCHMARK(walk_a_batch);

void unpack_a_batch(benchmark::State& state) {
    const Codec codec = static_cast<Codec>(state.range(0));
    const Bytes bytes = batch_of(codec, 1024);
    const Result<BatchView> batch = BatchView::of(bytes);
    Unpacker unpacker;
    GrowingBuffer out;
    for (auto _ : state) {
        out.clear();
        if (!unpacker.unpack(codec, batch->records(), kUnpackedMost, out))
            return state.SkipWithError("not unpacked");
    }
    state.SetLabel(std::string(name(codec)));
    state.counters["packed_to"] =
        static_cast<double>(batch->records().size()) / static_cast<double>(out.size());
    set_rate(state, out.size());
}
BENCHMARK(unpack_a_batch)->DenseRange(1, 4);

void pack_a_batch(benchmark::State& state) {
    const Codec codec = static_cast<Codec>(state.range(0));
    const Bytes bytes = batch_of(Codec::none, 1024);
    const BytesView plain = bytes.view().subspan(kHeaderBytes);
    Packer packer;
    GrowingBuffer out;
    for (auto _ : state) {
        out.clear();
        packer.pack({codec, std::nullopt}, plain, out);
    }
    state.SetLabel(std::string(name(codec)));
    set_rate(state, plain.size());
}
BENCHMARK(pack_a_batch)->DenseRange(1, 4);

}  // namespace
}  // namespace moldau::record
