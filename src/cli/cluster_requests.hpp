// What the cluster and broker commands ask of any broker.
#pragma once

#include "report.hpp"

#include "moldau/protocol/messages/describe_cluster.hpp"

namespace moldau::cli {

using ClusterBroker = protocol::DescribeClusterResponse::DescribeClusterBroker;

/// Its brokers by number.
runtime::Task<Result<protocol::DescribeClusterResponse>> describe_cluster(Context context);

/// As an item of `broker.list`.
Item item_of(const ClusterBroker& broker, const protocol::DescribeClusterResponse& cluster);

}  // namespace moldau::cli
