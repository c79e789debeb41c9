// Which names a topic may have. Names become directories, and parts of metric names.
#pragma once

#include "moldau/base/result.hpp"
#include "moldau/metadata/cluster_image.hpp"

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

namespace moldau::controller {

inline constexpr std::size_t kTopicNameMax = 249;
/// The metadata log's own name: no topic can have it.
inline constexpr std::string_view kClusterMetadataTopic = "__cluster_metadata";

/// Errors: invalid_topic_exception, with the reason.
Result<> check_topic_name(std::string_view name);

/// An existing topic whose metrics `name` would share: they are the same but for '.' and '_'.
std::optional<std::string> colliding_topic(const metadata::ClusterImage& image,
                                           std::string_view name);

}  // namespace moldau::controller
