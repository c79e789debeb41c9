// One partition's log: batches in segments on a disk, as Kafka keeps them. One shard's; no clock,
// no thread: time is an argument, what waits for the device ends in a callback.
#pragma once

#include "moldau/base/ports/disk.hpp"
#include "moldau/base/ports/file_slice.hpp"
#include "moldau/base/uuid.hpp"
#include "moldau/log/file_cache.hpp"
#include "moldau/log/leader_epochs.hpp"
#include "moldau/log/producer_state.hpp"
#include "moldau/record/append_validator.hpp"

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <deque>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

namespace moldau::log {

class ByteSource;
class Segment;
struct BatchInfo;

/// A topic's settings as far as the log keeps them; Kafka's names and defaults.
struct LogConfig {
    std::uint64_t segment_bytes = 1'073'741'824;
    std::int64_t segment_ms = 604'800'000;
    std::int64_t segment_jitter_ms = 0;  // what this log's segments are younger at their roll
    std::uint64_t segment_index_bytes = 10'485'760;
    std::uint64_t index_interval_bytes = 4096;
    std::int64_t retention_bytes = -1;        // -1: no bound
    std::int64_t retention_ms = 604'800'000;  // -1: no bound
    std::int64_t producer_id_expiration_ms = 86'400'000;
    Duration file_delete_delay = std::chrono::seconds(60);
    bool deletes = true;    // cleanup.policy holds "delete"
    bool compacts = false;  // likewise "compact": offsets may be missing
};

/// What an error of the disk, which took a log offline, says of the disk.
enum class LogFailure : std::uint8_t {
    read,   // of what could not be read
    write,  // of all that stands in the log directory: what was written may be lost
};

/// What open() is told from outside of the partition's directory.
struct LogOpening {
    std::string directory;  // absolute; made when it is not there
    LogConfig config;
    Offset log_start_offset;  // from the checkpoint; 0 without one
    // Likewise: all from the log start to it is durable. The owner writes the log start first: what
    // a raised log start has dropped was never flushed, and its files may be back after a crash.
    Offset recovery_point;
    bool was_clean = false;  // the directory was left in an orderly stop
    Timestamp now;
    MonoTime mono_now;
    std::optional<Uuid> topic_id;  // written to partition.metadata when that is not there
    /// The disk has failed for good, and the log is offline.
    std::function<void(const DiskError&, LogFailure)> on_failure;
};

/// What open() found and did, for the operator.
struct LogReport {
    std::size_t segments_recovered = 0;      // read wholly, indexes built anew
    std::uint64_t bytes_cut = 0;             // behind the last valid batch
    bool cut_below_recovery_point = false;   // what was durable is damaged
    std::vector<std::string> unknown_files;  // left alone
    std::vector<std::string> notes;          // what was broken and is mended
};

/// What became of one staged batch.
struct StagedBatch {
    OffsetRange offsets;
    bool is_duplicate = false;  // it is in the log already, there
};

/// What write_staged() did.
struct WrittenBatches {
    std::size_t batches = 0;     // of those staged (duplicates not counted), from the first on
    std::optional<Error> error;  // what kept it from the rest, which is not in the log
};

struct ReadRequest {
    Offset from;
    Offset end;  // exclusive: the high watermark, the last stable offset or the end offset
    std::size_t bytes_max = 0;
    bool at_least_one_batch = true;  // though it is larger than bytes_max
};
/// Whole batches from the one on that holds `from`; the last may be cut by bytes_max.
using ReadDone = std::move_only_function<void(Result<FileSlice>)>;

struct TimedOffset {
    Timestamp timestamp;
    Offset offset;
    LeaderEpoch leader_epoch{-1};
    friend bool operator==(const TimedOffset&, const TimedOffset&) = default;
};
using TimedOffsetDone = std::move_only_function<void(Result<std::optional<TimedOffset>>)>;

/// Invariants: docs/invariants.md#log. A failed write or sync takes the log offline: from then on
/// every call answers kafka_storage_error. Callbacks come at most once, never after the log is
/// destroyed, and not from inside the call unless it says so. `files` outlives the log.
class Log {
public:
    using OpenDone = std::move_only_function<void(Result<std::unique_ptr<Log>>)>;

    /// Opens or creates. Whatever a crash can leave behind is mended: a torn tail is cut behind the
    /// last valid batch, indexes are built anew where they are missing or broken, producers come
    /// from their snapshots and what follows them; recovered bytes are synced before `done` is
    /// called, possibly from inside this call.
    /// Errors: kafka_storage_error: the disk · inconsistent_topic_id: another topic's directory.
    static void open(FileCache& files, LogOpening opening, OpenDone done);
    Log(const Log&) = delete;
    Log& operator=(const Log&) = delete;
    ~Log();

    const LogReport& report() const { return report_; }
    const std::string& directory() const { return directory_; }
    std::optional<Uuid> topic_id() const { return topic_id_; }
    const LogConfig& config() const { return config_; }
    void set_config(const LogConfig& config) { config_ = config; }

    Offset log_start_offset() const { return log_start_offset_; }
    Offset end_offset() const { return end_offset_; }
    /// Where the next staged batch begins.
    Offset staged_end_offset() const { return staged_.empty() ? end_offset_ : staged_end_; }
    Offset recovery_point() const { return recovery_point_; }
    std::uint64_t size_bytes() const;
    std::size_t segment_count() const { return segments_.size(); }
    bool is_offline() const { return offline_.has_value(); }
    const LeaderEpochs& leader_epochs() const { return epochs_; }
    const ProducerState& producers() const { return producers_; }
    /// Below it nothing is undecided.
    Offset last_stable_offset(Offset high_watermark) const;
    void high_watermark_moved(Offset to) { producers_.high_watermark_moved(to); }
    void remove_expired_producers(Timestamp now) {
        producers_.remove_expired(now, config_.producer_id_expiration_ms);
    }

    /// Clients' batches that were refused before the log was open.
    void were_refused(RefusedBatches before) { producers_.were_refused(std::move(before)); }

    /// Puts a batch behind what is staged. `header` and `rest` stay where they are until
    /// write_staged(). Errors: as ProducerState::stage() · invalid_record: offsets that do not
    /// follow · corrupt_message: no batch of magic 2 · kafka_storage_error: offline.
    Result<StagedBatch> stage(BytesView header, BytesView rest, BatchOrigin origin, Timestamp now);
    Result<StagedBatch> stage(const record::ValidatedBatch& batch, BatchOrigin origin,
                              Timestamp now) {
        return stage(batch.header, batch.rest, origin, now);
    }
    /// A whole batch as a leader sent it.
    Result<StagedBatch> stage(BytesView batch, Timestamp now) {
        return stage(batch.first(std::min(batch.size(), record::kHeaderBytes)),
                     batch.subspan(std::min(batch.size(), record::kHeaderBytes)),
                     BatchOrigin::replication, now);
    }
    /// Appends what was staged with one write (one more for each roll); nothing is durable before a
    /// flush. Errors: kafka_storage_error: the disk is full, and the log as it was and readable:
    /// try later; or the write failed, and the log is offline.
    WrittenBatches write_staged(Timestamp now);
    void drop_staged();

    /// Answers at once when the disk need not be waited for, else by `done`.
    /// Errors: offset_out_of_range: below the log start or above the end · kafka_storage_error.
    std::optional<Result<FileSlice>> read(const ReadRequest& request, ReadDone done);

    /// A read, from what read() answered, too, has failed: only a device that fails is final.
    Error read_failed(const DiskError& error) {
        return error.fault == DiskFault::failed ? failed(error, LogFailure::read) : Error(error);
    }
    /// Its log directory has failed. on_failure is not told.
    void take_offline(const Error& reason) {
        if (!offline_) offline_ = reason;
    }

    /// The first record at or behind log start whose timestamp is at least `time`; nothing: none.
    /// May call `done` from inside. Errors: kafka_storage_error · as Unpacker::unpack().
    void offset_for_time(Timestamp time, TimedOffsetDone done);
    /// The first record with the largest timestamp.
    void offset_of_max_timestamp(TimedOffsetDone done);
    /// Aborted transactions with a record in `range`, for read_committed consumers.
    std::vector<AbortedTransaction> aborted_transactions(OffsetRange range) const;

    /// Makes all below `to` durable. When `done` says it went well, recovery_point() is at least
    /// `to`, or the end of a log that was cut meanwhile. A failed sync is final: the log is
    /// offline. While a truncation runs it waits for its end. May call `done` from inside.
    void flush(Offset to, DiskDone<> done);
    /// Nothing is staged, nor does a flush or a truncation run, and the disk is well.
    bool is_quiet() const;
    /// Renames the directory of a log that is quiet, within the one that holds it, whose names are
    /// not synced. Who reads goes on. Errors: the disk's; the log is where it was.
    DiskResult<> move_to(std::string directory);
    /// Of an empty log: begins with what `other` knows of producers below the start of this one,
    /// whose records are not here. It outlives a crash from the next flush on. Errors: the disk's.
    DiskResult<> begin_with_producers_of(const Log& other);
    /// Knows what `other` knows of producers, which ends where this log does; a crash forgets what
    /// neither the records nor the beginning say. Both are quiet.
    void take_producers_of(const Log& other);
    /// Clean stop: indexes, producers and epochs are written and all is flushed. Nothing may be
    /// appended any more. May call `done` from inside when it fails.
    void close(DiskDone<> done);

    /// Starts a new segment; does nothing when the active one is empty.
    Result<> roll(Timestamp now);
    /// Retention by time, bytes and log start: renames segments to .deleted; on_tick() removes them
    /// later. Only what lies wholly below `high_watermark` goes. Returns how many segments went.
    Result<std::size_t> delete_old_segments(Timestamp now, MonoTime mono_now,
                                            Offset high_watermark);
    /// DeleteRecords. Errors: offset_out_of_range: above the high watermark.
    Result<> raise_log_start(Offset to, Offset high_watermark);
    /// When on_tick() has something to do.
    std::optional<MonoTime> next_deadline() const;
    /// Removes files whose delay is over.
    void on_tick(MonoTime now);

    /// Drops all at and behind `to`, durably. Until `done` is called, which may be from inside, the
    /// log takes nothing. Errors: kafka_storage_error.
    void truncate(Offset to, MonoTime mono_now, DiskDone<> done);
    /// Drops all; the log goes on at `start`.
    void truncate_fully(Offset start, Timestamp now, MonoTime mono_now, DiskDone<> done);

private:
    class OpenOperation;
    class ReadOperation;
    class TimeOperation;
    class TruncateOperation;
    struct Flush;
    using SegmentPtr = std::shared_ptr<Segment>;

    /// A batch that waits for write_staged().
    struct Staged {
        BytesView header, rest;
        bool rolls = false;  // it opens a segment
    };
    struct Doomed {
        std::string path;
        MonoTime due;
    };

    Log(FileCache& files, LogOpening opening);

    Segment& active() const { return *segments_.back(); }
    Disk& disk() const { return files_.disk(); }
    std::size_t index_entries_max() const { return config_.segment_index_bytes / 8; }
    std::size_t time_entries_max() const { return config_.segment_index_bytes / 12; }
    /// The segment that holds `offset` or the next offset behind it; segments_.size(): none.
    std::size_t segment_of(Offset offset) const;

    /// Takes the log offline when that is what the fault means.
    Error failed(const DiskError& error, LogFailure what = LogFailure::write);
    Result<> check_usable() const;
    DiskResult<std::optional<FileSlice>> try_read(const ReadRequest& request, ByteSource& source);
    Result<> check_range(const ReadRequest& request) const;
    void plan(const BatchInfo& batch, Timestamp now);
    DiskResult<> add_segment(Offset base, Timestamp now);
    DiskResult<> begin_segment(Offset base, Timestamp now);
    DiskResult<> write_group(std::span<const Staged> group);
    void commit_producers();
    DiskResult<> finish_active();
    DiskResult<> take_snapshot();
    void begin_flush();
    void flush_part_done(DiskResult<> part);
    /// What was written of the log is synced, or will never be by this flush.
    void files_synced(Flush& flush);
    /// Producers are known after a crash, too, when the log begins at `start`.
    bool producers_survive(Offset start) const;
    DiskResult<> retire(const SegmentPtr& segment, MonoTime now);
    void lower_recovery_point(Offset to);
    DiskResult<> retire_file(const std::string& path, MonoTime now);
    DiskResult<> drop_snapshots(Offset first, Offset last);  // both inclusive
    std::size_t count_old_segments(Timestamp now, Offset high_watermark) const;

    FileCache& files_;
    std::string directory_;  // segments refer to it
    LogConfig config_;
    std::function<void(const DiskError&, LogFailure)> on_failure_;
    LogReport report_;
    std::optional<Uuid> topic_id_;

    std::vector<SegmentPtr> segments_;  // by base offset; never empty once open
    Offset log_start_offset_;
    Offset end_offset_;
    Offset recovery_point_;
    LeaderEpochs epochs_;
    ProducerState producers_;
    std::vector<Offset> snapshots_;            // ascending
    Offset durable_snapshots_{-1};             // those up to it are durable, and the log up to each
    std::vector<std::string> unsynced_files_;  // snapshots, partition.metadata
    std::deque<Doomed> doomed_;
    std::optional<Error> offline_;
    bool busy_ = false;  // a truncation runs
    bool names_unsynced_ = false;
    std::uint64_t generation_ = 0;  // of truncations: what was read before is not what is there

    std::vector<Staged> staged_;
    Offset staged_end_;
    // The segment that the last staged batch goes to, as it will be.
    struct {
        Offset base_offset;
        std::uint64_t size_bytes = 0;
        std::size_t batches = 0;  // each may make an index entry
        Timestamp first_timestamp;
    } planned_;
    std::vector<BytesView> pieces_;
    std::vector<AbortedTransaction> new_aborted_;

    std::unique_ptr<Flush> flush_;  // that runs
    std::unique_ptr<Flush> next_flush_;
    std::unique_ptr<ByteSource> scratch_;
    std::shared_ptr<void> alive_;
    std::weak_ptr<void> opening_;  // the operation that owns this log until it is open
};

}  // namespace moldau::log
