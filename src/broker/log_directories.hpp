// What the directories of log.dirs hold, as found at the start, and which of them have failed
// since; shared by all shards.
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

    Uuid id() const {
        return properties && properties->directory_id ? *properties->directory_id : Uuid{};
    }

    /// What the checkpoints say of a partition's log.
    struct Left {
        std::optional<Offset> recovery_point, log_start;
    };
    Left left(std::string_view partition_directory) const;
};

/// Reads one directory. The marker of a clean stop is taken away.
/// Errors: kafka_storage_error.
runtime::Task<Result<LogDirectory>> read_log_directory(runtime::Shard& shard, Disk& disk,
                                                       std::string path);

class LogDirectories {
public:
    explicit LogDirectories(std::vector<LogDirectory> all);

    const std::vector<LogDirectory>& all() const { return all_; }
    /// The directory that has this partition, else, of those that have not failed, the one with the
    /// fewest partitions, which has one more from then on.
    std::size_t place_of(std::string_view partition_directory) const;
    bool has(std::string_view partition_directory) const {
        return places_.contains(partition_directory);
    }

    /// A write or a sync in it has failed: until the next start nothing in it is believed, and
    /// nothing is put there. True for the first who says so.
    bool fail(std::size_t directory) const { return !failed_[directory].exchange(true); }
    bool is_failed(std::size_t directory) const { return failed_[directory]; }
    bool have_all_failed() const;

private:
    std::vector<LogDirectory> all_;
    std::map<std::string, std::size_t, std::less<>> places_;
    std::unique_ptr<std::atomic<std::size_t>[]> counts_;
    std::unique_ptr<std::atomic<bool>[]> failed_;
};

}  // namespace moldau::broker
