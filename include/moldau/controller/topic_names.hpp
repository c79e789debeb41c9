// Topics whose metrics would be one.
#pragma once

#include "moldau/metadata/cluster_image.hpp"

#include <optional>
#include <string>
#include <string_view>

namespace moldau::controller {

/// An existing topic whose metrics `name` would share: they are the same but for '.' and '_'.
std::optional<std::string> colliding_topic(const metadata::ClusterImage& image,
                                           std::string_view name);

}  // namespace moldau::controller
