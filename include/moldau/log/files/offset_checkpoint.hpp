// An offset for each partition of a log directory: `recovery-point-offset-checkpoint`,
// `replication-offset-checkpoint` (high watermarks), `log-start-offset-checkpoint`,
// `cleaner-offset-checkpoint`.
//
//   0              version
//   1              count of lines that follow
//   orders 0 5     topic, partition, offset
#pragma once

#include "moldau/base/ids.hpp"
#include "moldau/base/result.hpp"

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace moldau::log {

struct PartitionOffset {
    std::string topic;
    std::int32_t partition = 0;
    Offset offset;
    friend bool operator==(const PartitionOffset&, const PartitionOffset&) = default;
};

/// Errors: kafka_storage_error, with the line: a version, count or line that no such file has.
Result<std::vector<PartitionOffset>> parse_offset_checkpoint(std::string_view file);

std::string write_offset_checkpoint(std::span<const PartitionOffset> offsets);

}  // namespace moldau::log
