#pragma once

#include "api_table.hpp"

#include "moldau/protocol/messages/api_versions.hpp"

namespace moldau::broker {

protocol::ApiVersionsResponse handle_api_versions(const RequestContext& context,
                                                  const protocol::ApiVersionsRequest& request);

/// The answer to a version of ApiVersions that is not served; encoded as v0.
protocol::ApiVersionsResponse unsupported_api_versions();

}  // namespace moldau::broker
