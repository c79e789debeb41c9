// The files of a log directory that stand beside its partitions: whose it is, how it was left, and
// the checkpoints of its partitions' offsets.
#pragma once

#include "moldau/base/ports/disk.hpp"
#include "moldau/log/files/clean_shutdown.hpp"
#include "moldau/log/files/meta_properties.hpp"
#include "moldau/log/files/offset_checkpoint.hpp"

#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace moldau::log {

enum class OffsetCheckpoint : std::uint8_t {
    recovery_point,  // all below it is durable
    log_start,       // only of logs that start above their first segment
    high_watermark,  //
    cleaner,         // up to where the cleaner has been
};

/// "recovery-point-offset-checkpoint" and so on.
std::string_view file_name(OffsetCheckpoint which);

template <class T>
using ResultDone = std::move_only_function<void(Result<T>)>;

/// An absent file is empty. Errors: kafka_storage_error: the disk did not give it ·
/// corrupt_message: it is no checkpoint. `done` may be called from inside the call.
void read_offsets(Disk& disk, const std::string& directory, OffsetCheckpoint which,
                  ResultDone<std::vector<PartitionOffset>> done);
/// Durable when `done` says so; before, a crash leaves the old or the new file.
void write_offsets(Disk& disk, const std::string& directory, OffsetCheckpoint which,
                   const std::vector<PartitionOffset>& offsets, DiskDone<> done);

/// Nothing: the directory is not formatted. Errors: kafka_storage_error.
void read_meta_properties(Disk& disk, const std::string& directory,
                          ResultDone<std::optional<MetaProperties>> done);
void write_meta_properties(Disk& disk, const std::string& directory,
                           const MetaProperties& properties, DiskDone<> done);

/// Reads the marker of a clean stop and removes it, durably, since from now on a crash is no clean
/// stop any more. Nothing: there was none. Errors: kafka_storage_error.
void take_clean_shutdown(Disk& disk, const std::string& directory,
                         ResultDone<std::optional<CleanShutdown>> done);
/// The last thing of a clean stop, when all logs are closed.
void write_clean_shutdown(Disk& disk, const std::string& directory, const CleanShutdown& shutdown,
                          DiskDone<> done);

/// What a partition's directory is called: "orders-3".
struct PartitionName {
    std::string topic;
    std::int32_t partition = 0;
    friend bool operator==(const PartitionName&, const PartitionName&) = default;
};
std::string directory_name(const PartitionName& partition);
/// Nothing: not the directory of a partition, or one that is to be deleted ("….-delete") or that
/// replaces another ("….-future", "….-stray").
std::optional<PartitionName> partition_of(std::string_view directory_name);

}  // namespace moldau::log
