#pragma once

#include "request_context.hpp"

#include "moldau/base/result.hpp"
#include "moldau/protocol/messages/list_config_resources.hpp"

namespace moldau::broker {

Result<net::Answer> handle_list_config_resources(const RequestContext& context,
                                                 protocol::Reader& body);

/// Topics and brokers that are there for this client; groups and subscriptions of client metrics
/// that have configs. Version 0 is about the latter alone.
/// Errors in the response: unsupported_version: a kind of resource that has no configs.
protocol::ListConfigResourcesResponse list_config_resources(
    const metadata::ClusterImage& image, const Viewpoint& view, std::int16_t version,
    const protocol::ListConfigResourcesRequest& request);

}  // namespace moldau::broker
