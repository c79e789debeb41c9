// The driver of the metadata quorum's core: `__cluster_metadata-0` on the disk of the home shard,
// read at start, led by this node, appended to, flushed, and cleaned by snapshots.
#pragma once

#include "moldau/base/ports/disk.hpp"
#include "moldau/base/result.hpp"
#include "moldau/controller/decision.hpp"
#include "moldau/log/file_cache.hpp"
#include "moldau/log/log.hpp"
#include "moldau/metadata/image_builder.hpp"
#include "moldau/raft/quorum.hpp"
#include "moldau/raft/snapshot_schedule.hpp"
#include "moldau/runtime/shard.hpp"
#include "moldau/runtime/task.hpp"
#include "moldau/runtime/wait.hpp"

#include <deque>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace moldau::broker {

/// An image that is committed, and what it changed against the one that was told before it.
struct CommittedImage {
    std::shared_ptr<const metadata::ClusterImage> image;
    metadata::ImageChanges changes;
};

/// Both changes taken together.
void merge(metadata::ImageChanges& into, metadata::ImageChanges more);

/// On the home shard only. A write or flush that fails for good is final: `on_failure`.
class MetadataLog {
public:
    struct Setup {
        std::string log_directory;  // metadata.log.dir
        raft::ReplicaKey self;
        std::vector<std::int32_t> static_voters;
        log::LogConfig log;
        raft::SnapshotRules snapshots;
        bool was_clean = false;
        std::function<void(const Error&)> on_failure;
        std::function<void(CommittedImage)> on_committed;  // in order, never from inside append()
    };
    MetadataLog(runtime::Shard& shard, log::FileCache& files, Setup setup);
    MetadataLog(const MetadataLog&) = delete;
    MetadataLog& operator=(const MetadataLog&) = delete;
    ~MetadataLog();

    /// Reads the newest snapshot and the log behind it.
    /// Errors: kafka_storage_error, corrupt_message, invalid_record: naming the file.
    runtime::Task<Result<>> load();
    /// Becomes the leader. Into an empty log the bootstrap's records are written.
    /// Errors: as Quorum::start() · kafka_storage_error.
    runtime::Task<Result<>> lead(std::int32_t min_insync_replicas);

    /// The image to decide on: with all that was appended, though it be not committed yet.
    const metadata::ClusterImage& newest() const { return builder_.newest(); }
    /// Where the next record will stand.
    Offset end_offset() const { return quorum_->end_offset(); }
    Offset committed_offset() const { return committed_; }
    const raft::Quorum& quorum() const { return *quorum_; }
    const metadata::ImageBuilder::Contradictions& contradictions() const {
        return builder_.contradictions();
    }

    /// Writes the records behind what is there and applies them; returns the log's new end.
    /// Errors: not_controller · message_too_large · kafka_storage_error: no room on the disk,
    /// nothing was written.
    Result<Offset> append(const controller::Records& records, bool is_atomic);
    /// kraft.version goes from 0 to 1; returns the log's new end. Errors: as Quorum::upgrade() ·
    /// kafka_storage_error, as append().
    Result<Offset> upgrade_quorum(const protocol::VotersRecord& voters);
    /// Until all below `end` is committed. Errors: kafka_storage_error.
    runtime::Task<Result<>> committed(Offset end);

    /// Snapshots when they are due, and what they make superfluous; until it is cancelled.
    runtime::Task<> keep_short();
    /// In order. Errors: kafka_storage_error.
    runtime::Task<Result<>> close();

private:
    struct Uncommitted {
        Offset end;
        std::size_t bytes = 0;
        bool is_control = false;
        Timestamp timestamp;
        CommittedImage told;
    };

    std::string path(std::string_view name) const { return directory_ + "/" + std::string(name); }
    /// The newest one, whose content is applied.
    runtime::Task<Result<std::optional<raft::SnapshotId>>> load_snapshots();
    runtime::Task<Result<>> load_snapshot(raft::SnapshotId id);
    runtime::Task<Result<>> open_log(Offset snapshot_end);
    runtime::Task<Result<>> replay(Offset from);
    Result<> replay_batches(BytesView batches, Offset& next);
    runtime::Task<Result<std::optional<raft::QuorumState>>> read_quorum_state();
    runtime::Task<Result<>> write_quorum_state(raft::QuorumState state);
    runtime::Task<Result<std::optional<Bytes>>> read_optional(std::string path, std::size_t most);
    runtime::Task<Result<>> bootstrap(bool is_log_empty, std::int32_t min_insync_replicas);
    Result<> apply(const raft::LogBatch& batch);
    Result<> check_room(std::uint64_t bytes) const;
    Result<Offset> write(const Result<raft::Appended>& appended);
    Result<> write(const std::vector<Bytes>& batches);
    void start_flush();
    void flushed(Offset to);
    void fail(const Error& error);
    MonoTime next_look() const;
    runtime::Task<Result<>> write_snapshot();
    runtime::Task<Result<std::uint64_t>> write_image(const metadata::ClusterImage& image,
                                                     raft::SnapshotId id, File& file);
    runtime::Task<> remove_superfluous();

    runtime::Shard& shard_;
    log::FileCache& files_;
    Setup setup_;
    std::string directory_;
    std::unique_ptr<log::Log> log_;
    raft::Voters voters_;
    metadata::ImageBuilder builder_;
    raft::SnapshotSchedule schedule_;
    std::optional<raft::Quorum> quorum_;
    std::shared_ptr<const metadata::ClusterImage> told_;  // the newest that is committed
    std::deque<Uncommitted> uncommitted_;
    LeaderEpoch last_epoch_{0};
    Offset written_;
    Offset committed_;
    bool flushing_ = false;
    std::optional<Error> failure_;
    runtime::Signal moved_;  // committed_ rose, or all is over
    runtime::Signal grew_;   // what is committed, for keep_short()
};

}  // namespace moldau::broker
