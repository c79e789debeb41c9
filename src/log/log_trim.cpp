// What shortens a log: retention, deleted records, truncation.
#include "byte_source.hpp"
#include "flush.hpp"
#include "replay.hpp"
#include "segment.hpp"

#include "moldau/log/log.hpp"
#include "moldau/log/small_files.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

namespace moldau::log {

// The segment's own file first: indexes without a segment are removed at the next start, while a
// segment without indexes would be taken for one to be recovered.
DiskResult<> Log::retire(const SegmentPtr& segment, MonoTime now) {
    segment->close_files();
    for (const std::string_view ending :
         {suffix::kLog, suffix::kIndex, suffix::kTimeIndex, suffix::kTransactionIndex}) {
        if (auto ok = retire_file(segment->path(ending), now); !ok) return ok;
    }
    return {};
}

DiskResult<> Log::retire_file(const std::string& path, MonoTime now) {
    const std::string to = path + std::string(suffix::kDeleted);
    if (auto ok = disk().rename(path, to); !ok)
        return ok.error().fault == DiskFault::not_found ? DiskResult<>() : ok;
    names_unsynced_ = true;
    doomed_.push_back({to, now + config_.file_delete_delay});
    return {};
}

DiskResult<> Log::drop_snapshots(Offset first, Offset last) {
    if (last >= durable_snapshots_)
        durable_snapshots_ = std::min(durable_snapshots_, Offset{first.value - 1});
    for (auto each = std::ranges::lower_bound(snapshots_, first);
         each != snapshots_.end() && *each <= last;) {
        const std::string path = directory_ + "/" + segment_file_name(*each, suffix::kSnapshot);
        auto ok = disk().remove(path);
        if (!ok && ok.error().fault != DiskFault::not_found) return ok;
        names_unsynced_ = true;
        each = snapshots_.erase(each);
    }
    return {};
}

std::optional<MonoTime> Log::next_deadline() const {
    if (doomed_.empty()) return std::nullopt;
    return std::ranges::min_element(doomed_, {}, &Doomed::due)->due;
}

void Log::on_tick(MonoTime now) {
    if (offline_) return;
    for (auto each = doomed_.begin(); each != doomed_.end();) {
        if (each->due > now) {
            ++each;
            continue;
        }
        // A file that is gone already was replaced by a later one of its name.
        auto ok = disk().remove(each->path);
        each = doomed_.erase(each);
        if (!ok && ok.error().fault != DiskFault::not_found) {
            (void)failed(ok.error());
            return;
        }
    }
}

Result<> Log::raise_log_start(Offset to, Offset high_watermark) {
    if (auto ok = check_usable(); !ok) return ok;
    if (to > high_watermark || to > end_offset_)
        return Error{ErrorCode::offset_out_of_range,
                     fmt::format("{}: log start {} above the high watermark {}", directory_,
                                 to.value, high_watermark.value)};
    if (to <= log_start_offset_) return {};
    log_start_offset_ = to;
    epochs_.truncate_start(to);
    producers_.truncate_start(to);
    return {};
}

std::size_t Log::count_old_segments(Timestamp now, Offset high_watermark) const {
    std::uint64_t bytes = size_bytes();
    std::size_t count = 0;
    for (; count < segments_.size(); ++count) {
        const Segment& segment = *segments_[count];
        const bool is_last = count + 1 == segments_.size();
        const Offset end = is_last ? end_offset_ : segments_[count + 1]->base_offset;
        if (end > high_watermark || (is_last && segment.size_bytes == 0)) break;
        const Timestamp age_of =
            segment.max_timestamp.ms >= 0 ? segment.max_timestamp : segment.created_at;
        const bool is_before_start = end <= log_start_offset_ && !is_last;
        const bool is_old = config_.deletes && config_.retention_ms >= 0 &&
                            now.ms - age_of.ms > config_.retention_ms;
        const bool is_too_much =
            config_.deletes && config_.retention_bytes >= 0 &&
            bytes >= static_cast<std::uint64_t>(config_.retention_bytes) + segment.size_bytes;
        if (!is_before_start && !is_old && !is_too_much) break;
        bytes -= segment.size_bytes;
    }
    return count;
}

Result<std::size_t> Log::delete_old_segments(Timestamp now, MonoTime mono_now,
                                             Offset high_watermark) {
    if (auto ok = check_usable(); !ok) return ok.error();
    MOLDAU_CHECK(staged_.empty(), "retention with {} batches staged", staged_.size());
    const std::size_t count = count_old_segments(now, high_watermark);
    if (count == 0) return std::size_t{0};
    // There is always an active one.
    if (count == segments_.size()) {
        if (auto ok = begin_segment(end_offset_, now); !ok) return failed(ok.error());
    }
    if (!producers_survive(segments_[count]->base_offset)) {
        // Of some the only trace may be in what is to go: that waits for a snapshot.
        const Offset start = segments_[count]->base_offset;
        if (snapshots_.empty() || snapshots_.back() < start) {
            if (auto ok = take_snapshot(); !ok) return failed(ok.error());
        }
        flush(*std::ranges::lower_bound(snapshots_, start), [](const DiskResult<>&) {});
        return std::size_t{0};
    }
    for (std::size_t i = 0; i < count; ++i) {
        if (auto ok = retire(segments_.front(), mono_now); !ok) return failed(ok.error());
        segments_.erase(segments_.begin());
    }
    const Offset first = segments_.front()->base_offset;
    log_start_offset_ = std::max(log_start_offset_, first);
    recovery_point_ = std::max(recovery_point_, first);
    epochs_.truncate_start(log_start_offset_);
    producers_.truncate_start(log_start_offset_);
    if (first.value > 0) {
        if (auto ok = drop_snapshots({0}, {first.value - 1}); !ok) return failed(ok.error());
    }
    return count;
}

bool Log::producers_survive(Offset start) const {
    if (producers_.size() == 0) return true;
    const auto behind = std::ranges::upper_bound(snapshots_, durable_snapshots_);
    return behind != snapshots_.begin() && *std::prev(behind) >= start;
}

void Log::lower_recovery_point(Offset to) {
    recovery_point_ = std::min(recovery_point_, to);
    // A flush that runs has synced what is about to go.
    if (flush_ != nullptr) {
        flush_->to = std::min(flush_->to, to);
        flush_->snapshot = std::min(flush_->snapshot, to);
    }
    if (next_flush_ != nullptr) next_flush_->to = std::min(next_flush_->to, to);
}

/// In an order that a crash cannot turn round: later segments go, durably, before the one that ends
/// the log is cut; else they could come back behind a gap.
class Log::TruncateOperation final : public Operation {
public:
    TruncateOperation(Log& log, Offset to, MonoTime now, DiskDone<> done)
        : log_(log), to_(to), now_(now), done_(std::move(done)) {}

private:
    using Phase = Step (TruncateOperation::*)();
    Step step() override { return (this->*phase_)(); }
    Step go_on(Phase next) {
        phase_ = next;
        source().clear();
        return Step::again;
    }
    Step fail(const DiskError& error) {
        log_.busy_ = false;
        // Half of it may be done: what is in memory no longer tells what is on the disk.
        DiskError final_error{DiskFault::failed, error.detail};
        (void)log_.failed(final_error);
        const std::weak_ptr<void> alive = log_.alive_;
        if (log_.flush_ == nullptr && log_.next_flush_ != nullptr) log_.begin_flush();
        if (!alive.expired()) done_(std::move(final_error));
        return Step::done;
    }
    /// A callback for the port that goes on with `next`.
    DiskDone<> then(Phase next) {
        return [self = std::static_pointer_cast<TruncateOperation>(shared_from_this()),
                alive = std::weak_ptr<void>(log_.alive_), next](DiskResult<> ok) {
            if (alive.expired()) return;
            if (!ok) return (void)self->fail(ok.error());
            self->go_on(next);
            self->run(alive);
        };
    }

    Step find_place() {
        Segment& segment = *log_.segments_[log_.segment_of(to_)];
        auto place = segment.find(to_, source());
        if (!place) return fail(place.error());
        if (!*place) return Step::wait;
        position_ = (*place)->position;
        // A batch is dropped as a whole.
        if (position_ < segment.size_bytes) to_ = std::min(to_, (*place)->batch.base_offset);
        // From here on a crash may leave no more than that, and whoever notes it must not say more.
        log_.lower_recovery_point(to_);
        while (log_.segments_.back().get() != &segment) {
            if (auto ok = log_.retire(log_.segments_.back(), now_); !ok) return fail(ok.error());
            log_.segments_.pop_back();
        }
        log_.disk().sync_directory(log_.directory_, then(&TruncateOperation::cut));
        return Step::wait_elsewhere;
    }

    Step cut() {
        const SegmentPtr& segment = log_.segments_.back();
        auto file = segment->log_file();
        if (!file) return fail(file.error());
        if (auto ok = (*file)->truncate(position_); !ok) return fail(ok.error());
        if (auto ok = log_.drop_snapshots(to_ + 1, {std::numeric_limits<std::int64_t>::max()}); !ok)
            return fail(ok.error());
        (*file)->sync(then(&TruncateOperation::begin_scan));
        return Step::wait_elsewhere;
    }

    Step begin_scan() {
        const SegmentPtr& segment = log_.segments_.back();
        std::erase_if(segment->aborted, [&](const auto& each) { return each.last_offset >= to_; });
        segment->size_bytes = 0;
        segment->max_timestamp = segment->first_timestamp = {};
        segment->offset_index.clear();
        segment->time_index.clear();
        segment->bytes_since_index_entry = 0;
        segment->indexes_in_memory = true;
        scan_ =
            SegmentScan(segment, 0, position_, segment->base_offset, SegmentScan::Depth::headers);
        return go_on(&TruncateOperation::scan);
    }

    Step scan() {
        auto scanned = scan_.next(source());
        if (!scanned) return fail(scanned.error());
        if (!*scanned) return Step::wait;
        Segment& segment = *log_.segments_.back();
        if ((*scanned)->found == SegmentScan::Found::batch) {
            segment.add((*scanned)->batch, log_.config_.index_interval_bytes,
                        log_.index_entries_max(), log_.time_entries_max());
            return Step::again;
        }
        if ((*scanned)->found == SegmentScan::Found::invalid)
            return fail(
                {DiskFault::failed, fmt::format("{}: no batch at position {}",
                                                segment.path(suffix::kLog), scan_.position())});
        log_.end_offset_ = to_;
        log_.log_start_offset_ = std::min(log_.log_start_offset_, to_);
        log_.epochs_.truncate_end(to_);
        log_.producers_.clear();
        snapshot_.emplace(log_.files_, log_.directory_, log_.snapshots_,
                          log_.segments_.front()->base_offset, to_);
        return go_on(&TruncateOperation::load_snapshot);
    }

    Step load_snapshot() {
        auto loaded = snapshot_->step(source(), log_.producers_, log_.report_.notes);
        if (!loaded) return fail(loaded.error());
        if (!*loaded) return Step::wait;
        producers_at_ = **loaded;
        at_ = log_.segment_of(producers_at_);
        return go_on(&TruncateOperation::begin_replay);
    }

    Step begin_replay() {
        if (at_ >= log_.segments_.size() || producers_at_ >= to_) return finish();
        const SegmentPtr& segment = log_.segments_[at_];
        scan_ = SegmentScan(segment, 0, segment->size_bytes, segment->base_offset,
                            SegmentScan::Depth::headers);
        return go_on(&TruncateOperation::replay);
    }

    Step replay() {
        auto scanned = scan_.next(source());
        if (!scanned) return fail(scanned.error());
        if (!*scanned) return Step::wait;
        if ((*scanned)->found != SegmentScan::Found::batch) {
            ++at_;
            return go_on(&TruncateOperation::begin_replay);
        }
        aborted_.clear();
        if ((*scanned)->batch.last_offset >= producers_at_)
            apply(**scanned, log_.producers_, aborted_);
        return Step::again;
    }

    Step finish() {
        log_.busy_ = false;
        ++log_.generation_;
        log_.flush(to_, std::move(done_));
        return Step::done;
    }

    Log& log_;
    Offset to_;
    MonoTime now_;
    DiskDone<> done_;
    Phase phase_ = &TruncateOperation::find_place;
    std::uint64_t position_ = 0;
    SegmentScan scan_;
    std::optional<SnapshotLoad> snapshot_;
    Offset producers_at_;
    std::size_t at_ = 0;
    std::vector<AbortedTransaction> aborted_;
};

void Log::truncate(Offset to, MonoTime mono_now, DiskDone<> done) {
    if (auto ok = check_usable(); !ok) return done(DiskError{DiskFault::failed, ok.error().detail});
    drop_staged();
    if (to >= end_offset_) return done({});
    if (to < segments_.front()->base_offset)
        return truncate_fully(to, segments_.front()->created_at, mono_now, std::move(done));
    busy_ = true;
    ++generation_;
    std::make_shared<TruncateOperation>(*this, to, mono_now, std::move(done))->run(alive_);
}

void Log::truncate_fully(Offset start, Timestamp now, MonoTime mono_now, DiskDone<> done) {
    if (auto ok = check_usable(); !ok) return done(DiskError{DiskFault::failed, ok.error().detail});
    drop_staged();
    ++generation_;
    DiskResult<> ok;
    // From the end, so that what a crash leaves is a beginning.
    while (ok && !segments_.empty()) {
        ok = retire(segments_.back(), mono_now);
        if (ok) segments_.pop_back();
    }
    if (ok) ok = drop_snapshots({0}, {std::numeric_limits<std::int64_t>::max()});
    if (ok) ok = add_segment(start, now);
    if (!ok) {
        DiskError final_error{DiskFault::failed, ok.error().detail};
        (void)failed(final_error);
        return done(std::move(final_error));
    }
    lower_recovery_point(start);
    log_start_offset_ = end_offset_ = recovery_point_ = start;
    epochs_.clear();
    producers_.clear();
    flush(start, std::move(done));
}

}  // namespace moldau::log
