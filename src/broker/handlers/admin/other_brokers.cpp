#include "handlers/admin/other_brokers.hpp"

#include "moldau/metadata/cluster_image.hpp"

#include <fmt/core.h>

#include <charconv>

namespace moldau::broker {
namespace {

template <class Refusal, class Request>
std::vector<Refusal> refuse(BrokerId self, Request& request) {
    constexpr auto kBroker = static_cast<std::int8_t>(metadata::ResourceType::broker);
    std::vector<Refusal> refusals;
    std::erase_if(request.resources, [&](const auto& resource) {
        if (resource.resource_type != kBroker || resource.resource_name.empty()) return false;
        std::string why = why_not_ours(self, resource.resource_name);
        if (why.empty()) return false;
        auto& refusal = refusals.emplace_back();
        refusal.error_code = ErrorCode::invalid_request;
        refusal.error_message = std::move(why);
        refusal.resource_type = resource.resource_type;
        refusal.resource_name = resource.resource_name;
        return true;
    });
    return refusals;
}

}  // namespace

std::string why_not_ours(BrokerId self, std::string_view name) {
    std::int32_t id = -1;
    const auto read = std::from_chars(name.data(), name.data() + name.size(), id);
    if (read.ec != std::errc() || read.ptr != name.data() + name.size())
        return "a broker is named by its number";
    if (id == self.value && name == fmt::format("{}", id)) return {};
    return fmt::format("this is broker {}: ask broker {} itself, by that number", self.value, id);
}

std::vector<protocol::IncrementalAlterConfigsResponse::AlterConfigsResourceResponse>
refuse_other_brokers(BrokerId self, protocol::IncrementalAlterConfigsRequest& request) {
    using Response = protocol::IncrementalAlterConfigsResponse;
    return refuse<Response::AlterConfigsResourceResponse>(self, request);
}

std::vector<protocol::AlterConfigsResponse::AlterConfigsResourceResponse> refuse_other_brokers(
    BrokerId self, protocol::AlterConfigsRequest& request) {
    return refuse<protocol::AlterConfigsResponse::AlterConfigsResourceResponse>(self, request);
}

}  // namespace moldau::broker
