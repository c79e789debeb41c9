// The log directories of a node at its start: whose they are, formatted where the node may do that
// itself.
#pragma once

#include "log_directories.hpp"

#include "moldau/controller/bootstrap.hpp"
#include "moldau/metadata/cluster_image.hpp"
#include "moldau/runtime/shard.hpp"
#include "moldau/runtime/task.hpp"

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace moldau::broker {

struct StorageRules {
    std::vector<std::string> paths;  // absolute; log.dirs, and metadata.log.dir if it is another
    std::vector<std::optional<Error>> failures;  // why one cannot be had; empty: all can
    std::size_t metadata = 0;                    // which of them has the metadata log
    std::int32_t node_id = 0;
    bool formats_itself = false;         // the implicit node, when all are empty
    controller::FeatureLevels features;  // that it begins with
    std::vector<metadata::Endpoint> controller_listeners;
};

struct Storage {
    std::vector<LogDirectory> directories;  // all of them formatted
    std::string cluster_id;
};

/// Reads all directories; an empty one beside formatted ones is taken into use, one that cannot be
/// read is left out unless it is the metadata's.
/// Errors: kafka_storage_error · inconsistent_cluster_id: directories of several clusters or of
/// another node, a directory that is not formatted or twice the same, with what to do about it.
runtime::Task<Result<Storage>> open_storage(runtime::Shard& shard, Disk& disk, StorageRules rules);

/// Renames a partition's directory so that it is no partition's any more, in Kafka's form
/// "<name>.<32 hex digits>-<suffix>", within the 255 bytes that a name may have; the new path.
DiskResult<std::string> set_aside(Disk& disk, Random& random, const std::string& directory,
                                  std::string_view suffix);

/// Removes a directory of files. Errors: the disk's; what could be removed is.
DiskResult<> remove_directory_with_files(Disk& disk, const std::string& path);

}  // namespace moldau::broker
