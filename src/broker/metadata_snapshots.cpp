// Snapshots of the metadata log: written when they are due, and what they make superfluous removed.
#include "metadata_log.hpp"

#include "moldau/metadata/image_records.hpp"
#include "moldau/runtime/disk_wait.hpp"
#include "moldau/runtime/ending.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

namespace moldau::broker {
namespace {

// After one that failed, for want of room most likely.
constexpr Duration kPauseAfterFailure = std::chrono::seconds(60);

/// The bytes of a snapshot of `image`.
Result<std::vector<Bytes>> snapshot_of(const metadata::ClusterImage& image, raft::SnapshotId id,
                                       Timestamp now, const raft::Voters& voters) {
    raft::SnapshotWriter writer(id, now,
                                {.last_contained = image.provenance.timestamp,
                                 .kraft_version = voters.kraft_version,
                                 .voters = voters.record});
    Result<> ok = metadata::for_each_record(
        image, [&writer](const metadata::MetadataRecord& record) -> Result<> {
            Result<Bytes> bytes = metadata::encode_record(record);
            if (!bytes) return bytes.error();
            return writer.append(*bytes);
        });
    if (!ok) return ok.error();
    writer.finish();
    return writer.take();
}

}  // namespace

runtime::Task<> MetadataLog::keep_short() {
    MonoTime not_before = shard_.now();
    while (true) {
        log_->on_tick(shard_.now());  // files whose time has come
        if (!schedule_.is_due(shard_.clock().wall()) || shard_.now() < not_before) {
            if (co_await grew_.wait(std::max(next_look(), not_before)) ==
                runtime::Waited::cancelled)
                co_return;
            continue;
        }
        if (told_ == nullptr || failure_) co_return;
        if (Result<> ok = co_await write_snapshot(); !ok) {
            schedule_.given_up();
            shard_.log().warn("cannot write a snapshot of the metadata log reason={}",
                              ok.error().detail);
            not_before = shard_.now() + kPauseAfterFailure;
            continue;
        }
        co_await remove_superfluous();
    }
}

MonoTime MetadataLog::next_look() const {
    MonoTime wake = log_->next_deadline().value_or(runtime::kForever);
    if (const auto due = schedule_.due_by_age()) {
        // One more: the moment itself is not yet beyond it.
        const std::int64_t ms = std::max<std::int64_t>(due->ms - shard_.clock().wall().ms, 0) + 1;
        wake = std::min(wake, shard_.now() + std::chrono::milliseconds(ms));
    }
    return wake;
}

runtime::Task<Result<>> MetadataLog::write_snapshot() {
    const std::shared_ptr<const metadata::ClusterImage> image = told_;
    const raft::SnapshotId id{image->provenance.end_offset, image->provenance.epoch};
    schedule_.begun();
    Result<std::vector<Bytes>> pieces =
        snapshot_of(*image, id, shard_.clock().wall(), quorum_->voters());
    if (!pieces) co_return pieces.error();

    const std::string name = path(raft::file_name(id));
    const std::string part = name + ".part";
    Disk& disk = files_.disk();
    if (auto gone = disk.remove(part); !gone && gone.error().fault != DiskFault::not_found)
        co_return Error(gone.error());
    auto file = disk.open(part, OpenMode::create_new);
    if (!file) co_return Error(file.error());
    std::uint64_t at = 0;
    for (const Bytes& piece : *pieces) {
        const BytesView view = piece;
        if (auto ok = (*file)->write(at, {&view, 1}); !ok) co_return Error(ok.error());
        at += view.size();
    }
    if (auto ok = co_await runtime::sync(shard_, **file); !ok) co_return Error(ok.error());
    if (auto ok = disk.rename(part, name); !ok) co_return Error(ok.error());
    if (auto ok = co_await runtime::sync_directory(shard_, disk, directory_); !ok)
        co_return Error(ok.error());
    schedule_.written({.id = id,
                       .size_bytes = static_cast<std::int64_t>(at),
                       .last_contained = image->provenance.timestamp});
    shard_.log().info("wrote a snapshot of the metadata log end_offset={} bytes={}",
                      id.end_offset.value, at);
    co_return Result<>();
}

runtime::Task<> MetadataLog::remove_superfluous() {
    while (const auto removal = schedule_.next_removal(
               shard_.clock().wall(), static_cast<std::int64_t>(log_->size_bytes()))) {
        const std::string name = path(raft::file_name(removal->snapshot));
        if (auto ok = files_.disk().remove(name); !ok && ok.error().fault != DiskFault::not_found) {
            shard_.log().warn("cannot remove a snapshot of the metadata log reason={}",
                              ok.error().detail);
            co_return;
        }
        schedule_.removed(removal->snapshot);
        if (removal->log_start <= log_->log_start_offset()) continue;
        Result<> raised = log_->raise_log_start(removal->log_start, committed_);
        if (raised) {
            Result<std::size_t> gone =
                log_->delete_old_segments(shard_.clock().wall(), shard_.now(), committed_);
            if (!gone) raised = gone.error();
        }
        if (!raised) {
            shard_.log().warn("cannot shorten the metadata log reason={}", raised.error().detail);
            co_return;
        }
    }
}

}  // namespace moldau::broker
