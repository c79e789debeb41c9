// What the directories of log.dirs hold, as found at the start, and which of them have failed
// since or are cordoned; shared by all shards.
#pragma once

#include "moldau/base/ids.hpp"
#include "moldau/base/ports/disk.hpp"
#include "moldau/base/result.hpp"
#include "moldau/base/uuid.hpp"
#include "moldau/log/log_directory.hpp"
#include "moldau/runtime/shard.hpp"
#include "moldau/runtime/task.hpp"

#include <atomic>
#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace moldau::broker {

struct LogDirectory {
    std::string path;
    std::optional<log::MetaProperties> properties;  // nothing: not formatted
    bool is_empty = false;                          // apart from the lock
    std::optional<log::CleanShutdown> clean;        // how it was left; nothing: by a crash
    std::map<std::string, Offset, std::less<>> recovery_points;  // by partition directory
    std::map<std::string, Offset, std::less<>> log_starts;
    bool has_unread_checkpoints = false;  // what they say is not known
    std::vector<std::string> partitions;  // directories of partitions
    std::vector<std::string> doomed;      // directories that are to be removed
    std::optional<Error> failure;         // why nothing in it can be had
    std::vector<std::string> futures;     // of replicas that were moving here

    Uuid id() const {
        return properties && properties->directory_id ? *properties->directory_id : Uuid{};
    }

    /// What the checkpoints say of a partition's log.
    struct Left {
        std::optional<Offset> recovery_point, log_start;
    };
    Left left(std::string_view partition_directory) const;
};

/// Ids that stand for no directory (KIP-858).
inline bool is_reserved_directory(const Uuid& id) {
    constexpr std::uint64_t kReserved = 100;
    return id.high == 0 && id.low < kReserved;
}

/// Reads one directory. The marker of a clean stop is taken away.
/// Errors: kafka_storage_error.
runtime::Task<Result<LogDirectory>> read_log_directory(runtime::Shard& shard, Disk& disk,
                                                       std::string path);

/// Which topic a partition's directory belongs to, where the same name stands in several log
/// directories: by the name, and by the index of the log directory.
using Twins = std::map<std::string, std::map<std::size_t, Uuid>, std::less<>>;

/// A topic that was deleted and made anew may have left its first directory behind, when a log
/// directory failed or the power did. A zero id: that was never written, durably.
/// Errors: kafka_storage_error: two are the same partition's, or it cannot be read whose they are.
runtime::Task<Result<Twins>> find_twins(runtime::Shard& shard, Disk& disk,
                                        const std::vector<LogDirectory>& directories);

/// Where replicas go: the index of a directory by the name of the partition's.
using ReplicaMovesLeft = std::map<std::string, std::size_t, std::less<>>;

/// What moves of an earlier process have left (replica_moves.hpp says in which states): a replica
/// that had lost its name gets it back, and unfinished copies go, to be made anew. On return the
/// names of all are durable: of what is doomed then nothing is needed, whatever crash follows. A
/// directory of which that cannot be said has failed, and nothing is removed.
/// Errors: kafka_storage_error: a name cannot be given back.
runtime::Task<Result<ReplicaMovesLeft>> mend_moves(runtime::Shard& shard, Disk& disk,
                                                   std::vector<LogDirectory>& directories);

class LogDirectories {
public:
    explicit LogDirectories(std::vector<LogDirectory> all, Twins twins = {},
                            ReplicaMovesLeft moves = {});

    const std::vector<LogDirectory>& all() const { return all_; }
    /// Where an earlier process has left this partition of a topic.
    std::optional<std::size_t> find(std::string_view partition_directory, const Uuid& topic) const;
    /// Where a new partition is to be made: of the directories that have not failed and are not
    /// cordoned the one with the fewest, which has one more from then on. Where all are cordoned
    /// the partition is here by somebody's wish all the same, and gets a place.
    std::size_t place_new() const;
    /// A partition has come to it, or is gone.
    void came(std::size_t directory) const { ++counts_[directory]; }
    void gone(std::size_t directory) const { --counts_[directory]; }
    /// Where the partition was on its way to when the node was stopped.
    std::optional<std::size_t> move_of(std::string_view partition_directory) const;
    /// Nothing: none of them has this path.
    std::optional<std::size_t> index_of(std::string_view path) const;

    /// A write or a sync in it has failed: until the next start nothing in it is believed, and
    /// nothing is put there. True for the first who says so.
    bool fail(std::size_t directory) const { return !failed_[directory].exchange(true); }
    bool is_failed(std::size_t directory) const { return failed_[directory]; }
    bool have_all_failed() const;

    /// Whether new replicas keep out of it (cordoned.log.dirs); true where that changes.
    bool set_cordoned(std::size_t directory, bool is_cordoned) const {
        return cordoned_[directory].exchange(is_cordoned) != is_cordoned;
    }
    bool is_cordoned(std::size_t directory) const { return cordoned_[directory]; }

private:
    std::vector<LogDirectory> all_;
    std::map<std::string, std::size_t, std::less<>> places_;
    Twins twins_;
    ReplicaMovesLeft moves_;
    std::unique_ptr<std::atomic<std::size_t>[]> counts_;
    std::unique_ptr<std::atomic<bool>[]> failed_;
    std::unique_ptr<std::atomic<bool>[]> cordoned_;
};

}  // namespace moldau::broker
