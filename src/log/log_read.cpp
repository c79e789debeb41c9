// Reading: where a range stands, offsets for timestamps, aborted transactions.
#include "byte_source.hpp"
#include "segment.hpp"

#include "moldau/log/log.hpp"
#include "moldau/record/legacy.hpp"
#include "moldau/record/record.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

namespace moldau::log {

std::size_t Log::segment_of(Offset offset) const {
    const auto behind = std::ranges::upper_bound(
        segments_, offset, {}, [](const SegmentPtr& segment) { return segment->base_offset; });
    // Below the first one: what is there begins with it.
    return behind == segments_.begin() ? 0
                                       : static_cast<std::size_t>(behind - segments_.begin()) - 1;
}

Result<> Log::check_range(const ReadRequest& request) const {
    if (auto ok = check_usable(); !ok) return ok;
    if (request.from >= log_start_offset_ && request.from <= end_offset_) return {};
    return Error{ErrorCode::offset_out_of_range,
                 fmt::format("{}: offset {} is not within [{}, {}]", directory_, request.from.value,
                             log_start_offset_.value, end_offset_.value)};
}

DiskResult<std::optional<FileSlice>> Log::try_read(const ReadRequest& request, ByteSource& source) {
    const Offset end = std::min(request.end, end_offset_);
    if (request.from >= end) return std::optional(FileSlice());
    for (std::size_t i = segment_of(request.from); i < segments_.size(); ++i) {
        Segment& segment = *segments_[i];
        auto place = segment.find(request.from, source);
        if (!place) return place.error();
        if (!*place) return std::optional<FileSlice>();
        const std::uint64_t position = (*place)->position;
        if (position >= segment.size_bytes) continue;  // compaction has left nothing behind it here
        if ((*place)->batch.base_offset >= end) return std::optional(FileSlice());
        const Offset segment_end =
            i + 1 < segments_.size() ? segments_[i + 1]->base_offset : end_offset_;
        std::uint64_t limit = segment.size_bytes;
        if (end < segment_end) {
            auto last = segment.find(end, source);
            if (!last) return last.error();
            if (!*last) return std::optional<FileSlice>();
            // Only whole batches are below `end`.
            limit = (*last)->position;
        }
        const std::uint64_t wanted =
            request.at_least_one_batch
                ? std::max<std::uint64_t>(request.bytes_max, (*place)->batch.size_bytes)
                : request.bytes_max;
        if (limit <= position || wanted == 0) return std::optional(FileSlice());
        auto file = segment.log_file();
        if (!file) return file.error();
        return std::optional(
            FileSlice{std::move(*file), position, std::min(limit - position, wanted)});
    }
    return std::optional(FileSlice());
}

class Log::ReadOperation final : public Operation {
public:
    ReadOperation(Log& log, const ReadRequest& request, ReadDone done)
        : log_(log), request_(request), done_(std::move(done)), generation_(log.generation_) {}

private:
    Step step() override {
        // The log may have changed meanwhile.
        if (auto ok = log_.check_range(request_); !ok) return end(ok.error());
        if (std::exchange(generation_, log_.generation_) != log_.generation_) source().clear();
        auto slice = log_.try_read(request_, source());
        if (!slice) return end(log_.read_failed(slice.error()));
        if (!*slice) return Step::wait;
        return end(std::move(**slice));
    }
    Step end(Result<FileSlice> result) {
        done_(std::move(result));
        return Step::done;
    }

    Log& log_;
    ReadRequest request_;
    ReadDone done_;
    std::uint64_t generation_;
};

std::optional<Result<FileSlice>> Log::read(const ReadRequest& request, ReadDone done) {
    if (auto ok = check_range(request); !ok) return Result<FileSlice>(ok.error());
    scratch_->clear();
    auto slice = try_read(request, *scratch_);
    if (!slice) return Result<FileSlice>(read_failed(slice.error()));
    if (*slice) return Result<FileSlice>(std::move(**slice));
    scratch_->clear();
    // What was asked of memory is asked again, and submitted this time.
    std::make_shared<ReadOperation>(*this, request, std::move(done))->run(alive_);
    return std::nullopt;
}

/// Looks for one record by its timestamp: the first that is young enough, in the segment `segment_`
/// and those behind it.
class Log::TimeOperation final : public Operation {
public:
    TimeOperation(Log& log, Timestamp time, std::size_t segment, TimedOffsetDone done)
        : log_(log),
          time_(time),
          done_(std::move(done)),
          next_base_(log.segments_[segment]->base_offset),
          generation_(log.generation_) {}

private:
    Step step() override {
        if (auto ok = log_.check_usable(); !ok) return end(ok.error());
        if (generation_ != log_.generation_) {
            generation_ = log_.generation_;
            position_.reset();
            source().clear();
        }
        Segment& segment = *log_.segments_[log_.segment_of(next_base_)];
        if (segment.base_offset != next_base_) position_.reset();  // it is gone
        if (!position_) return find_start(segment);
        if (*position_ >= segment.size_bytes) return next_segment(segment);
        auto batch = segment.batch_at(*position_, source());
        if (!batch) return end(log_.read_failed(batch.error()));
        if (!*batch) return Step::wait;
        const BatchInfo& info = **batch;
        if (info.max_timestamp >= time_ && info.last_offset >= log_.log_start_offset_)
            return look_into(segment, info);
        return next_batch(info);
    }

    Step find_start(Segment& segment) {
        next_base_ = segment.base_offset;
        if (segment.max_timestamp < time_) return next_segment(segment);
        auto offset = segment.offset_before(time_, source());
        if (!offset) return end(log_.read_failed(offset.error()));
        if (!*offset) return Step::wait;
        auto position =
            segment.position_before(std::max(**offset, log_.log_start_offset_), source());
        if (!position) return end(log_.read_failed(position.error()));
        if (!*position) return Step::wait;
        position_ = *position;
        return Step::again;
    }

    Step look_into(Segment& segment, const BatchInfo& info) {
        auto file = segment.log_file();
        if (!file) return end(log_.read_failed(file.error()));
        auto bytes = source().get(*file, *position_, info.size_bytes);
        if (!bytes) return end(log_.read_failed(bytes.error()));
        if (!*bytes) return Step::wait;
        auto found = record_in(**bytes, info);
        if (!found) return end(found.error());
        if (*found) return end(*found);
        return next_batch(info);
    }

    Result<std::optional<TimedOffset>> record_in(BytesView bytes, const BatchInfo& info) {
        record::Unpacker unpacker;
        record::GrowingBuffer scratch;
        const std::size_t bytes_max = record::default_unpacked_bytes_max(info.size_bytes);
        const auto suits = [this](Offset offset, Timestamp timestamp) {
            return timestamp >= time_ && offset >= log_.log_start_offset_;
        };
        if (info.magic < record::kMagic) {
            auto cursor =
                record::LegacyCursor::open({bytes, info.magic}, bytes_max, unpacker, scratch);
            if (!cursor) return cursor.error();
            record::LegacyRecord record;
            for (;;) {
                auto more = cursor->next(record);
                if (!more) return more.error();
                if (!*more) return std::optional<TimedOffset>();
                if (suits(record.offset, record.timestamp))
                    return std::optional(TimedOffset{record.timestamp, record.offset, {-1}});
            }
        }
        auto batch = record::BatchView::of(bytes);
        if (!batch) return batch.error();
        auto records = record::unpack_records(*batch, bytes_max, unpacker, scratch);
        if (!records) return records.error();
        record::RecordCursor cursor(*batch, *records);
        record::RecordView record;
        for (;;) {
            auto more = cursor.next(record);
            if (!more) return more.error();
            if (!*more) return std::optional<TimedOffset>();
            if (suits(record.offset, record.timestamp))
                return std::optional(
                    TimedOffset{record.timestamp, record.offset, info.leader_epoch});
        }
    }

    Step next_batch(const BatchInfo& info) {
        position_ = *position_ + info.size_bytes;
        source().drop_pieces_but_last();
        return Step::again;
    }

    Step next_segment(const Segment& segment) {
        const std::size_t next = log_.segment_of(segment.base_offset) + 1;
        if (next >= log_.segments_.size()) return end(std::optional<TimedOffset>());
        next_base_ = log_.segments_[next]->base_offset;
        position_.reset();
        source().clear();
        return Step::again;
    }

    Step end(Result<std::optional<TimedOffset>> result) {
        done_(std::move(result));
        return Step::done;
    }

    Log& log_;
    Timestamp time_;
    TimedOffsetDone done_;
    Offset next_base_;  // of the segment that is looked at
    std::optional<std::uint64_t> position_;
    std::uint64_t generation_;
};

void Log::offset_for_time(Timestamp time, TimedOffsetDone done) {
    std::make_shared<TimeOperation>(*this, time, 0, std::move(done))->run(alive_);
}

void Log::offset_of_max_timestamp(TimedOffsetDone done) {
    const auto youngest = std::ranges::max_element(
        segments_, {}, [](const SegmentPtr& segment) { return segment->max_timestamp; });
    const Timestamp time = (*youngest)->max_timestamp;
    if (time.ms < 0) return done(std::optional<TimedOffset>());
    std::make_shared<TimeOperation>(
        *this, time, static_cast<std::size_t>(youngest - segments_.begin()), std::move(done))
        ->run(alive_);
}

std::vector<AbortedTransaction> Log::aborted_transactions(OffsetRange range) const {
    std::vector<AbortedTransaction> found;
    for (std::size_t i = segment_of(range.first); i < segments_.size(); ++i) {
        for (const AbortedTransaction& each : segments_[i]->aborted) {
            if (each.last_offset >= range.first && each.first_offset < range.end)
                found.push_back(each);
            // All that began before its last stable offset is decided by then.
            if (each.last_stable_offset >= range.end) return found;
        }
    }
    return found;
}

}  // namespace moldau::log
