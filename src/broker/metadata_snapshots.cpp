// Snapshots of the metadata log: written when they are due, and what they make superfluous removed.
#include "metadata_log.hpp"

#include "moldau/metadata/image_records.hpp"
#include "moldau/runtime/disk_wait.hpp"
#include "moldau/runtime/wait.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

namespace moldau::broker {
namespace {

// After one that failed, for want of room most likely.
constexpr Duration kPauseAfterFailure = std::chrono::seconds(60);

constexpr std::size_t kRecordsPerTurn = 200;  // a tenth of a millisecond, then others have theirs

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
            if (runtime::cancelled(shard_)) co_return;
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
    const std::string name = path(raft::file_name(id));
    const std::string part = name + ".part";
    Disk& disk = files_.disk();
    if (auto gone = disk.remove(part); !gone && gone.error().fault != DiskFault::not_found)
        co_return Error(gone.error());
    auto file = disk.open(part, OpenMode::create_new);
    if (!file) co_return Error(file.error());
    Result<std::uint64_t> bytes = co_await write_image(*image, id, **file);
    if (!bytes) co_return bytes.error();
    if (auto ok = co_await runtime::sync(shard_, **file); !ok) co_return Error(ok.error());
    if (auto ok = disk.rename(part, name); !ok) co_return Error(ok.error());
    if (auto ok = co_await runtime::sync_directory(shard_, disk, directory_); !ok)
        co_return Error(ok.error());
    schedule_.written({.id = id,
                       .size_bytes = static_cast<std::int64_t>(*bytes),
                       .last_contained = image->provenance.timestamp});
    shard_.log().info("wrote a snapshot of the metadata log end_offset={} bytes={}",
                      id.end_offset.value, *bytes);
    co_return Result<>();
}

// NOLINTBEGIN(cppcoreguidelines-avoid-reference-coroutine-parameters): write_snapshot() has them.
runtime::Task<Result<std::uint64_t>> MetadataLog::write_image(const metadata::ClusterImage& image,
                                                              raft::SnapshotId id, File& file) {
    raft::SnapshotWriter writer(id, shard_.clock().wall(),
                                {.last_contained = image.provenance.timestamp,
                                 .kraft_version = quorum_->voters().kraft_version,
                                 .voters = quorum_->voters().record});
    const auto append = [&writer](const metadata::MetadataRecord& record) -> Result<> {
        Result<Bytes> bytes = metadata::encode_record(record);
        if (!bytes) return bytes.error();
        return writer.append(*bytes);
    };
    metadata::ImageRecords records(image);
    std::uint64_t at = 0;
    for (bool is_more = true; is_more;) {
        const Result<bool> more = records.next(kRecordsPerTurn, append);
        if (!more) co_return more.error();
        is_more = *more;
        if (!is_more) writer.finish();
        for (const Bytes& piece : writer.take()) {
            const BytesView view = piece;
            if (auto ok = file.write(at, {&view, 1}); !ok) co_return Error(ok.error());
            at += view.size();
        }
        if (!is_more) break;
        const runtime::Waited waited = co_await runtime::next_turn(shard_);
        if (waited == runtime::Waited::cancelled) co_return runtime::error_of(waited);
    }
    co_return at;
}
// NOLINTEND(cppcoreguidelines-avoid-reference-coroutine-parameters)

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
