#pragma once

#include "viewpoint.hpp"

#include "moldau/protocol/messages/describe_cluster.hpp"

#include <cstdint>
#include <string_view>

namespace moldau::broker {

struct ClusterQuestion {
    const metadata::ClusterImage& image;
    std::string_view cluster_id;
    Asked asked;
    bool is_controller_listener = false;
    BrokerId active_controller{-1};  // asked for on a controllers' listener only
    std::int16_t version = 0;
};

/// Errors in the response: unsupported_endpoint_type, mismatched_endpoint_type; in version 0,
/// which has no such field, invalid_request.
protocol::DescribeClusterResponse cluster_description(
    const ClusterQuestion& question, const protocol::DescribeClusterRequest& request);

}  // namespace moldau::broker
