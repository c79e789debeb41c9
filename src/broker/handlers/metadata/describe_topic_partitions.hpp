#pragma once

#include "viewpoint.hpp"

#include "moldau/protocol/messages/describe_topic_partitions.hpp"

#include <cstdint>

namespace moldau::broker {

/// `partitions_max`: max.request.partition.size.limit.
/// Errors in the response: unknown_topic_or_partition, invalid_topic_exception: of a topic ·
/// invalid_request: of all that are named, when the cursor cannot be.
protocol::DescribeTopicPartitionsResponse describe_topic_partitions(
    const metadata::ClusterImage& image, const Asked& asked, std::int32_t partitions_max,
    const protocol::DescribeTopicPartitionsRequest& request);

}  // namespace moldau::broker
