#include "node_process.hpp"

#include "moldau/log/small_files.hpp"
#include "moldau/metadata/image_builder.hpp"
#include "moldau/metadata/image_records.hpp"
#include "moldau/raft/log_batches.hpp"
#include "moldau/raft/snapshot.hpp"
#include "moldau/runtime/ending.hpp"
#include "moldau/runtime/wait.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <vector>

namespace moldau::sim {
namespace {

using metadata::ClusterImage;
using metadata::ImageBuilder;
using ImagePtr = std::shared_ptr<const ClusterImage>;

constexpr std::string_view kDirectory = "/data/__cluster_metadata-0";
constexpr std::size_t kFileBytesMax = std::size_t{1} << 28U;
constexpr BrokerId kNode{1};

/// What stands in the metadata log's directory.
struct Stored {
    std::vector<Bytes> segments;  // in order
    std::vector<std::pair<raft::SnapshotId, Bytes>> snapshots;
};

runtime::Task<Result<Stored>> read_all(Process& process) {
    Stored stored;
    auto entries = process.disk(0).list(std::string(kDirectory));
    if (!entries) co_return Error(entries.error());
    for (const DirectoryEntry& entry : *entries) {
        const auto snapshot = raft::parse_snapshot_name(entry.name);
        if (!snapshot && !entry.name.ends_with(".log")) continue;
        runtime::Ending<DiskResult<Bytes>> ended(process.shard(0));
        log::read_file(process.disk(0), fmt::format("{}/{}", kDirectory, entry.name), kFileBytesMax,
                       ended.done());
        DiskResult<Bytes> bytes = co_await ended.wait();
        if (!bytes) co_return Error(bytes.error());
        if (!snapshot) {
            stored.segments.push_back(*bytes);
        } else if (*snapshot != raft::kFirstSnapshot) {  // its records are in the log
            stored.snapshots.emplace_back(*snapshot, *bytes);
        }
    }
    co_return stored;
}

Result<> apply_all(ImageBuilder& builder, std::span<const BytesView> payloads) {
    for (const BytesView payload : payloads) {
        const auto record = metadata::decode_record(payload);
        if (!record) return record.error();
        builder.apply(*record);
    }
    return {};
}

/// Applies what stands in the log from `next` on and below `end`.
Result<> replay(ImageBuilder& builder, const Stored& stored, Offset next, Offset end) {
    for (const Bytes& segment : stored.segments) {
        raft::BatchReader reader(segment);
        raft::LogBatch batch;
        while (true) {
            const Result<bool> more = reader.next(batch);
            if (!more) return more.error();
            if (!*more || batch.end_offset > end) break;
            if (batch.end_offset <= next) continue;
            if (batch.base_offset != next)
                return Error{
                    ErrorCode::corrupt_message,
                    fmt::format("a gap: {} behind {}", batch.base_offset.value, next.value)};
            if (Result<> ok = apply_all(builder, batch.payloads); !ok) return ok;
            builder.end_batch({.end_offset = batch.end_offset,
                               .epoch = batch.epoch,
                               .timestamp = batch.timestamp});
            next = batch.end_offset;
        }
    }
    return {};
}

Result<> load(ImageBuilder& builder, raft::SnapshotId id, const Bytes& file) {
    raft::SnapshotReader reader(file);
    const auto head = reader.head();
    if (!head) return head.error();
    while (true) {
        const auto payloads = reader.next();
        if (!payloads) return payloads.error();
        if (!*payloads) break;
        if (Result<> ok = apply_all(builder, **payloads); !ok) return ok;
    }
    builder.end_batch(
        {.end_offset = id.end_offset, .epoch = id.epoch, .timestamp = head->last_contained});
    return {};
}

std::string compare(const ClusterImage& served, const Result<>& replayed, const ClusterImage& made,
                    const std::string& from) {
    if (!replayed)
        return fmt::format("R8: the metadata log, {}: {}", from, replayed.error().detail);
    if (metadata::hash_of(served) == metadata::hash_of(made)) return "";
    return fmt::format("R8: the image at {} is not what the metadata log makes, {}, to {}",
                       served.provenance.end_offset.value, from, made.provenance.end_offset.value);
}

std::string audit_of(const Stored& stored, const ClusterImage& served) {
    ImageBuilder builder;
    const Offset end = served.provenance.end_offset;
    const Result<> whole = replay(builder, stored, Offset{0}, end);
    if (builder.contradictions().count > 0)
        return "R8: a record contradicts the image: " + builder.contradictions().first;
    if (auto wrong = compare(served, whole, builder.image(), "from the start"); !wrong.empty())
        return wrong;
    for (const auto& [id, file] : stored.snapshots) {
        if (id.end_offset > end) continue;
        ImageBuilder on_snapshot;
        Result<> made = load(on_snapshot, id, file);
        if (made) made = replay(on_snapshot, stored, id.end_offset, end);
        const std::string from = fmt::format("from the snapshot at {}", id.end_offset.value);
        if (auto wrong = compare(served, made, on_snapshot.image(), from); !wrong.empty())
            return wrong;
    }
    return "";
}

}  // namespace

NodeProgram::NodeProgram(Process& process, NodeLife& life, std::span<const config::Overlay> more)
    : life_(life) {
    life_ = {};
    life_.process = &process;
    life_.program = this;
    std::vector<config::Overlay> overlays = {
        {.key = "listeners",
         .value =
             "PLAINTEXT://" + process.host() + ":9092,CONTROLLER://" + process.host() + ":9093",
         .source = "test"},
        {.key = "log.dirs", .value = "/data", .source = "test"},
        {.key = "log.flush.offset.checkpoint.interval.ms", .value = "150", .source = "test"},
        {.key = "log.retention.check.interval.ms", .value = "100", .source = "test"},
        {.key = "metadata.log.max.record.bytes.between.snapshots",
         .value = "1500",
         .source = "test"}};
    overlays.insert(overlays.end(), more.begin(), more.end());
    config::Loaded loaded = config::load(std::nullopt, overlays);
    MOLDAU_CHECK(loaded.settings, "the test's settings are wrong");
    broker::Node::World world{
        .shards = {}, .working_directory = "/", .on_failure = [&life](const Error& error) {
            life.gave_up = error.detail;
        }};
    for (std::size_t i = 0; i < process.shards(); ++i)
        world.shards.push_back({&process.shard(i), &process.transport(i), &process.disk(i)});
    node_ = std::make_unique<broker::Node>(*loaded.settings, std::move(world));
    runtime::spawn(process.shard(0), "start", start(*this));
}

runtime::Task<> NodeProgram::start(NodeProgram& self) {
    const Result<> started = co_await self.node_->start();
    if (started) {
        self.life_.broker_epoch = self.node_->image()->brokers.find(kNode)->epoch;
        self.life_.is_serving = true;
    } else {
        self.life_.gave_up = started.error().detail;
    }
}

void NodeProgram::stop() {
    runtime::spawn(life_.process->shard(0), "stop", stop_node(*this));
}

runtime::Task<> NodeProgram::stop_node(NodeProgram& self) {
    co_await self.node_->stop();
    self.node_.reset();
    self.life_.has_stopped = true;
}

void NodeProgram::audit() {
    life_.audit = "-";
    runtime::spawn(life_.process->shard(0), "audit", audit_node(*this));
}

runtime::Task<> NodeProgram::audit_node(NodeProgram& self) {
    // The image first: what it rests on is in the log by then.
    const ImagePtr served = self.node_->image();
    const Result<Stored> stored = co_await read_all(*self.life_.process);
    self.life_.audit = stored ? audit_of(*stored, *served) : "R8: " + stored.error().detail;
}

std::string left_of(World& world, ProcessId node, const NodeLife& life) {
    world.run_for(std::chrono::milliseconds(20));  // what was submitted ends yet
    std::vector<std::string> tasks;
    for (std::size_t i = 0; i < life.process->shards(); ++i)
        for (std::string& name : life.process->shard(i).task_names())
            tasks.push_back(std::move(name));
    if (!tasks.empty())
        return fmt::format("S1: after a stop in order there are tasks left: {}",
                           fmt::join(tasks, ", "));
    if (const std::size_t files = world.open_files(node); files > 0)
        return fmt::format("S1: after a stop in order {} files are open", files);
    return "";
}

}  // namespace moldau::sim
