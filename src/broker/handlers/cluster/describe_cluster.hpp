#pragma once

#include "api_table.hpp"

#include "moldau/protocol/messages/describe_cluster.hpp"

namespace moldau::broker {

protocol::DescribeClusterResponse handle_describe_cluster(
    const RequestContext& context, const protocol::DescribeClusterRequest& request);

}  // namespace moldau::broker
