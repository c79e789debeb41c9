#include "supported_features.hpp"

namespace moldau::broker {

const std::vector<metadata::FeatureRange>& supported_features() {
    static const std::vector<metadata::FeatureRange> kFeatures = {
        {.name = std::string(metadata::kMetadataVersion),
         .least = metadata::kMetadataVersionLeast,
         .most = metadata::kMetadataVersionMost},
        {.name = "kraft.version", .least = 0, .most = 1},
        {.name = std::string(metadata::kElrVersion), .least = 0, .most = 1},
    };
    return kFeatures;
}

}  // namespace moldau::broker
