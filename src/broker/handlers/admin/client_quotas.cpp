// DescribeClientQuotas: api key 48, versions 0..1                  KIP-546
// AlterClientQuotas: api key 49, versions 0..1                     KIP-546, KIP-612
// Decided by controller/client_quotas.cpp. The reply leaves when the quotas hold on every shard.
#include "handlers/admin/client_quotas.hpp"

#include "handlers/admin/ask_controller.hpp"

#include "moldau/controller/client_quotas.hpp"

namespace moldau::broker {
namespace {

using AlterRequest = protocol::AlterClientQuotasRequest;
using AlterResponse = protocol::AlterClientQuotasResponse;

void refuse(AlterResponse& response, const AlterRequest& request, const Error& error) {
    for (const auto& entry : request.entries) {
        auto& told = response.entries.emplace_back();
        told.error_code = error.code;
        told.error_message = error.detail;
        for (const auto& part : entry.entity) {
            auto& named = told.entity.emplace_back();
            named.entity_type = part.entity_type;
            named.entity_name = part.entity_name;
        }
    }
}

}  // namespace

Result<net::Answer> handle_describe_client_quotas(const RequestContext& context,
                                                  protocol::Reader& body) {
    protocol::DescribeClientQuotasRequest request;
    if (Result<> ok = request.decode(body, context.version); !ok) return ok.error();
    return net::Answer(
        final_reply(context, controller::describe_client_quotas(context.image(), request)));
}

Result<net::Answer> handle_alter_client_quotas(const RequestContext& context,
                                               protocol::Reader& body) {
    AlterRequest request;
    if (Result<> ok = request.decode(body, context.version); !ok) return ok.error();
    return net::Answer(ask_and_reply<AlterRequest, AlterResponse>(
        context, std::move(request), &ControllerDriver::alter_client_quotas, refuse));
}

}  // namespace moldau::broker
