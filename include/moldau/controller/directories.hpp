// Which log directory of a broker holds which replica (KIP-858).
#pragma once

#include "moldau/controller/decision.hpp"
#include "moldau/controller/partition_change.hpp"
#include "moldau/metadata/cluster_image.hpp"
#include "moldau/protocol/messages/assign_replicas_to_dirs.hpp"

namespace moldau::controller {

/// A broker tells where its replicas lie. What lies in a directory that is offline leads nothing
/// and is in no ISR. Errors in the reply: stale_broker_epoch: not registered, or anew since; of
/// single partitions unknown_topic_id · unknown_topic_or_partition · not_leader_or_follower: the
/// broker has no replica of it.
Decision<protocol::AssignReplicasToDirsResponse> assign_replicas_to_dirs(
    const metadata::ClusterImage& image, const StaticTopicDefaults& defaults,
    const protocol::AssignReplicasToDirsRequest& request);

}  // namespace moldau::controller
