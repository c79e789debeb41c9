// ListConfigResources: api key 74, versions 0..1
//   v0   subscriptions of client metrics (ListClientMetricsResources)  KIP-714
//   v1   all kinds of resources that have configs                      KIP-1142
#include "handlers/admin/list_config_resources.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <string>
#include <utility>
#include <vector>

namespace moldau::broker {
namespace {

using metadata::ResourceType;
using Response = protocol::ListConfigResourcesResponse;

constexpr std::array kAllTypes = {ResourceType::topic, ResourceType::broker,
                                  ResourceType::broker_logger, ResourceType::client_metrics,
                                  ResourceType::group};

std::vector<std::string> names_of(ResourceType type, const metadata::ClusterImage& image,
                                  const Viewpoint& view) {
    std::vector<std::string> names;
    switch (type) {
        case ResourceType::topic:
            for (const auto& [name, id] : image.topic_ids) names.push_back(name);
            break;
        case ResourceType::broker:
        case ResourceType::broker_logger:
            for (const Viewpoint::Broker& broker : view.brokers()) {
                if (broker.is_alive()) names.push_back(fmt::format("{}", broker.id.value));
            }
            break;
        case ResourceType::client_metrics:
        case ResourceType::group:
            for (auto at = image.configs.from(metadata::ConfigResource{type, ""});
                 at != image.configs.end() && at->key.type == type; ++at)
                names.push_back(at->key.name);
            break;
    }
    return names;
}

}  // namespace

Response list_config_resources(const metadata::ClusterImage& image, const Viewpoint& view,
                               std::int16_t version,
                               const protocol::ListConfigResourcesRequest& request) {
    std::vector<ResourceType> types;
    types.reserve(request.resource_types.size());
    for (const std::int8_t each : request.resource_types)
        types.push_back(static_cast<ResourceType>(each));
    if (version == 0) {
        types = {ResourceType::client_metrics};
    } else if (types.empty()) {
        types.assign(kAllTypes.begin(), kAllTypes.end());
    }
    Response response;
    const auto is_known = [](ResourceType type) {
        return std::ranges::find(kAllTypes, type) != kAllTypes.end();
    };
    if (!std::ranges::all_of(types, is_known)) {
        response.error_code = ErrorCode::unsupported_version;
        return response;
    }
    // Each kind once, in whatever order and number it was asked for.
    for (const ResourceType type : kAllTypes) {
        if (std::ranges::find(types, type) == types.end()) continue;
        for (std::string& name : names_of(type, image, view)) {
            auto& told = response.config_resources.emplace_back();
            told.resource_name = std::move(name);
            told.resource_type = static_cast<std::int8_t>(type);
        }
    }
    return response;
}

Result<net::Answer> handle_list_config_resources(const RequestContext& context,
                                                 protocol::Reader& body) {
    protocol::ListConfigResourcesRequest request;
    if (Result<> ok = request.decode(body, context.version); !ok) return ok.error();
    const Viewpoint view(context.image(), context.asked());
    return net::Answer(final_reply(
        context, list_config_resources(context.image(), view, context.version, request)));
}

}  // namespace moldau::broker
