// Appending batches of 64 KiB, finding and sending them again. The figures that matter are the
// ratios to the bare work: pwritev of the same bytes, with and without the CRC, and sendfile.
#include "support/lone_shard.hpp"
#include "support/temporary_directory.hpp"

#include "moldau/base/crc32c.hpp"
#include "moldau/base/ports/file_slice.hpp"
#include "moldau/io/system_disk.hpp"
#include "moldau/log/log.hpp"
#include "moldau/record/append_validator.hpp"
#include "moldau/record/builder.hpp"
#include "moldau/runtime/worker_pool.hpp"

#include <benchmark/benchmark.h>

#include <array>
#include <cstdlib>
#include <netinet/in.h>
#include <optional>
#include <random>
#include <string>
#include <sys/sendfile.h>
#include <sys/socket.h>
#include <thread>
#include <unistd.h>
#include <vector>

namespace moldau::log {
namespace {

constexpr Timestamp kNow{1'700'000'000'000};
constexpr std::uint64_t kSegmentBytes = std::uint64_t{256} << 20U;
constexpr std::size_t kFetchBytes = std::size_t{1} << 20U;

Bytes batch_of(std::size_t bytes) {
    record::Packer packer;
    record::BatchBuilder builder;
    builder.start({});
    const std::string value(std::min<std::size_t>(bytes, 1'000), 'x');
    do {
        if (!builder.append({kNow, as_bytes("key"), as_bytes(value), {}})) std::abort();
    } while (builder.plain_bytes() + value.size() < bytes);
    return builder.finish(packer);
}

/// A log on a real disk, in the page cache: what is old is deleted, and nothing is synced but at
/// rolls, on another thread.
class Bench {
public:
    Bench() {
        std::optional<Result<std::unique_ptr<Log>>> opened;
        Log::open(files_,
                  {.directory = directory_.path() + "/orders-0",
                   .config = {.segment_bytes = kSegmentBytes,
                              .retention_bytes = static_cast<std::int64_t>(kSegmentBytes),
                              .retention_ms = -1,
                              .file_delete_delay = Duration(0)},
                   .now = kNow},
                  [&](Result<std::unique_ptr<Log>> got) { opened.emplace(std::move(got)); });
        while (!opened) poll();
        log_ = std::move(**opened);
    }
    Bench(const Bench&) = delete;
    Bench& operator=(const Bench&) = delete;
    ~Bench() {
        pool_.stop();
        log_.reset();
    }

    /// `count` batches, validated as a leader does, with one write.
    void append(BytesView batch, int count) {
        valid_.clear();
        valid_.reserve(static_cast<std::size_t>(count));  // staged headers stay where they are
        for (int i = 0; i < count; ++i) {
            auto valid =
                validator_.validate(batch, {}, {kNow, log_->staged_end_offset(), {8}}, errors_);
            if (!valid) std::abort();
            valid_.push_back(std::move(*valid));
            if (!log_->stage(valid_.back(), BatchOrigin::client, kNow)) std::abort();
        }
        if (log_->write_staged(kNow).error) std::abort();
    }
    /// Every now and then, outside of what is measured.
    void clean_up() {
        if (log_->segment_count() < 3) return;
        if (!log_->delete_old_segments(kNow, clock_.now(), log_->end_offset())) std::abort();
        log_->on_tick(clock_.now() + Duration(1));
        for (int i = 0; i < 100; ++i) poll();
    }
    void poll() {
        shard_.poll_one();
        std::this_thread::yield();
    }
    Log& log() { return *log_; }
    runtime::Shard& shard() { return shard_; }
    const std::string& path() const { return directory_.path(); }

private:
    support::TemporaryDirectory directory_;
    support::SteadyClock clock_;
    support::CountingRandom random_;
    support::LinesSink sink_;
    runtime::Shard shard_{{}, clock_, random_, sink_};
    runtime::WorkerPool pool_{{.name = "disk", .threads = 1}};
    std::unique_ptr<Disk> disk_ = io::make_system_disk(shard_, pool_);
    FileCache files_{*disk_, 100};
    std::unique_ptr<Log> log_;
    record::AppendValidator validator_;
    std::vector<record::ValidatedBatch> valid_;
    std::vector<record::RecordError> errors_;
};

void set_rate(benchmark::State& state, std::size_t bytes) {
    state.SetBytesProcessed(static_cast<std::int64_t>(state.iterations()) *
                            static_cast<std::int64_t>(bytes));
}

/// What no broker can do without: the CRC of the bytes and their way into the page cache.
void bare_crc_and_write(benchmark::State& state) {
    const support::TemporaryDirectory directory;
    support::SteadyClock clock;
    support::CountingRandom random;
    support::LinesSink sink;
    runtime::Shard shard({}, clock, random, sink);
    runtime::WorkerPool pool({.name = "disk", .threads = 1});
    const auto disk = io::make_system_disk(shard, pool);
    auto file = disk->open(directory.path() + "/bare", OpenMode::create_new);
    const Bytes batch = batch_of(static_cast<std::size_t>(state.range(0)));
    const std::array pieces{batch.view().first(61), batch.view().subspan(61)};
    std::uint64_t at = 0;
    for (auto _ : state) {
        benchmark::DoNotOptimize(crc32c(batch));
        if (!(*file)->write(at, pieces)) std::abort();
        at += batch.size();
        if (at < kSegmentBytes) continue;
        state.PauseTiming();
        at = 0;
        if (!(*file)->truncate(0)) std::abort();
        state.ResumeTiming();
    }
    set_rate(state, batch.size());
}
BENCHMARK(bare_crc_and_write)->Arg(64 << 10)->Arg(100);

void append_a_batch(benchmark::State& state) {
    Bench bench;
    const Bytes batch = batch_of(static_cast<std::size_t>(state.range(0)));
    int appended = 0;
    for (auto _ : state) {
        bench.append(batch, 1);
        if (++appended % 1024 != 0) continue;
        state.PauseTiming();
        bench.clean_up();
        state.ResumeTiming();
    }
    set_rate(state, batch.size());
}
BENCHMARK(append_a_batch)->Arg(64 << 10)->Arg(100);

/// What one wake-up brings of small requests goes in one write.
void append_of_small_batches(benchmark::State& state) {
    Bench bench;
    const Bytes batch = batch_of(100);
    const auto count = static_cast<int>(state.range(0));
    for (auto _ : state) bench.append(batch, count);
    state.SetItemsProcessed(state.iterations() * count);
}
BENCHMARK(append_of_small_batches)->Arg(1)->Arg(5)->Arg(20);

void fill(Bench& bench, int segments) {
    const Bytes batch = batch_of(64 << 10);
    while (bench.log().segment_count() < static_cast<std::size_t>(segments)) bench.append(batch, 1);
}

/// Where a fetch begins: at the end, and anywhere in an active segment or an older one.
void find(benchmark::State& state) {
    Bench bench;
    fill(bench, 2);
    const Bytes batch = batch_of(64 << 10);
    for (int i = 0; i < 1000; ++i) bench.append(batch, 1);
    std::mt19937_64 random(1);
    const std::int64_t end = bench.log().end_offset().value;
    const auto newest = end - 1;
    for (auto _ : state) {
        const Offset from{state.range(0) == 0 ? newest
                                              : static_cast<std::int64_t>(
                                                    random() % static_cast<std::uint64_t>(end))};
        const auto slice = bench.log().read(
            {.from = from, .end = bench.log().end_offset(), .bytes_max = kFetchBytes}, nullptr);
        if (!slice || !*slice) std::abort();
        benchmark::DoNotOptimize(slice);
    }
}
BENCHMARK(find)->Arg(0)->Arg(1)->ArgName("anywhere");

/// Both ends of a loopback connection; a thread takes what comes.
class Drained {
public:
    Drained() {
        const int listening = ::socket(AF_INET, SOCK_STREAM, 0);
        sockaddr_in address{};
        address.sin_family = AF_INET;
        address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
        socklen_t size = sizeof address;
        if (::bind(listening, reinterpret_cast<sockaddr*>(&address), size) != 0 ||
            ::listen(listening, 1) != 0 ||
            ::getsockname(listening, reinterpret_cast<sockaddr*>(&address), &size) != 0)
            std::abort();
        sender_ = ::socket(AF_INET, SOCK_STREAM, 0);
        if (::connect(sender_, reinterpret_cast<sockaddr*>(&address), size) != 0) std::abort();
        receiver_ = ::accept(listening, nullptr, nullptr);
        ::close(listening);
        thread_ = std::thread([this] {
            std::vector<std::byte> buffer(kFetchBytes);
            while (::recv(receiver_, buffer.data(), buffer.size(), MSG_TRUNC) > 0) {
            }
        });
    }
    Drained(const Drained&) = delete;
    Drained& operator=(const Drained&) = delete;
    ~Drained() {
        ::shutdown(sender_, SHUT_RDWR);
        thread_.join();
        ::close(sender_);
        ::close(receiver_);
    }
    int sender() const { return sender_; }

private:
    int sender_ = -1, receiver_ = -1;
    std::thread thread_;
};

void bare_sendfile(benchmark::State& state) {
    Bench bench;
    fill(bench, 2);
    const auto slice = bench.log().read(
        {.from = {0}, .end = bench.log().end_offset(), .bytes_max = kSegmentBytes}, nullptr);
    const Drained drained;
    off_t at = 0;
    std::int64_t sent = 0;
    for (auto _ : state) {
        if (static_cast<std::size_t>(at) + kFetchBytes > (*slice)->bytes) at = 0;
        const ssize_t put =
            ::sendfile(drained.sender(), (*slice)->file->descriptor(), &at, kFetchBytes);
        if (put <= 0) std::abort();
        sent += put;
    }
    state.SetBytesProcessed(sent);
}
BENCHMARK(bare_sendfile);

/// The log's part and the connection's: the range is found, is in memory, and is sent.
void find_and_send(benchmark::State& state) {
    Bench bench;
    fill(bench, 2);
    const Drained drained;
    const Offset end = bench.log().end_offset();
    Offset from;
    std::int64_t sent = 0;
    for (auto _ : state) {
        if (from + 2'000 > end) from = {0};
        const auto slice =
            bench.log().read({.from = from, .end = end, .bytes_max = kFetchBytes}, nullptr);
        if (!slice || !*slice) std::abort();
        const FileSlice& range = **slice;
        if (range.file->in_memory(range.at, range.bytes) != range.bytes) std::abort();
        auto at = static_cast<off_t>(range.at);
        const ssize_t put =
            ::sendfile(drained.sender(), range.file->descriptor(), &at, range.bytes);
        if (put <= 0) std::abort();
        sent += put;
        from = from + 1'000;  // about as many records as were sent
    }
    state.SetBytesProcessed(sent);
}
BENCHMARK(find_and_send);

}  // namespace
}  // namespace moldau::log
