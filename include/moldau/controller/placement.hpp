// Which brokers get the replicas of a new topic's partitions.
#pragma once

#include "moldau/base/result.hpp"
#include "moldau/metadata/cluster_image.hpp"

#include <cstdint>
#include <vector>

namespace moldau::controller {

/// Replicas of each partition, the one to lead first. Brokers take turns from a place that `random`
/// decides, racks alternate, fenced brokers hold no first replica and others only when there are
/// too few that are not. Brokers all of whose log directories are cordoned get none.
/// Errors: invalid_replication_factor: fewer such brokers than replicas, or all of them fenced.
Result<std::vector<std::vector<BrokerId>>> place_replicas(const metadata::ClusterImage& image,
                                                          std::int32_t partitions,
                                                          std::int16_t replication_factor,
                                                          std::uint64_t random);

}  // namespace moldau::controller
