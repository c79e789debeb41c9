// Makes sure that the topic of a load is there.
#pragma once

#include "options.hpp"

#include "moldau/client/cluster.hpp"
#include "moldau/protocol/messages/create_topics.hpp"

#include <cstdint>
#include <span>
#include <string>

namespace moldau::load {

/// A request that makes topics of one shape.
protocol::CreateTopicsRequest creation_of(std::span<const std::string> names,
                                          const TopicShape& shape, std::int32_t timeout_ms);

/// How many partitions the topic has. With `shape.creates_topic` it is created when it does not
/// exist; when it does, it must have as many partitions as were asked for.
/// Errors: unknown_topic_or_partition · invalid_partitions · what the broker says
runtime::Task<Result<std::int32_t>> find_or_create(client::Cluster& cluster, std::string topic,
                                                   TopicShape shape);

}  // namespace moldau::load
