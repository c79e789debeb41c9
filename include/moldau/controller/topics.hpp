// Topics are made and removed.
#pragma once

#include "moldau/controller/config_rules.hpp"
#include "moldau/controller/decision.hpp"
#include "moldau/metadata/cluster_image.hpp"
#include "moldau/protocol/messages/create_topics.hpp"
#include "moldau/protocol/messages/delete_topics.hpp"

#include <cstdint>
#include <functional>

namespace moldau::controller {

/// What topics are made by.
struct TopicContext {
    const ConfigRules& configs;
    std::int32_t default_partitions = 1;          // num.partitions
    std::int16_t default_replication_factor = 1;  // default.replication.factor
    std::function<std::uint64_t()> random;        // for topic ids and placement
    ChargePartitions charge = {};
};

/// A request that makes more partitions is refused with policy_violation, as in Kafka.
inline constexpr std::int64_t kNewPartitionsMax = 10'000;

/// Each topic succeeds or fails for itself; a name that comes twice has one result, an error. The
/// reply's topics have no configs: what holds for them is known above. With validate_only there
/// are no records.
/// Errors in the reply: invalid_topic_exception · topic_already_exists · invalid_partitions ·
/// invalid_replication_factor · invalid_replica_assignment · invalid_config · policy_violation ·
/// invalid_request · those of the charge.
Decision<protocol::CreateTopicsResponse> create_topics(
    const metadata::ClusterImage& image, const TopicContext& context,
    const protocol::CreateTopicsRequest& request);

/// By name, or from version 6 on by name or id.
/// Errors in the reply: unknown_topic_or_partition · unknown_topic_id · invalid_request: name and
/// id, neither, or a topic twice · topic_deletion_disabled · those of the charge.
Decision<protocol::DeleteTopicsResponse> delete_topics(const metadata::ClusterImage& image,
                                                       bool is_deletion_enabled,
                                                       const protocol::DeleteTopicsRequest& request,
                                                       const ChargePartitions& charge = {});

}  // namespace moldau::controller
