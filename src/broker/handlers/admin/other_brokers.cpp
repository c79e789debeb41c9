#include "handlers/admin/other_brokers.hpp"

#include "moldau/metadata/cluster_image.hpp"

#include <fmt/core.h>

#include <charconv>
#include <string_view>

namespace moldau::broker {

std::vector<protocol::IncrementalAlterConfigsResponse::AlterConfigsResourceResponse>
refuse_other_brokers(BrokerId self, protocol::IncrementalAlterConfigsRequest& request) {
    constexpr auto kBroker = static_cast<std::int8_t>(metadata::ResourceType::broker);
    std::vector<protocol::IncrementalAlterConfigsResponse::AlterConfigsResourceResponse> refusals;
    std::erase_if(request.resources, [&](const auto& resource) {
        if (resource.resource_type != kBroker || resource.resource_name.empty()) return false;
        const std::string_view name = resource.resource_name;
        std::int32_t id = -1;
        const auto read = std::from_chars(name.data(), name.data() + name.size(), id);
        const bool is_number = read.ec == std::errc() && read.ptr == name.data() + name.size();
        if (is_number && id == self.value && name == fmt::format("{}", id)) return false;
        auto& refusal = refusals.emplace_back();
        refusal.error_code = ErrorCode::invalid_request;
        refusal.error_message =
            is_number ? fmt::format("this is broker {}: ask broker {} itself, by that number",
                                    self.value, id)
                      : "a broker is named by its number";
        refusal.resource_type = resource.resource_type;
        refusal.resource_name = resource.resource_name;
        return true;
    });
    return refusals;
}

}  // namespace moldau::broker
