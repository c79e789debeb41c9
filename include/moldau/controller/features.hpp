// Feature levels are finalized and taken back (KIP-584).
#pragma once

#include "moldau/controller/decision.hpp"
#include "moldau/controller/partition_change.hpp"
#include "moldau/metadata/cluster_image.hpp"
#include "moldau/protocol/messages/update_features.hpp"

#include <cstdint>
#include <vector>

namespace moldau::controller {

/// What an update is judged by.
struct FeatureContext {
    const std::vector<metadata::FeatureRange>& supported;  // by this controller
    std::int16_t kraft_version = 0;
    StaticTopicDefaults defaults;
};

struct FeatureUpdate {
    Decision<protocol::UpdateFeaturesResponse> decision;
    /// kraft.version goes from 0 to 1, which is no matter of records: the quorum says it.
    bool upgrades_quorum = false;
};

/// All of the levels are changed, or none. With ELR the cluster gets a min.insync.replicas of its
/// own where it has none, and brokers lose theirs (KIP-966). With validate_only there are no
/// records.
/// Errors in the reply: invalid_update_version: a level that this controller or a registered node
/// cannot carry out, an upgrade to a lower level, a downgrade to a higher one, a downgrade that
/// would lose metadata, an unknown kind of update.
FeatureUpdate update_features(const metadata::ClusterImage& image, const FeatureContext& context,
                              const protocol::UpdateFeaturesRequest& request);

}  // namespace moldau::controller
