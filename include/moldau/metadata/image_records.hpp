// An image → the records that make it: what a snapshot holds.
#pragma once

#include "moldau/metadata/cluster_image.hpp"
#include "moldau/metadata/records.hpp"

#include <cstdint>
#include <functional>

namespace moldau::metadata {

/// Calls `take` with one record after another; applied to an empty image they make this one. The
/// records' views last as long as the image. Stops at the first error of `take` and returns it.
/// In Kafka's order: features with metadata.version first, nodes, topics, configs, quotas, producer
/// ids, ACLs, SCRAM users, delegation tokens; then what we do not know.
Result<> for_each_record(const ClusterImage& image,
                         const std::function<Result<>(const MetadataRecord&)>& take);

/// The same for all images that say the same, on every node (RELIABILITY's R8).
std::uint64_t hash_of(const ClusterImage& image);

}  // namespace moldau::metadata
