// IncrementalAlterConfigs: api key 44, versions 0..1               KIP-339
// Decided by controller/configs.cpp. The reply leaves when every shard goes by the new configs.
#include "handlers/admin/incremental_alter_configs.hpp"

#include "handlers/admin/ask_controller.hpp"

namespace moldau::broker {
namespace {

void refuse(protocol::IncrementalAlterConfigsResponse& response,
            const protocol::IncrementalAlterConfigsRequest& request, const Error& error) {
    for (const auto& resource : request.resources) {
        auto& told = response.responses.emplace_back();
        told.resource_type = resource.resource_type;
        told.resource_name = resource.resource_name;
        told.error_code = error.code;
        told.error_message = error.detail;
    }
}

}  // namespace

Result<net::Answer> handle_incremental_alter_configs(const RequestContext& context,
                                                     protocol::Reader& body) {
    protocol::IncrementalAlterConfigsRequest request;
    if (Result<> ok = request.decode(body, context.version); !ok) return ok.error();
    return net::Answer(ask_and_reply<protocol::IncrementalAlterConfigsRequest,
                                     protocol::IncrementalAlterConfigsResponse>(
        context, std::move(request), &ControllerDriver::alter_configs, refuse));
}

}  // namespace moldau::broker
