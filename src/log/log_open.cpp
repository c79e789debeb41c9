// Opening: from what stands in a directory, whatever a crash has left of it, to a log.
#include "byte_source.hpp"
#include "directory_files.hpp"
#include "flush.hpp"
#include "replay.hpp"
#include "segment.hpp"

#include "moldau/log/files/partition_metadata.hpp"
#include "moldau/log/log.hpp"
#include "moldau/log/small_files.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <limits>
#include <utility>

namespace moldau::log {
namespace {

constexpr std::size_t kSmallBytesMax = std::size_t{64} << 20U;
constexpr std::size_t kTimeEntryBytes = 12;

std::string parent_of(const std::string& path) {
    const std::size_t slash = path.rfind('/');
    return slash == 0 || slash == std::string::npos ? "/" : path.substr(0, slash);
}

}  // namespace

class Log::OpenOperation final : public Operation {
public:
    OpenOperation(FileCache& files, LogOpening opening, OpenDone done)
        : opening_(opening), done_(std::move(done)), log_(new Log(files, std::move(opening))) {}

    void start() { run(log_->alive_); }

private:
    using Phase = Step (OpenOperation::*)();

    Step step() override { return (this->*phase_)(); }
    Step go_on(Phase next) {
        phase_ = next;
        source().clear();
        return Step::again;
    }
    Step fail(Error error) {
        done_(std::move(error));
        return Step::done;
    }
    std::string path(std::string_view name) const {
        return log_->directory_ + "/" + std::string(name);
    }
    Disk& disk() const { return log_->disk(); }

    Step list();
    Step finish_swaps();
    Step read_epochs();
    Step read_metadata();
    Step open_segments();
    Step load_indexes();
    Step load_active();
    Step load_inactive();
    Step load_transactions();
    Step walk_tail();
    Step load_snapshot();
    Step replay();
    Step recover();
    Step cut();
    Step settle();
    Step sync();

    DiskResult<> drop_useless_snapshots();
    DiskResult<> remove_all(std::span<const std::string> names);
    Maybe<BytesView> small_file(std::string_view name);
    void mark_for_recovery(std::size_t index) { recovered_[index] = true; }
    Step next_index();
    Step begin_recovery();
    Step end_recovery();
    bool is_durable(std::size_t index) const;
    DiskResult<> give_up_behind();

    LogOpening opening_;
    OpenDone done_;
    std::unique_ptr<Log> log_;
    Phase phase_ = &OpenOperation::list;

    DirectoryFiles found_;
    bool is_new_ = false;
    std::shared_ptr<File> file_;  // the small one that is read
    std::vector<SegmentFiles> files_of_;
    std::vector<bool> recovered_;  // segments that are read wholly
    std::size_t at_ = 0;           // the segment that a phase has come to
    bool is_walking_ = false;
    SegmentScan scan_;
    std::optional<SegmentScan> swap_scan_;
    std::optional<SnapshotLoad> snapshot_;
    Offset producers_at_;
    std::vector<AbortedTransaction> aborted_;
};

void Log::open(FileCache& files, LogOpening opening, OpenDone done) {
    std::make_shared<OpenOperation>(files, std::move(opening), std::move(done))->start();
}

DiskResult<> Log::OpenOperation::remove_all(std::span<const std::string> names) {
    for (const std::string& name : names) {
        if (auto ok = disk().remove(path(name)); !ok) return ok;
        log_->names_unsynced_ = true;
    }
    return {};
}

Maybe<BytesView> Log::OpenOperation::small_file(std::string_view name) {
    if (file_ == nullptr) {
        auto opened = disk().open(path(name), OpenMode::read_only);
        if (!opened) return opened.error();
        file_ = std::move(*opened);
    }
    auto size = file_->size();
    if (!size) return size.error();
    return source().get(file_, 0, std::min<std::uint64_t>(*size, kSmallBytesMax));
}

Log::OpenOperation::Step Log::OpenOperation::list() {
    auto entries = disk().list(log_->directory_);
    if (!entries && entries.error().fault == DiskFault::not_found) {
        if (auto ok = disk().create_directories(log_->directory_); !ok) return fail(ok.error());
        is_new_ = true;
        entries = std::vector<DirectoryEntry>();
    }
    if (!entries) return fail(entries.error());
    found_ = sort_out(*entries);
    log_->report_.unknown_files = found_.unknown;
    if (auto ok = remove_all(found_.leftovers); !ok) return fail(ok.error());
    return go_on(&OpenOperation::finish_swaps);
}

// A cleaner that had finished its new segment has named it .swap: it replaces all segments that
// begin within it. While a .cleaned file is there the work was not finished, and the old ones stay.
Log::OpenOperation::Step Log::OpenOperation::finish_swaps() {
    if (found_.swaps.empty()) return go_on(&OpenOperation::read_epochs);
    const auto& [base, names] = *found_.swaps.begin();
    const std::string log_name = segment_file_name(base, suffix::kLog) + std::string(suffix::kSwap);
    const bool is_whole = std::ranges::count(names, log_name) != 0 &&
                          (!found_.first_cleaned || base < *found_.first_cleaned);
    if (!is_whole) {
        if (auto ok = remove_all(names); !ok) return fail(ok.error());
        found_.swaps.erase(found_.swaps.begin());
        return Step::again;
    }
    if (!swap_scan_) {
        // Its name is set first: the range that it covers is read from it as a segment.
        auto segment =
            std::make_shared<Segment>(log_->files_, log_->directory_, base, opening_.now);
        segment->log_suffix = ".log.swap";
        auto file = segment->log_file();
        if (!file) return fail(file.error());
        auto size = (*file)->size();
        if (!size) return fail(size.error());
        swap_scan_.emplace(segment, 0, *size, base, SegmentScan::Depth::headers);
    }
    auto scanned = swap_scan_->next(source());
    if (!scanned) return fail(scanned.error());
    if (!*scanned) return Step::wait;
    if ((*scanned)->found == SegmentScan::Found::batch) return Step::again;
    const Offset end = swap_scan_->next_offset();
    swap_scan_.reset();
    for (auto each = found_.segments.lower_bound(base);
         each != found_.segments.end() && (each->first == base || each->first < end);) {
        for (const auto& [has, ending] :
             {std::pair{each->second.has_log, suffix::kLog},
              std::pair{each->second.has_index, suffix::kIndex},
              std::pair{each->second.has_time_index, suffix::kTimeIndex},
              std::pair{each->second.has_transaction_index, suffix::kTransactionIndex}}) {
            // The first one's log is replaced by the rename, in one step.
            if (!has || (each->first == base && ending == suffix::kLog)) continue;
            if (auto ok = disk().remove(path(segment_file_name(each->first, ending))); !ok)
                return fail(ok.error());
        }
        each = found_.segments.erase(each);
    }
    SegmentFiles& files = found_.segments[base];
    for (const std::string& name : names) {
        const std::string to = name.substr(0, name.size() - suffix::kSwap.size());
        if (auto ok = disk().rename(path(name), path(to)); !ok) return fail(ok.error());
        const auto numbered = offset_name(to);
        if (numbered->suffix == suffix::kLog) files.has_log = true;
        if (numbered->suffix == suffix::kIndex) files.has_index = true;
        if (numbered->suffix == suffix::kTimeIndex) files.has_time_index = true;
        if (numbered->suffix == suffix::kTransactionIndex) files.has_transaction_index = true;
    }
    log_->names_unsynced_ = true;
    log_->report_.notes.push_back(log_name + ": put in its place");
    found_.swaps.erase(found_.swaps.begin());
    source().clear();
    return Step::again;
}

Log::OpenOperation::Step Log::OpenOperation::read_epochs() {
    if (!found_.has_leader_epochs) return go_on(&OpenOperation::read_metadata);
    auto bytes = small_file("leader-epoch-checkpoint");
    if (!bytes) return fail(bytes.error());
    if (!*bytes) return Step::wait;
    auto starts = parse_leader_epoch_checkpoint(as_text(**bytes));
    if (starts) {
        log_->epochs_ = LeaderEpochs(std::move(*starts));
    } else {
        log_->report_.notes.push_back("leader-epoch-checkpoint: " + starts.error().detail);
    }
    file_.reset();
    return go_on(&OpenOperation::read_metadata);
}

Log::OpenOperation::Step Log::OpenOperation::read_metadata() {
    if (found_.has_metadata) {
        auto bytes = small_file("partition.metadata");
        if (!bytes) return fail(bytes.error());
        if (!*bytes) return Step::wait;
        auto metadata = parse_partition_metadata(as_text(**bytes));
        if (metadata) {
            log_->topic_id_ = metadata->topic_id;
        } else {
            log_->report_.notes.push_back("partition.metadata: " + metadata.error().detail);
        }
        file_.reset();
    }
    if (opening_.topic_id && log_->topic_id_ && *opening_.topic_id != *log_->topic_id_)
        return fail({ErrorCode::inconsistent_topic_id,
                     fmt::format("{} is of topic id {}, not {}", log_->directory_,
                                 log_->topic_id_->to_string(), opening_.topic_id->to_string())});
    return go_on(&OpenOperation::open_segments);
}

Log::OpenOperation::Step Log::OpenOperation::open_segments() {
    for (const auto& [base, files] : found_.segments) {
        if (!files.has_log) {  // indexes of a segment that is gone
            for (const auto& [has, ending] :
                 {std::pair{files.has_index, suffix::kIndex},
                  std::pair{files.has_time_index, suffix::kTimeIndex},
                  std::pair{files.has_transaction_index, suffix::kTransactionIndex}}) {
                if (!has) continue;
                if (auto ok = disk().remove(path(segment_file_name(base, ending))); !ok)
                    return fail(ok.error());
            }
            continue;
        }
        auto segment =
            std::make_shared<Segment>(log_->files_, log_->directory_, base, opening_.now);
        auto file = segment->log_file();
        if (!file) return fail(file.error());
        auto size = (*file)->size();
        if (!size) return fail(size.error());
        segment->size_bytes = *size;
        segment->has_transaction_file = files.has_transaction_index;
        log_->segments_.push_back(std::move(segment));
        files_of_.push_back(files);
    }
    log_->snapshots_ = found_.snapshots;
    if (opening_.was_clean && !found_.snapshots.empty())
        log_->durable_snapshots_ = found_.snapshots.back();
    for (const Offset each : found_.snapshots) {
        if (!opening_.was_clean)
            log_->unsynced_files_.push_back(path(segment_file_name(each, suffix::kSnapshot)));
    }
    const auto& segments = log_->segments_;
    recovered_.assign(segments.size(), false);
    for (std::size_t i = 0; i < segments.size(); ++i) {
        // Its indexes are durable when a flush has ended behind the roll that wrote them.
        const bool is_sure =
            opening_.was_clean ||
            (i + 1 < segments.size() && segments[i + 1]->base_offset < opening_.recovery_point);
        if (!is_sure || !files_of_[i].has_index || !files_of_[i].has_time_index)
            mark_for_recovery(i);
    }
    return go_on(&OpenOperation::load_indexes);
}

Log::OpenOperation::Step Log::OpenOperation::next_index() {
    ++at_;
    file_.reset();
    return go_on(&OpenOperation::load_indexes);
}

Log::OpenOperation::Step Log::OpenOperation::load_indexes() {
    if (at_ >= log_->segments_.size()) return go_on(&OpenOperation::walk_tail);
    if (recovered_[at_]) return next_index();
    const bool is_active = at_ + 1 == log_->segments_.size();
    return go_on(is_active ? &OpenOperation::load_active : &OpenOperation::load_inactive);
}

// Of a segment that is not active only the last time entry: how young its records are.
Log::OpenOperation::Step Log::OpenOperation::load_inactive() {
    Segment& segment = *log_->segments_[at_];
    if (file_ == nullptr) {
        auto file = disk().open(segment.path(suffix::kTimeIndex), OpenMode::read_only);
        if (!file) return fail(file.error());
        file_ = std::move(*file);
    }
    auto size = file_->size();
    if (!size) return fail(size.error());
    bool is_sound = *size % kTimeEntryBytes == 0;
    if (is_sound && *size > 0) {
        auto bytes = source().get(file_, *size - kTimeEntryBytes, kTimeEntryBytes);
        if (!bytes) return fail(bytes.error());
        if (!*bytes) return Step::wait;
        const Timestamp timestamp{load_be<std::int64_t>((*bytes)->data())};
        const auto relative = load_be<std::int32_t>((*bytes)->data() + 8);
        // Zeros: it was active when its broker was killed, and never trimmed.
        is_sound = relative >= 0 && (timestamp.ms != 0 || relative != 0);
        segment.max_timestamp = timestamp;
        segment.offset_of_max_timestamp = segment.base_offset + relative;
    }
    if (!is_sound) {
        segment.max_timestamp = {};
        mark_for_recovery(at_);
        log_->report_.notes.push_back(segment.path(suffix::kTimeIndex) + ": broken, built anew");
        return next_index();
    }
    file_.reset();
    return go_on(&OpenOperation::load_transactions);
}

Log::OpenOperation::Step Log::OpenOperation::load_active() {
    Segment& segment = *log_->segments_[at_];
    const bool reads_offsets = !segment.indexes_in_memory;
    auto bytes = small_file(segment_file_name(segment.base_offset,
                                              reads_offsets ? suffix::kIndex : suffix::kTimeIndex));
    if (!bytes) return fail(bytes.error());
    if (!*bytes) return Step::wait;
    std::string why;
    if (reads_offsets) {
        auto entries = parse_offset_index(**bytes, segment.base_offset);
        if (!entries) why = entries.error().detail;
        if (entries) segment.offset_index = std::move(*entries);
        if (entries && !segment.offset_index.empty() &&
            static_cast<std::uint64_t>(segment.offset_index.back().position) >= segment.size_bytes)
            why = "points behind the end of its segment";
    } else {
        auto entries = parse_time_index(**bytes, segment.base_offset);
        if (!entries) why = entries.error().detail;
        if (entries) segment.time_index = std::move(*entries);
        if (entries && !segment.time_index.empty()) {
            segment.max_timestamp = segment.time_index.back().timestamp;
            segment.offset_of_max_timestamp = segment.time_index.back().offset;
        }
    }
    segment.indexes_in_memory = true;
    file_.reset();
    source().clear();
    if (!why.empty()) {
        mark_for_recovery(at_);
        log_->report_.notes.push_back(
            fmt::format("{}: index broken, built anew: {}", segment.path(suffix::kLog), why));
        return next_index();
    }
    if (reads_offsets) return Step::again;
    return go_on(&OpenOperation::load_transactions);
}

Log::OpenOperation::Step Log::OpenOperation::load_transactions() {
    Segment& segment = *log_->segments_[at_];
    if (!files_of_[at_].has_transaction_index) return next_index();
    auto bytes = small_file(segment_file_name(segment.base_offset, suffix::kTransactionIndex));
    if (!bytes) return fail(bytes.error());
    if (!*bytes) return Step::wait;
    auto aborted = parse_transaction_index(**bytes);
    if (aborted) {
        segment.aborted = std::move(*aborted);
    } else {
        mark_for_recovery(at_);
        log_->report_.notes.push_back(fmt::format("{}: broken, built anew: {}",
                                                  segment.path(suffix::kTransactionIndex),
                                                  aborted.error().detail));
    }
    return next_index();
}

// The end of a log that was left in order: from the last index entry on.
Log::OpenOperation::Step Log::OpenOperation::walk_tail() {
    if (log_->segments_.empty()) {
        log_->end_offset_ = log_->log_start_offset_;
        return go_on(&OpenOperation::load_snapshot);
    }
    const SegmentPtr& segment = log_->segments_.back();
    log_->end_offset_ = segment->base_offset;
    if (recovered_.back()) return go_on(&OpenOperation::load_snapshot);
    if (!is_walking_) {
        if (segment->size_bytes > 0) {
            auto first = segment->batch_at(0, source());
            if (!first && first.error().fault == DiskFault::failed) return fail(first.error());
            if (first && !*first) return Step::wait;
            if (first) segment->first_timestamp = (*first)->max_timestamp;
        }
        const bool has_entry = !segment->offset_index.empty();
        scan_ = SegmentScan(
            segment,
            has_entry ? static_cast<std::uint64_t>(segment->offset_index.back().position) : 0,
            segment->size_bytes, segment->base_offset, SegmentScan::Depth::headers);
        segment->bytes_since_index_entry = 0;
        is_walking_ = true;
    }
    auto scanned = scan_.next(source());
    if (!scanned) return fail(scanned.error());
    if (!*scanned) return Step::wait;
    const BatchInfo& batch = (*scanned)->batch;
    switch ((*scanned)->found) {
        case SegmentScan::Found::batch:
            segment->bytes_since_index_entry += batch.size_bytes;
            if (batch.max_timestamp > segment->max_timestamp) {
                segment->max_timestamp = batch.max_timestamp;
                segment->offset_of_max_timestamp = batch.last_offset;
            }
            return Step::again;
        case SegmentScan::Found::invalid:
            // Not left in order after all.
            mark_for_recovery(log_->segments_.size() - 1);
            break;
        case SegmentScan::Found::end:
            log_->end_offset_ = std::max(scan_.next_offset(), segment->base_offset);
            break;
    }
    is_walking_ = false;
    return go_on(&OpenOperation::load_snapshot);
}

Log::OpenOperation::Step Log::OpenOperation::load_snapshot() {
    const auto first = std::ranges::find(recovered_, true) - recovered_.begin();
    const auto index = static_cast<std::size_t>(first);
    // Not behind what is to be recovered: transactions that end there are found from its begin on.
    const Offset limit =
        index < recovered_.size() ? log_->segments_[index]->base_offset : log_->end_offset_;
    if (!snapshot_) {
        const Offset least = log_->segments_.empty() ? log_->log_start_offset_
                                                     : log_->segments_.front()->base_offset;
        snapshot_.emplace(log_->files_, log_->directory_, log_->snapshots_, least, limit);
    }
    auto loaded = snapshot_->step(source(), log_->producers_, log_->report_.notes);
    if (!loaded) return fail(loaded.error());
    if (!*loaded) return Step::wait;
    producers_at_ = **loaded;
    if (index < recovered_.size()) log_->epochs_.truncate_end(limit);
    at_ = log_->segments_.empty() ? 0 : log_->segment_of(producers_at_);
    return go_on(&OpenOperation::replay);
}

// Producers and transactions from the snapshot on, through segments that need no more than that.
Log::OpenOperation::Step Log::OpenOperation::replay() {
    const auto& segments = log_->segments_;
    const bool is_any_recovered = std::ranges::find(recovered_, true) != recovered_.end();
    if (at_ >= segments.size() || (!is_any_recovered && producers_at_ >= log_->end_offset_))
        return go_on(&OpenOperation::settle);
    if (recovered_[at_]) return begin_recovery();
    const SegmentPtr& segment = segments[at_];
    if (!is_walking_) {
        auto position = segment->position_before(producers_at_, source());
        if (!position) return fail(position.error());
        if (!*position) return Step::wait;
        scan_ = SegmentScan(segment, **position, segment->size_bytes, segment->base_offset,
                            SegmentScan::Depth::headers);
        is_walking_ = true;
    }
    auto scanned = scan_.next(source());
    if (!scanned) return fail(scanned.error());
    if (!*scanned) return Step::wait;
    if ((*scanned)->found == SegmentScan::Found::batch) {
        aborted_.clear();  // the segment's own index has them
        if ((*scanned)->batch.last_offset >= producers_at_)
            apply(**scanned, log_->producers_, aborted_);
        return Step::again;
    }
    if ((*scanned)->found == SegmentScan::Found::invalid)
        log_->report_.notes.push_back(fmt::format("{}: no batch at position {}",
                                                  segment->path(suffix::kLog), scan_.position()));
    if (at_ + 1 == segments.size()) log_->end_offset_ = scan_.next_offset();
    is_walking_ = false;
    ++at_;
    return go_on(&OpenOperation::replay);
}

Log::OpenOperation::Step Log::OpenOperation::begin_recovery() {
    const SegmentPtr& segment = log_->segments_[at_];
    scan_ = SegmentScan(segment, 0, segment->size_bytes, segment->base_offset,
                        SegmentScan::Depth::whole);
    segment->size_bytes = 0;
    segment->max_timestamp = {};
    segment->offset_index.clear();
    segment->time_index.clear();
    segment->aborted.clear();
    segment->bytes_since_index_entry = 0;
    segment->indexes_in_memory = true;
    segment->is_recovered = true;
    ++log_->report_.segments_recovered;
    return go_on(&OpenOperation::recover);
}

Log::OpenOperation::Step Log::OpenOperation::recover() {
    auto scanned = scan_.next(source());
    if (!scanned) return fail(scanned.error());
    if (!*scanned) return Step::wait;
    Segment& segment = *log_->segments_[at_];
    switch ((*scanned)->found) {
        case SegmentScan::Found::batch: {
            const BatchInfo& batch = (*scanned)->batch;
            segment.add(batch, log_->config_.index_interval_bytes, log_->index_entries_max(),
                        log_->time_entries_max());
            log_->epochs_.assign(batch.leader_epoch, batch.base_offset);
            aborted_.clear();
            if (batch.last_offset >= producers_at_) apply(**scanned, log_->producers_, aborted_);
            segment.aborted.insert(segment.aborted.end(), aborted_.begin(), aborted_.end());
            return Step::again;
        }
        case SegmentScan::Found::invalid:
            return go_on(&OpenOperation::cut);
        case SegmentScan::Found::end:
            break;
    }
    return end_recovery();
}

bool Log::OpenOperation::is_durable(std::size_t index) const {
    const auto& segments = log_->segments_;
    if (index + 1 == segments.size()) return false;
    return opening_.was_clean || segments[index + 1]->base_offset <= opening_.recovery_point;
}

DiskResult<> Log::OpenOperation::give_up_behind() {
    while (log_->segments_.size() > at_ + 1) {
        log_->report_.bytes_cut += log_->segments_.back()->size_bytes;
        if (auto ok = log_->retire(log_->segments_.back(), opening_.mono_now); !ok) return ok;
        log_->segments_.pop_back();
        recovered_.pop_back();
    }
    return {};
}

// Nothing behind the first batch that is not valid is known to be what was appended.
Log::OpenOperation::Step Log::OpenOperation::cut() {
    Segment& segment = *log_->segments_[at_];
    auto file = segment.log_file();
    if (!file) return fail(file.error());
    auto size = (*file)->size();
    if (!size) return fail(size.error());
    LogReport& report = log_->report_;
    if (is_durable(at_)) {
        // Only its indexes were missing. What stands behind the damage is not given up for it.
        report.notes.push_back(fmt::format("{}: damaged at position {}", segment.path(suffix::kLog),
                                           scan_.position()));
        segment.size_bytes = *size;
        return end_recovery();
    }
    report.bytes_cut += *size - scan_.position();
    if (scan_.next_offset() < opening_.recovery_point) report.cut_below_recovery_point = true;
    if (auto ok = give_up_behind(); !ok) return fail(ok.error());
    if (auto ok = (*file)->truncate(scan_.position()); !ok) return fail(ok.error());
    return end_recovery();
}

Log::OpenOperation::Step Log::OpenOperation::end_recovery() {
    Segment& segment = *log_->segments_[at_];
    // The name of the next segment may be durable and the end of this one not: a hole, unless a
    // cleaner has made it.
    if (at_ + 1 < log_->segments_.size() && !is_durable(at_) && !log_->config_.compacts &&
        scan_.next_offset() < log_->segments_[at_ + 1]->base_offset) {
        if (auto ok = give_up_behind(); !ok) return fail(ok.error());
    }
    log_->end_offset_ = std::max(scan_.next_offset(), segment.base_offset);
    if (at_ + 1 < log_->segments_.size()) {
        segment.add_time_entry(log_->time_entries_max() + 1);
        if (auto ok = segment.write_indexes(); !ok) return fail(ok.error());
        segment.forget_indexes();
        log_->names_unsynced_ = true;
    }
    ++at_;
    is_walking_ = false;
    return go_on(&OpenOperation::replay);
}

Log::OpenOperation::Step Log::OpenOperation::settle() {
    Log& log = *log_;
    if (!log.segments_.empty() && log.end_offset_ < log.log_start_offset_) {
        // All that is left was deleted before, or was never durable.
        for (const SegmentPtr& segment : log.segments_) {
            if (auto ok = log.retire(segment, opening_.mono_now); !ok) return fail(ok.error());
        }
        log.segments_.clear();
        log.producers_.clear();
        // Nor may a snapshot bring producers back: their next batches would be taken for old ones.
        if (auto ok = log.drop_snapshots({0}, {std::numeric_limits<std::int64_t>::max()}); !ok)
            return fail(ok.error());
        log.report_.notes.push_back("the log ended before its start: begun anew");
    }
    if (log.segments_.empty()) {
        if (auto ok = log.add_segment(log.log_start_offset_, opening_.now); !ok)
            return fail(ok.error());
        log.end_offset_ = log.log_start_offset_;
    }
    log.log_start_offset_ = std::max(log.log_start_offset_, log.segments_.front()->base_offset);
    log.epochs_.truncate_end(log.end_offset_);
    log.epochs_.truncate_start(log.log_start_offset_);
    if (auto ok = drop_useless_snapshots(); !ok) return fail(ok.error());
    log.producers_.remove_expired(opening_.now, log.config_.producer_id_expiration_ms);
    // What was recovered is not known to be durable.
    const bool is_all_durable = opening_.was_clean && log.report_.segments_recovered == 0;
    log.recovery_point_ =
        is_all_durable ? log.end_offset_ : std::min(opening_.recovery_point, log.end_offset_);
    if (opening_.topic_id && !log.topic_id_) {
        const std::string text = write_partition_metadata({*opening_.topic_id});
        if (auto ok = write_file(disk(), path("partition.metadata"), as_bytes(text)); !ok)
            return fail(ok.error());
        log.topic_id_ = opening_.topic_id;
        log.unsynced_files_.push_back(path("partition.metadata"));
        log.names_unsynced_ = true;
    }
    return go_on(&OpenOperation::sync);
}

// Kept are those that a segment begins with, and the newest: from it a start goes on.
DiskResult<> Log::OpenOperation::drop_useless_snapshots() {
    Log& log = *log_;
    if (auto ok =
            log.drop_snapshots(log.end_offset_ + 1, {std::numeric_limits<std::int64_t>::max()});
        !ok)
        return ok;
    // The newest may not be durable yet, and one before it may have to serve.
    if (!opening_.was_clean) return {};
    const std::vector<Offset> all = log.snapshots_;
    for (const Offset each : all) {
        const bool begins_segment = log.segments_[log.segment_of(each)]->base_offset == each;
        if (begins_segment || each == all.back()) continue;
        if (auto ok = log.drop_snapshots(each, each); !ok) return ok;
    }
    return {};
}

// What was recovered may be in the page cache only: nobody may see it before it is durable.
Log::OpenOperation::Step Log::OpenOperation::sync() {
    // Likewise the names: a process that was killed may have made files and not synced them, nor,
    // while nothing in it was durable yet, the directory itself.
    if (log_->report_.segments_recovered > 0) log_->names_unsynced_ = true;
    const bool may_be_new =
        is_new_ ||
        (!opening_.was_clean && opening_.recovery_point <= log_->segments_.front()->base_offset);
    const bool is_due = may_be_new || log_->names_unsynced_ || log_->report_.segments_recovered > 0;
    if (!is_due) {
        done_(std::move(log_));
        return Step::done;
    }
    auto self = std::static_pointer_cast<OpenOperation>(shared_from_this());
    auto flush = [self](DiskResult<> named) {
        if (!named) return (void)self->fail(self->log_->failed(named.error()));
        // What the flush submits holds this operation, the flush itself does not: it is the log's,
        // and the log is this operation's until it is handed over.
        self->log_->opening_ = self;
        self->log_->flush(self->log_->end_offset_, [operation = self.get()](DiskResult<> flushed) {
            if (!flushed) return (void)operation->fail(flushed.error());
            operation->done_(std::move(operation->log_));
        });
    };
    if (may_be_new) {
        disk().sync_directory(parent_of(log_->directory_), std::move(flush));
    } else {
        flush({});
    }
    return Step::wait_elsewhere;
}

}  // namespace moldau::log
