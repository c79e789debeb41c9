// Replicas of partitions are moved from broker to broker (KIP-455).
#pragma once

#include "moldau/controller/decision.hpp"
#include "moldau/controller/partition_change.hpp"
#include "moldau/metadata/cluster_image.hpp"
#include "moldau/protocol/messages/alter_partition_reassignments.hpp"
#include "moldau/protocol/messages/list_partition_reassignments.hpp"

namespace moldau::controller {

/// Begins moves and, where a partition has no replicas in the request, calls the one under way off.
/// Each partition succeeds or fails for itself.
/// Errors of a partition: unknown_topic_or_partition · invalid_replica_assignment: no brokers, one
/// twice or one that is not registered; calling it off would need an unclean election ·
/// invalid_replication_factor: another number of replicas, where the request forbids that ·
/// no_reassignment_in_progress · policy_violation: more changes than a decision may have records.
Decision<protocol::AlterPartitionReassignmentsResponse> alter_partition_reassignments(
    const metadata::ClusterImage& image, const StaticTopicDefaults& defaults,
    const protocol::AlterPartitionReassignmentsRequest& request);

/// Those under way; of the partitions named, or of all.
protocol::ListPartitionReassignmentsResponse list_partition_reassignments(
    const metadata::ClusterImage& image,
    const protocol::ListPartitionReassignmentsRequest& request);

}  // namespace moldau::controller
