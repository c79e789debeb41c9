// Leaders are elected because somebody asks for it (KIP-183, KIP-460).
#pragma once

#include "moldau/controller/decision.hpp"
#include "moldau/controller/partition_change.hpp"
#include "moldau/metadata/cluster_image.hpp"
#include "moldau/protocol/messages/elect_leaders.hpp"

namespace moldau::controller {

/// Each partition succeeds or fails for itself. Without any named, all of the cluster are meant,
/// and those that need no election are not told of.
/// Errors in the reply: invalid_request: an unknown kind of election. Of a partition:
/// unknown_topic_or_partition · election_not_needed · preferred_leader_not_available ·
/// eligible_leaders_not_available · policy_violation: more elections than a decision may have
/// records.
Decision<protocol::ElectLeadersResponse> elect_leaders(
    const metadata::ClusterImage& image, const StaticTopicDefaults& defaults,
    const protocol::ElectLeadersRequest& request);

}  // namespace moldau::controller
