// Dynamic configs are changed, one by one (KIP-339) or all of a resource at once (KIP-133).
#pragma once

#include "moldau/controller/config_rules.hpp"
#include "moldau/controller/decision.hpp"
#include "moldau/metadata/cluster_image.hpp"
#include "moldau/protocol/messages/alter_configs.hpp"
#include "moldau/protocol/messages/incremental_alter_configs.hpp"

namespace moldau::controller {

/// Each resource changes as a whole or not at all. What is so already makes no record. With
/// validate_only there are no records.
/// Errors in the reply: unknown_topic_or_partition, invalid_topic_exception: of a topic ·
/// invalid_config: the value, or an operation that the config does not allow · invalid_request: a
/// resource or a config twice, an unknown operation or kind of resource, a value that is missing.
Decision<protocol::IncrementalAlterConfigsResponse> incremental_alter_configs(
    const metadata::ClusterImage& image, const ConfigRules& rules,
    const protocol::IncrementalAlterConfigsRequest& request);

/// As incremental_alter_configs(), but what a resource has is what the request names and nothing
/// else.
Decision<protocol::AlterConfigsResponse> alter_configs(
    const metadata::ClusterImage& image, const ConfigRules& rules,
    const protocol::AlterConfigsRequest& request);

}  // namespace moldau::controller
