// write_log DIRECTORY: a log directory with one partition, "written-3", of several segments with
// every codec, producers, transactions and leader epochs, stopped cleanly. Prints what it has
// written, one JSON object a line.
#include "support/lone_shard.hpp"

#include "moldau/io/system_disk.hpp"
#include "moldau/log/log.hpp"
#include "moldau/log/log_directory.hpp"
#include "moldau/record/builder.hpp"
#include "moldau/record/control.hpp"
#include "moldau/runtime/worker_pool.hpp"

#include <fmt/format.h>

#include <array>
#include <cstdlib>
#include <optional>
#include <string>
#include <thread>

namespace moldau {
namespace {

constexpr std::int64_t kBeginMs = 1'760'000'000'000;

template <class T>
T need(Result<T> result) {
    if (result) return std::move(*result);
    fmt::print(stderr, "write_log: {}\n", result.error().detail);
    std::exit(1);
}
void need(const Result<>& result) {
    if (result) return;
    fmt::print(stderr, "write_log: {}\n", result.error().detail);
    std::exit(1);
}

class Writer {
public:
    explicit Writer(std::string directory) : directory_(std::move(directory)) {}

    void run() {
        open();
        for (std::int32_t round = 0; round < 12; ++round) {
            epoch_ = round < 4 ? 0 : 3;
            append({.packing = {record::Codec(round % 5), std::nullopt}}, 5);
            append({.producer_id = {7}, .producer_epoch = {0}, .base_sequence = round * 4}, 4);
            // Each of its transactions has its epoch (KIP-890).
            const ProducerEpoch of_round{static_cast<std::int16_t>(round)};
            const record::BatchOptions transactional{.producer_id = {8},
                                                     .producer_epoch = of_round,
                                                     .base_sequence = 0,
                                                     .is_transactional = true};
            append(transactional, 2);
            append({}, 1);
            mark({8}, of_round,
                 round % 3 == 0 ? record::ControlType::abort : record::ControlType::commit);
        }
        // One is left open.
        append({.producer_id = {9},
                .producer_epoch = {1},
                .base_sequence = 0,
                .is_transactional = true},
               3);
        close();
    }

private:
    /// Lets the shard run until a callback has come.
    template <class T, class Ask>
    T wait(const Ask& ask) {
        std::optional<T> got;
        ask([&](T result) { got.emplace(std::move(result)); });
        while (!got) {
            shard_.poll_one();
            std::this_thread::yield();
        }
        return std::move(*got);
    }
    std::string partition() const { return directory_ + "/written-3"; }

    void open() {
        need(disk_->create_directories(directory_));
        using Opened = Result<std::unique_ptr<log::Log>>;
        log_ = need(wait<Opened>([&](auto done) {
            log::Log::open(files_,
                           {.directory = partition(),
                            .config = {.segment_bytes = 3'000,
                                       .index_interval_bytes = 400,
                                       .retention_ms = -1},
                            .now = {kBeginMs},
                            .topic_id = Uuid{1, 2}},
                           std::move(done));
        }));
    }

    void append(record::BatchOptions options, std::int32_t count) {
        options.base_offset = log_->end_offset();
        options.leader_epoch = {epoch_};
        builder_.start(options);
        for (std::int32_t i = 0; i < count; ++i) {
            const std::string value = fmt::format("value {:030}", time_++);
            need(builder_.append({.timestamp = {kBeginMs + time_}, .value = as_bytes(value)}));
        }
        write(builder_.finish(packer_), log::BatchOrigin::client);
    }
    void mark(ProducerId id, ProducerEpoch epoch, record::ControlType type) {
        builder_.start({.base_offset = log_->end_offset(),
                        .leader_epoch = {epoch_},
                        .producer_id = id,
                        .producer_epoch = epoch,
                        .is_transactional = true,
                        .is_control = true});
        const auto key = record::control_key(type);
        const std::array<std::byte, 6> version_and_coordinator_epoch{};
        need(builder_.append(
            {.timestamp = {kBeginMs + time_}, .key = key, .value = version_and_coordinator_epoch}));
        write(builder_.finish(packer_), log::BatchOrigin::coordinator);
    }
    void write(const Bytes& bytes, log::BatchOrigin origin) {
        const BytesView view = bytes;
        const auto batch = need(record::BatchView::of(view));
        need(log_->stage(view.first(record::kHeaderBytes), view.subspan(record::kHeaderBytes),
                         origin, {kBeginMs}));
        const log::WrittenBatches written = log_->write_staged({kBeginMs});
        if (written.error) need(Result<>(*written.error));
        fmt::print(
            "{{\"batch\":[{},{},{}],\"sequence\":{},\"producer\":[{},{}],\"epoch\":{},"
            "\"transactional\":{},\"control\":{},\"size\":{},\"codec\":\"{}\",\"crc\":{}}}\n",
            batch.base_offset().value, batch.last_offset().value, batch.count(),
            batch.base_sequence(), batch.producer_id().value, batch.producer_epoch().value,
            batch.leader_epoch().value, batch.is_transactional(), batch.is_control(), view.size(),
            record::name(need(batch.codec())), batch.crc());
    }

    void close() {
        const Offset end = log_->end_offset();
        need(wait<DiskResult<>>([&](auto done) { log_->close(std::move(done)); }));
        for (const AbortedTransaction& each : log_->aborted_transactions({{0}, end})) {
            fmt::print("{{\"aborted\":[{},{},{},{}]}}\n", each.producer_id.value,
                       each.first_offset.value, each.last_offset.value,
                       each.last_stable_offset.value);
        }
        for (const log::EpochStart& each : log_->leader_epochs().starts())
            fmt::print("{{\"epoch_start\":[{},{}]}}\n", each.epoch.value, each.start_offset.value);
        fmt::print("{{\"end\":{},\"segments\":{}}}\n", end.value, log_->segment_count());
        log_.reset();
        for (const auto which :
             {log::OffsetCheckpoint::recovery_point, log::OffsetCheckpoint::log_start,
              log::OffsetCheckpoint::high_watermark, log::OffsetCheckpoint::cleaner}) {
            need(wait<DiskResult<>>([&](auto done) {
                log::write_offsets(*disk_, directory_, which, {{"written", 3, end}},
                                   std::move(done));
            }));
        }
        need(wait<DiskResult<>>([&](auto done) {
            log::write_meta_properties(
                *disk_, directory_,
                {.node_id = 1, .cluster_id = "MkU3OEVBNTcwNTJENDM2Qg", .directory_id = Uuid{3, 4}},
                std::move(done));
        }));
        need(wait<DiskResult<>>([&](auto done) {
            log::write_clean_shutdown(*disk_, directory_, {.broker_epoch = 42}, std::move(done));
        }));
    }

    using AbortedTransaction = log::AbortedTransaction;

    std::string directory_;
    support::SteadyClock clock_;
    support::CountingRandom random_;
    support::LinesSink sink_;
    runtime::Shard shard_{{}, clock_, random_, sink_};
    runtime::WorkerPool pool_{{.name = "disk", .threads = 1}};
    std::unique_ptr<Disk> disk_ = io::make_system_disk(shard_, pool_);
    log::FileCache files_{*disk_, 4};
    std::unique_ptr<log::Log> log_;
    record::BatchBuilder builder_;
    record::Packer packer_;
    std::int32_t epoch_ = 0;
    std::int64_t time_ = 0;
};

}  // namespace
}  // namespace moldau

int main(int count, char** arguments) {
    if (count != 2) {
        fmt::print(stderr, "usage: write_log DIRECTORY\n");
        return 2;
    }
    moldau::Writer(arguments[1]).run();
    return 0;
}
