// `partition.metadata`: which topic a partition's directory belongs to, since names are used again
// (KIP-516).
//
//   version: 0
//   topic_id: AAAAAAAAAAEAAAAAAAAAAg
#pragma once

#include "moldau/base/result.hpp"
#include "moldau/base/uuid.hpp"

#include <string>
#include <string_view>

namespace moldau::log {

struct PartitionMetadata {
    Uuid topic_id;
    friend bool operator==(const PartitionMetadata&, const PartitionMetadata&) = default;
};

/// Errors: kafka_storage_error, with the line: a version or line that no such file has, an id that
/// is zero or no id.
Result<PartitionMetadata> parse_partition_metadata(std::string_view file);

std::string write_partition_metadata(const PartitionMetadata& metadata);

}  // namespace moldau::log
