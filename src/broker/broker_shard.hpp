// What a broker keeps on one shard: the partitions that the shard owns, and the image that requests
// on it are answered from.
#pragma once

#include "checkpoints.hpp"
#include "fetch_sessions.hpp"
#include "log_directories.hpp"
#include "metadata_log.hpp"
#include "partition.hpp"
#include "quotas/shard_quotas.hpp"
#include "shard_counters.hpp"

#include "moldau/config/settings.hpp"
#include "moldau/log/file_cache.hpp"
#include "moldau/protocol/messages/produce.hpp"
#include "moldau/record/append_validator.hpp"
#include "moldau/runtime/task_group.hpp"

#include <atomic>
#include <functional>
#include <memory>
#include <string>
#include <unordered_map>
#include <unordered_set>
#include <vector>

namespace moldau::broker {

/// What all shards of a node share; nothing but kraft_version changes in it after the start.
struct NodeFacts {
    const config::Settings& settings;
    BrokerId self;
    std::string cluster_id;
    /// A client of this node is told the address that it used itself (the implicit node).
    bool advertises_address_used = false;
    std::vector<std::string> controller_listeners;  // names
    /// A log directory that this node had is not to be had: what is not found may lie there.
    bool lacks_log_directory = false;
    std::atomic<std::int16_t> kraft_version = 0;  // as the quorum has it
    std::shared_ptr<const LogDirectories> directories;
};

struct TopicPartitionHash {
    std::size_t operator()(const TopicPartition& id) const noexcept {
        // Topic ids are random already.
        return static_cast<std::size_t>(id.topic.low) ^
               (static_cast<std::size_t>(id.partition) * 0x9e3779b97f4a7c15U);
    }
};

class GroupCoordinator;
class ReplicaMoves;

class BrokerShard {
public:
    struct Place {
        std::size_t index = 0;
        std::size_t count = 1;  // of the node's shards
        runtime::Shard& shard;
        Disk& disk;
        std::size_t open_files_max = 1024;
        Checkpoints* checkpoints = nullptr;  // the node's
        /// Of LogDirectories::all(): told once, on any shard.
        std::function<void(std::size_t, const DiskError&)> on_directory_failure;
        /// A replica lies in another directory than the controller knows, or that one has failed.
        std::function<void(const TopicPartition&, std::size_t)> on_placed;
        /// Of the node, when all are made; null: there is no other.
        const std::vector<std::unique_ptr<BrokerShard>>* all = nullptr;
    };
    BrokerShard(Place place, const NodeFacts& facts);
    BrokerShard(const BrokerShard&) = delete;
    BrokerShard& operator=(const BrokerShard&) = delete;
    ~BrokerShard();

    runtime::Shard& shard() const { return place_.shard; }
    std::size_t index() const { return place_.index; }
    const NodeFacts& facts() const { return facts_; }
    log::FileCache& files() { return files_; }
    record::AppendValidator& validator() { return validator_; }
    FetchSessions& sessions() { return sessions_; }
    GroupCoordinator& groups() const { return *groups_; }
    ReplicaMoves& moves() const { return *moves_; }
    ShardCounters& counters() { return counters_; }
    ShardQuotas& quotas() { return quotas_; }
    /// Memory for the requests that are decoded and dealt with in one step.
    protocol::ProduceRequest& produce_request() { return produce_request_; }

    const metadata::ClusterImage& image() const { return *image_; }
    std::shared_ptr<const metadata::ClusterImage> share_image() const { return image_; }

    /// Which shard of `shards` owns a partition.
    static std::size_t owner_of(const TopicPartition& id, std::size_t shards) {
        return TopicPartitionHash()(id) % shards;
    }
    std::size_t owner_of(const TopicPartition& id) const { return owner_of(id, place_.count); }

    /// nullptr: not here; a log that could not be opened is in offline().
    Partition* find(const TopicPartition& id);
    bool is_offline(const TopicPartition& id) const { return offline_.contains(id); }
    /// The index of the log directory that a partition which is here lies in.
    std::size_t directory_of(const TopicPartition& id) const {
        return partitions_.at(id).directory;
    }
    /// Its log lies in another from now on.
    void moved(const TopicPartition& id, std::size_t directory);
    /// Those whose checkpoints say something of it: that one, and where it is about to move.
    std::vector<std::size_t> directories_of(const TopicPartition& id) const;
    /// A log of this partition, by its directory's name, has failed for good.
    void log_failed(const TopicPartition& id, const std::string& name, std::size_t directory,
                    const DiskError& error, log::LogFailure what);
    /// Writes what is staged of it.
    void write_now(Partition& partition) { counters_.appended.add(partition.write()); }
    /// As find(), where this node leads the partition and `epoch` (-1: any) is the leader's.
    /// Errors: not_leader_or_follower · kafka_storage_error · as Partition::check_leader()
    ErrorCode find_leader(const TopicPartition& id, std::int32_t epoch, Partition*& partition);
    std::size_t partition_count() const { return partitions_.size(); }
    /// Of the logs here, added up anew: a look at each of them.
    struct LogFigures {
        std::size_t partitions = 0, leaders = 0;
        std::size_t offline = 0;  // not opened, or taken offline by their disk
        std::size_t segments = 0;
        std::size_t producers = 0;
        std::uint64_t bytes = 0;
    };
    LogFigures log_figures() const;
    /// A batch for a partition that is not here, though it should be, was refused.
    void was_refused(const TopicPartition& id, BytesView batch);
    /// Reading from a partition's log has failed: it is offline where the fault is final. The error
    /// that a client gets.
    ErrorCode read_failed(const TopicPartition& id, const DiskError& error);
    /// A write or a sync in a log directory has failed: it goes offline.
    void write_failed(std::size_t directory, const DiskError& error);
    /// Takes all logs of a log directory offline, until the next start.
    void directory_failed(std::size_t directory, const Error& reason);
    Disk& disk() const { return place_.disk; }
    /// Gone when this shard is: for what a disk may call back later.
    std::weak_ptr<void> alive() const { return alive_; }
    Checkpoints& checkpoints() const { return *place_.checkpoints; }

    /// On return requests are answered by this image, and partitions that are not in it are gone.
    /// `is_start`: the logs were left by an earlier process.
    runtime::Task<> take(CommittedImage committed, bool is_start);
    /// Then, when all shards stand there: opens those that are in it and were not before.
    runtime::Task<> open_wanted();

    /// Housekeeping until it is cancelled: retention, flush.ms, files, producers, logs that could
    /// not be opened.
    void start_housekeeping();

    /// What is to be remembered of the partitions in a log directory.
    std::vector<Checkpoint> checkpoint(std::size_t directory) const;
    /// Renames it so that it is no partition's any more; the new path.
    std::optional<std::string> set_aside(const std::string& directory, std::string_view suffix);

    /// Ends the housekeeping; to be called before the end in any case.
    runtime::Task<Result<>> rest();
    /// Closes all logs in order, flushed. Errors: kafka_storage_error: one of them could not be.
    runtime::Task<Result<>> close();

private:
    struct Wanted {
        TopicPartition id;
        std::string topic;
        bool is_left = false;  // by an earlier process
        std::string name;      // of its directory, in that log directory
        std::size_t directory = 0;
    };
    /// One that could not be opened.
    struct Offline {
        Wanted wanted;
        std::string why;
        bool is_of_another = false;  // its directory is another topic's
    };
    struct Opening;

    void write_soon(Partition& partition);
    void write_dirty();
    void change_topics(const metadata::ImageChanges& changes, bool all);
    void change_topic(const Uuid& id, bool is_start);
    void change_configs(const metadata::ImageChanges& changes);
    bool is_opening_any_of(const Uuid& topic) const;
    void place(Wanted& wanted);
    /// Whether a log directory that is not there may have a partition that is in none.
    bool may_be_elsewhere(const metadata::Partition& state) const;
    /// Removes the directory of one that is not open and not wanted any more.
    void discard(const Wanted& wanted);
    runtime::Task<> open(std::vector<Wanted> wanted);
    runtime::Task<std::vector<Wanted>> make_directories(std::vector<Wanted> wanted);
    runtime::Task<std::vector<Wanted>> open_logs(std::vector<Wanted> wanted);
    log::LogOpening opening_of(const Wanted& wanted);
    void opened(const Wanted& wanted, Result<std::unique_ptr<log::Log>> log);
    void could_not_open(const Wanted& wanted, const DiskError& error);
    /// The controller is to know where a replica lies.
    void tell_place(const TopicPartition& id, std::size_t directory) const;
    TopicConfigs configs_for(std::string_view topic);
    void remove(const TopicPartition& id);
    void set_state(Partition& partition, const metadata::Partition& state);
    runtime::Task<> remove_directory(std::string path, Duration delay);
    runtime::Task<> retention();
    runtime::Task<> sweep_files();
    runtime::Task<> flush_by_time();
    runtime::Task<> retry_logs();

    Place place_;
    const NodeFacts& facts_;
    log::FileCache files_;
    record::AppendValidator validator_;
    FetchSessions sessions_;
    ShardCounters counters_;
    ShardQuotas quotas_;
    std::unique_ptr<GroupCoordinator> groups_;
    std::unique_ptr<ReplicaMoves> moves_;
    protocol::ProduceRequest produce_request_;
    std::shared_ptr<const metadata::ClusterImage> image_;
    struct Held {
        std::unique_ptr<Partition> partition;
        std::size_t directory = 0;
    };
    std::unordered_map<TopicPartition, Held, TopicPartitionHash> partitions_;
    std::vector<Wanted> wanted_;  // by the image, not begun
    // By an earlier process and not open, perhaps never: what is kept of them stays as it was.
    std::unordered_map<TopicPartition, Wanted, TopicPartitionHash> left_;
    std::unordered_map<TopicPartition, Offline, TopicPartitionHash> offline_;
    std::unordered_set<TopicPartition, TopicPartitionHash> opening_;
    runtime::Signal opening_ended_;
    runtime::Signal went_offline_;
    std::unordered_map<TopicPartition, log::RefusedBatches, TopicPartitionHash> refused_;
    // Logs that an error of the disk took offline. This process does not open them again: what it
    // would read is in the page cache, and perhaps nowhere else any more.
    std::unordered_set<TopicPartition, TopicPartitionHash> failed_;
    std::vector<TopicPartition> dirty_;
    std::vector<TopicPartition> writing_;
    std::shared_ptr<void> alive_ = std::make_shared<char>();
    runtime::TaskGroup tasks_;
};

}  // namespace moldau::broker
