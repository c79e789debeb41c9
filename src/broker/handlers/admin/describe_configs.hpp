#pragma once

#include "moldau/base/ports/log.hpp"
#include "moldau/config/settings.hpp"
#include "moldau/metadata/cluster_image.hpp"
#include "moldau/protocol/messages/create_topics.hpp"
#include "moldau/protocol/messages/describe_configs.hpp"

#include <cstddef>
#include <optional>

namespace moldau::broker {

/// A few bytes can ask for all the settings of a group: what one response holds has a bound.
inline constexpr std::size_t kDescribedConfigsMax = 250'000;

/// The configs of this broker's table, of topics, groups and client metrics as they hold here.
/// `log_level`: of this broker's logger; nothing: it has none.
/// Errors in the response: invalid_topic_exception, unknown_topic_or_partition: of a topic ·
/// invalid_request: another broker, an empty name, a kind of resource that has no configs here ·
/// policy_violation: the response is full.
protocol::DescribeConfigsResponse describe_configs(const metadata::ClusterImage& image,
                                                   const config::Settings& settings,
                                                   std::optional<LogLevel> log_level,
                                                   const protocol::DescribeConfigsRequest& request);

/// Tells with each topic that was made, or could be, the configs that it has (KIP-525).
/// `response`: as controller::create_topics() gives it for `request`.
void add_created_configs(const metadata::ClusterImage& image, const config::Settings& settings,
                         const protocol::CreateTopicsRequest& request,
                         protocol::CreateTopicsResponse& response);

}  // namespace moldau::broker
