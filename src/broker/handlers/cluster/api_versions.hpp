#pragma once

#include "api_table.hpp"

#include "moldau/metadata/cluster_image.hpp"
#include "moldau/protocol/messages/api_versions.hpp"

#include <cstdint>

namespace moldau::broker {

struct VersionsQuestion {
    const metadata::ClusterImage& image;
    std::int16_t kraft_version = 0;  // finalized
    ListenerKind listener = ListenerKind::broker;
    std::int16_t version = 0;
    bool receives_telemetry = false;  // moldau.client.metrics
};

protocol::ApiVersionsResponse api_versions(const VersionsQuestion& question,
                                           const protocol::ApiVersionsRequest& request);

/// The answer to a version of ApiVersions that is not served; encoded as v0.
protocol::ApiVersionsResponse unsupported_api_versions();

Result<net::Answer> handle_api_versions(const RequestContext& context, protocol::Reader& body);

}  // namespace moldau::broker
