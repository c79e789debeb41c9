// Which names a topic may have. Names become directories, and parts of metric names.
#pragma once

#include "moldau/base/result.hpp"

#include <cstddef>
#include <string_view>

namespace moldau {

inline constexpr std::size_t kTopicNameMax = 249;  // bytes
/// The metadata log's own name: no topic can have it.
inline constexpr std::string_view kClusterMetadataTopic = "__cluster_metadata";
/// The directory of its one partition.
inline constexpr std::string_view kMetadataLogDirectory = "__cluster_metadata-0";

/// Errors: invalid_topic_exception, with the reason.
Result<> check_topic_name(std::string_view name);

}  // namespace moldau
