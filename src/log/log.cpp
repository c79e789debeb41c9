// Appending, rolling and flushing. Opening is in log_open.cpp, reading in log_read.cpp, what
// shortens a log in log_trim.cpp.
#include "moldau/log/log.hpp"

#include "byte_source.hpp"
#include "flush.hpp"
#include "segment.hpp"

#include "moldau/base/check.hpp"
#include "moldau/log/small_files.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <limits>
#include <utility>

namespace moldau::log {
namespace {

bool is_final(DiskFault fault) {
    switch (fault) {
        case DiskFault::no_space:
        case DiskFault::out_of_descriptors:
        case DiskFault::overloaded:
            return false;  // says nothing about what is on the disk
        case DiskFault::failed:
        case DiskFault::not_found:
        case DiskFault::exists:
        case DiskFault::denied:
        case DiskFault::locked:
        case DiskFault::cancelled:
            break;
    }
    return true;
}

}  // namespace

Log::Log(FileCache& files, LogOpening opening)
    : files_(files),
      directory_(std::move(opening.directory)),
      config_(opening.config),
      on_failure_(std::move(opening.on_failure)),
      log_start_offset_(opening.log_start_offset),
      recovery_point_(opening.recovery_point),
      scratch_(std::make_unique<ByteSource>()),
      alive_(std::make_shared<bool>(true)) {}

Log::~Log() = default;

std::uint64_t Log::size_bytes() const {
    std::uint64_t sum = 0;
    for (const SegmentPtr& segment : segments_) sum += segment->size_bytes;
    return sum;
}

Offset Log::last_stable_offset(Offset high_watermark) const {
    const auto unstable = producers_.first_unstable_offset(high_watermark);
    return unstable ? std::min(*unstable, high_watermark) : high_watermark;
}

Result<> Log::check_usable() const {
    if (offline_) return *offline_;
    if (busy_) return Error{ErrorCode::kafka_storage_error, directory_ + ": is being truncated"};
    return {};
}

Error Log::failed(const DiskError& error, LogFailure what) {
    if (!is_final(error.fault)) return error;
    if (!offline_) {
        offline_ = Error(error);
        if (on_failure_) on_failure_(error, what);
    }
    return *offline_;
}

Result<StagedBatch> Log::stage(BytesView header, BytesView rest, BatchOrigin origin,
                               Timestamp now) {
    if (auto ok = check_usable(); !ok) return ok.error();
    const auto batch = batch_info(header);
    if (!batch || batch->magic != record::kMagic || header.size() != record::kHeaderBytes ||
        batch->size_bytes != header.size() + rest.size())
        return Error{ErrorCode::corrupt_message, "not a whole batch of magic 2"};
    auto duplicate = producers_.stage(header, rest, origin);
    if (!duplicate) return duplicate.error();
    if (*duplicate)
        return StagedBatch{{(*duplicate)->first_offset(), (*duplicate)->last_offset + 1}, true};
    // A leader gives the next offset; what it sends to a follower may leave some out.
    if (batch->base_offset < staged_end_offset() ||
        (origin != BatchOrigin::replication && batch->base_offset != staged_end_offset()))
        return Error{ErrorCode::invalid_record,
                     fmt::format("batch at offset {}, the log goes on at {}",
                                 batch->base_offset.value, staged_end_offset().value)};
    staged_.push_back({.header = header, .rest = rest});
    plan(*batch, now);
    return StagedBatch{{batch->base_offset, batch->next_offset()}, false};
}

void Log::plan(const BatchInfo& batch, Timestamp now) {
    if (staged_.size() == 1) {
        planned_ = {active().base_offset, active().size_bytes, active().offset_index.size(),
                    active().first_timestamp};
    }
    // Roll before the append, not after: index entries are relative to the segment's base offset
    // and hold 31 bits, and so do positions.
    const std::uint64_t bytes_max =
        std::min<std::uint64_t>(config_.segment_bytes, std::numeric_limits<std::int32_t>::max());
    const bool is_empty = planned_.size_bytes == 0;
    // By the records' time, as far as they tell one.
    const std::int64_t age_ms = planned_.first_timestamp.ms >= 0 && batch.max_timestamp.ms >= 0
                                    ? batch.max_timestamp.ms - planned_.first_timestamp.ms
                                    : now.ms - active().created_at.ms;
    const bool is_old = age_ms > config_.segment_ms - config_.segment_jitter_ms;
    const bool rolls = !is_empty && (planned_.size_bytes + batch.size_bytes > bytes_max || is_old ||
                                     planned_.batches >= index_entries_max() ||
                                     planned_.batches + 1 >= time_entries_max());
    const bool holds =
        batch.last_offset - planned_.base_offset <= std::numeric_limits<std::int32_t>::max();
    if (rolls || !holds) {
        staged_.back().rolls = true;
        planned_ = {.base_offset = batch.base_offset, .first_timestamp = {}};
    }
    if (planned_.size_bytes == 0) planned_.first_timestamp = batch.max_timestamp;
    planned_.size_bytes += batch.size_bytes;
    ++planned_.batches;
    staged_end_ = batch.next_offset();
}

void Log::drop_staged() {
    staged_.clear();
    producers_.rollback();
}

WrittenBatches Log::write_staged(Timestamp now) {
    WrittenBatches written;
    if (auto ok = check_usable(); !ok) written.error = ok.error();
    const std::span<const Staged> all(staged_);
    // All that goes to one segment is one write.
    std::size_t first = 0;
    while (first < all.size() && !written.error) {
        std::size_t end = first + 1;
        while (end < all.size() && !all[end].rolls) ++end;
        const std::span<const Staged> group = all.subspan(first, end - first);
        // A snapshot at a roll knows what stands before it and no more: when there are several
        // groups, each takes effect before the next.
        if (group.size() < all.size() && first == 0) producers_.rollback();
        DiskResult<> ok;
        if (group.front().rolls)
            ok = begin_segment(batch_info(group.front().header)->base_offset, now);
        if (ok) ok = write_group(group);
        if (!ok) {
            written.error = failed(ok.error());
            break;
        }
        if (group.size() < all.size()) {
            for (const Staged& batch : group) {
                auto again = producers_.stage(batch.header, batch.rest, BatchOrigin::replication);
                MOLDAU_CHECK(again.has_value(), "a batch that was taken is refused");
            }
        }
        commit_producers();
        first = end;
    }
    written.batches = first;
    for (const Staged& batch : all.subspan(first)) producers_.was_refused(batch.header);
    drop_staged();
    return written;
}

void Log::commit_producers() {
    producers_.commit(new_aborted_);
    for (const AbortedTransaction& aborted : new_aborted_)
        segments_[segment_of(aborted.last_offset)]->aborted.push_back(aborted);
    new_aborted_.clear();
}

DiskResult<> Log::write_group(std::span<const Staged> group) {
    Segment& segment = active();
    auto file = segment.log_file();
    if (!file) return file.error();
    pieces_.clear();
    for (const Staged& batch : group) {
        pieces_.push_back(batch.header);
        pieces_.push_back(batch.rest);
    }
    if (auto ok = (*file)->write(segment.size_bytes, pieces_); !ok) {
        if (ok.error().fault != DiskFault::no_space) return ok;
        // No torn tail may remain: it would end the log at the next start, and what is appended
        // next must stand right behind what is there.
        if (auto cut = (*file)->truncate(segment.size_bytes); !cut)
            return DiskError{DiskFault::failed, cut.error().detail};
        return ok;
    }
    for (const Staged& batch : group) {
        const auto info = batch_info(batch.header);
        epochs_.assign(info->leader_epoch, info->base_offset);
        segment.add(*info, config_.index_interval_bytes, index_entries_max(), time_entries_max());
        end_offset_ = info->next_offset();
    }
    return {};
}

DiskResult<> Log::add_segment(Offset base, Timestamp now) {
    MOLDAU_CHECK(segments_.empty() || active().base_offset < base, "base={}", base.value);
    auto segment = std::make_shared<Segment>(files_, directory_, base, now);
    auto file = segment->log_file(OpenMode::create_if_none);
    if (!file) return file.error();
    // Left by an earlier try that could not go on.
    if (auto ok = (*file)->truncate(0); !ok) return ok;
    segment->indexes_in_memory = true;
    names_unsynced_ = true;
    segments_.push_back(std::move(segment));
    return {};
}

DiskResult<> Log::finish_active() {
    active().add_time_entry(time_entries_max() + 1);
    if (auto ok = active().write_indexes(); !ok) return ok;
    names_unsynced_ = true;
    return take_snapshot();
}

DiskResult<> Log::begin_segment(Offset base, Timestamp now) {
    if (auto ok = finish_active(); !ok) return ok;
    const SegmentPtr before = segments_.back();
    if (auto ok = add_segment(base, now); !ok) return ok;  // it goes on in the old one
    before->forget_indexes();
    flush(base, [](const DiskResult<>&) {});
    return {};
}

DiskResult<> Log::take_snapshot() {
    if (!snapshots_.empty() && snapshots_.back() >= end_offset_) return {};
    // Of a log that holds nothing none is needed, unless it remembers who wrote what it held.
    if (snapshots_.empty() && end_offset_ <= log_start_offset_ && producers_.size() == 0) return {};
    const std::string path = directory_ + "/" + segment_file_name(end_offset_, suffix::kSnapshot);
    // Torn by a crash it is seen by its CRC, and an older one taken.
    if (auto ok = write_file(disk(), path, write_producer_snapshot(producers_.snapshot())); !ok)
        return ok;
    snapshots_.push_back(end_offset_);
    unsynced_files_.push_back(path);
    names_unsynced_ = true;
    return {};
}

Result<> Log::roll(Timestamp now) {
    if (auto ok = check_usable(); !ok) return ok;
    MOLDAU_CHECK(staged_.empty(), "roll with {} batches staged", staged_.size());
    if (active().size_bytes == 0) return {};
    if (auto ok = begin_segment(end_offset_, now); !ok) return failed(ok.error());
    return {};
}

void Log::flush(Offset to, DiskDone<> done) {
    if (next_flush_ == nullptr) next_flush_ = std::make_unique<Flush>();
    next_flush_->to = std::max(next_flush_->to, std::min(to, end_offset_));
    next_flush_->waiting.push_back(std::move(done));
    if (flush_ == nullptr && !busy_) begin_flush();
}

// What is written while a flush runs is for the next one, which starts when this one has ended:
// the recovery point moves over whole flushes only. None starts while a truncation runs: it would
// vouch for what is about to go.
void Log::begin_flush() {
    flush_ = std::move(next_flush_);
    std::vector<std::shared_ptr<File>> files;
    DiskResult<> prepared;
    if (offline_) prepared = DiskError{DiskFault::failed, offline_->detail};
    for (std::size_t i = 0; i < segments_.size() && prepared; ++i) {
        const SegmentPtr& segment = segments_[i];
        const Offset end = i + 1 < segments_.size() ? segments_[i + 1]->base_offset : end_offset_;
        const bool is_wanted = segment->base_offset < flush_->to && end > recovery_point_;
        // A crash before the sync of a cut has left what was cut on the disk, from where it could
        // come back behind what the recovery point says.
        if (!is_wanted && !segment->indexes_unsynced && !segment->is_recovered) continue;
        auto these = segment->files_to_sync();
        if (!these) {
            prepared = these.error();
            break;
        }
        files.insert(files.end(), these->begin(), these->end());
        // Set again while the flush runs, they are for the next one.
        if (std::exchange(segment->indexes_unsynced, false)) flush_->indexed.push_back(segment);
        if (std::exchange(segment->is_recovered, false)) flush_->recovered.push_back(segment);
    }
    for (const std::string& path : unsynced_files_) {
        if (!prepared) break;
        auto file = disk().open(path, OpenMode::existing);
        if (file) {
            files.push_back(std::move(*file));
        } else if (file.error().fault != DiskFault::not_found) {  // it may be deleted again
            prepared = file.error();
        }
    }
    const auto part = [this](DiskResult<> ok) { flush_part_done(std::move(ok)); };
    // One part is this call itself, so that the end comes when all have begun.
    flush_->parts = 1;
    if (prepared) {
        flush_->files = std::exchange(unsynced_files_, {});
        if (const auto behind = std::ranges::upper_bound(snapshots_, flush_->to);
            behind != snapshots_.begin())
            flush_->snapshot = *std::prev(behind);
        flush_->parts += files.size() + (epochs_.is_dirty() ? 1 : 0) + (names_unsynced_ ? 1 : 0);
        flush_->synced_names = std::exchange(names_unsynced_, false);
        const auto guarded = [this, part](bool is_of_files) {
            return [this, part, is_of_files, alive = std::weak_ptr<void>(alive_),
                    opening = opening_.lock()](DiskResult<> ok) {
                if (alive.expired()) return;
                if (is_of_files && !ok) flush_->has_synced_files = false;
                part(std::move(ok));
            };
        };
        for (const auto& file : files) file->sync(guarded(true));
        if (flush_->synced_names) disk().sync_directory(directory_, guarded(true));
        if (epochs_.is_dirty()) {
            epochs_.set_clean();
            const std::string text = write_leader_epoch_checkpoint(epochs_.starts());
            replace_file(disk(), directory_ + "/leader-epoch-checkpoint",
                         Bytes::copy_of(as_bytes(text)), guarded(false));
        }
    } else {
        flush_->has_synced_files = false;
    }
    flush_part_done(std::move(prepared));
}

void Log::flush_part_done(DiskResult<> part) {
    // Of several the gravest: a sync that failed is no less final beside one that was not begun.
    if (!part && (!flush_->error || is_final(part.error().fault))) flush_->error = part.error();
    if (--flush_->parts > 0) return;
    // The failure of another sync, of a truncation, is told once: this one, of the same file, may
    // have gone well and vouch for nothing.
    if (offline_ && !flush_->error) flush_->error = DiskError{DiskFault::failed, offline_->detail};
    const std::unique_ptr<Flush> ended = std::move(flush_);
    files_synced(*ended);
    if (ended->error) {
        // It is not tried again over what may be lost: only what was not begun at all may be.
        (void)failed(*ended->error);
        if (ended->synced_names) names_unsynced_ = true;
        for (const SegmentPtr& segment : ended->indexed) segment->indexes_unsynced = true;
        for (const SegmentPtr& segment : ended->recovered) segment->is_recovered = true;
        epochs_.set_dirty();
    } else {
        recovery_point_ = std::max(recovery_point_, std::min(ended->to, end_offset_));
    }
    if (next_flush_ != nullptr && !busy_) begin_flush();
    const std::weak_ptr<void> alive = alive_;
    for (DiskDone<>& done : ended->waiting) {
        if (alive.expired()) return;  // a callback may end the log
        done(ended->error ? DiskResult<>(*ended->error) : DiskResult<>());
    }
}

void Log::files_synced(Flush& flush) {
    if (flush.has_synced_files && !offline_) {
        durable_snapshots_ = std::max(durable_snapshots_, flush.snapshot);
    } else {
        std::ranges::move(flush.files, std::back_inserter(unsynced_files_));
    }
}

bool Log::is_quiet() const {
    return staged_.empty() && flush_ == nullptr && next_flush_ == nullptr && !busy_ && !offline_;
}

void Log::take_producers_of(const Log& other) {
    MOLDAU_CHECK(is_quiet() && other.staged_.empty() && end_offset_ == other.end_offset_,
                 "directory={} end={} other={}", directory_, end_offset_.value,
                 other.end_offset_.value);
    producers_ = other.producers_;
}

DiskResult<> Log::begin_with_producers_of(const Log& other) {
    MOLDAU_CHECK(is_quiet() && size_bytes() == 0 && snapshots_.empty(), "directory={}", directory_);
    producers_ = other.producers_.before(end_offset_);
    return take_snapshot();
}

DiskResult<> Log::move_to(std::string directory) {
    // What was submitted to the disk by the old name would not find it.
    MOLDAU_CHECK(is_quiet(), "directory={}", directory_);
    if (auto ok = disk().rename(directory_, directory); !ok) return ok;
    const auto follow = [&](std::string& path) {
        path = directory + path.substr(directory_.size());
    };
    for (Doomed& each : doomed_) follow(each.path);
    for (std::string& each : unsynced_files_) follow(each);
    directory_ = std::move(directory);
    return {};
}

void Log::close(DiskDone<> done) {
    DiskResult<> ok;
    if (offline_) ok = DiskError{DiskFault::failed, offline_->detail};
    drop_staged();
    if (ok) ok = finish_active();
    if (!ok) {
        (void)failed(ok.error());
        return done(std::move(ok));
    }
    epochs_.set_dirty();  // so that the file is there
    flush(end_offset_, std::move(done));
}

}  // namespace moldau::log
