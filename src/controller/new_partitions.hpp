// What making a topic and adding partitions to one have in common.
#pragma once

#include "moldau/base/result.hpp"
#include "moldau/metadata/cluster_image.hpp"
#include "moldau/metadata/records.hpp"

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

namespace moldau::controller {

using Replicas = std::vector<BrokerId>;

inline constexpr std::int16_t kPartitionVersion = 2;

/// The broker's directory when it has but one; with more the broker itself chooses and tells.
Uuid directory_of(const metadata::ClusterImage& image, BrokerId broker);

Error invalid_assignment(std::string what);

/// Replicas as a request names them. Errors: invalid_replica_assignment.
Result<Replicas> checked_assignment(const metadata::ClusterImage& image,
                                    const std::vector<std::int32_t>& broker_ids,
                                    std::size_t replication_factor);

/// Led by the first of the replicas that is active; one of them is.
protocol::PartitionRecord new_partition(const metadata::ClusterImage& image, const Uuid& topic,
                                        std::int32_t number, const Replicas& replicas);

}  // namespace moldau::controller
