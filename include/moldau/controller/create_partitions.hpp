// Partitions are added to topics (KIP-195).
#pragma once

#include "moldau/controller/decision.hpp"
#include "moldau/metadata/cluster_image.hpp"
#include "moldau/protocol/messages/create_partitions.hpp"

#include <cstdint>
#include <functional>

namespace moldau::controller {

/// Each topic succeeds or fails for itself; a name that comes twice has one result, an error. New
/// partitions have as many replicas as the topic's first. With validate_only there are no records.
/// Errors in the reply: unknown_topic_or_partition · invalid_partitions: no increase, or more than
/// kNewPartitionsMax · invalid_replica_assignment · invalid_replication_factor: too few brokers ·
/// invalid_request · those of the charge.
Decision<protocol::CreatePartitionsResponse> create_partitions(
    const metadata::ClusterImage& image, const std::function<std::uint64_t()>& random,
    const protocol::CreatePartitionsRequest& request, const ChargePartitions& charge = {});

}  // namespace moldau::controller
