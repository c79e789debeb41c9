#pragma once

#include "request_context.hpp"

#include "moldau/base/result.hpp"
#include "moldau/base/time.hpp"
#include "moldau/protocol/messages/describe_quorum.hpp"
#include "moldau/raft/quorum.hpp"

namespace moldau::broker {

Result<net::Answer> handle_describe_quorum(const RequestContext& context, protocol::Reader& body);

/// The quorum as its leader knows it. Errors in the response: unknown_topic_or_partition, of each
/// partition: the request names another than the metadata log's, or not that alone.
protocol::DescribeQuorumResponse describe_quorum(const raft::Quorum& quorum,
                                                 const metadata::ClusterImage& image, Timestamp now,
                                                 const protocol::DescribeQuorumRequest& request);

/// Directories and addresses, which versions below 2 cannot tell.
void forget_directories(protocol::DescribeQuorumResponse& response);

}  // namespace moldau::broker
