// Which levels of which features this server carries out (docs/api-coverage.md). A feature that is
// absent is not supported at any level.
#pragma once

#include "moldau/metadata/cluster_image.hpp"

#include <vector>

namespace moldau::broker {

const std::vector<metadata::FeatureRange>& supported_features();

}  // namespace moldau::broker
