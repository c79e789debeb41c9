// UpdateFeatures: api key 57, versions 0..2                        KIP-584
//   v1   upgrades, safe and unsafe downgrades; only validated      KIP-778
//   v2   one result for all                                        KIP-1022
// Decided by controller/features.cpp.
#include "handlers/admin/update_features.hpp"

#include "handlers/admin/ask_controller.hpp"

namespace moldau::broker {
namespace {

using Request = protocol::UpdateFeaturesRequest;
using Response = protocol::UpdateFeaturesResponse;

void refuse(Response& response, const Request&, const Error& error) {
    response.error_code = error.code;
    response.error_message = error.detail;
}

}  // namespace

Result<net::Answer> handle_update_features(const RequestContext& context, protocol::Reader& body) {
    Request request;
    if (Result<> ok = request.decode(body, context.version); !ok) return ok.error();
    return net::Answer(ask_and_reply<Request, Response>(
        context, std::move(request), &ControllerDriver::update_features, refuse));
}

}  // namespace moldau::broker
