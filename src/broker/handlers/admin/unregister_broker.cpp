// UnregisterBroker: api key 64, version 0                          KIP-631
// Decided by controller/brokers.cpp. A node that unregisters itself is known again when it starts
// anew.
#include "handlers/admin/unregister_broker.hpp"

#include "handlers/admin/ask_controller.hpp"

namespace moldau::broker {
namespace {

using Request = protocol::UnregisterBrokerRequest;
using Response = protocol::UnregisterBrokerResponse;

void refuse(Response& response, const Request&, const Error& error) {
    response.error_code = error.code;
    response.error_message = error.detail;
}

}  // namespace

Result<net::Answer> handle_unregister_broker(const RequestContext& context,
                                             protocol::Reader& body) {
    Request request;
    if (Result<> ok = request.decode(body, context.version); !ok) return ok.error();
    return net::Answer(ask_and_reply<Request, Response>(
        context, std::move(request), &ControllerDriver::unregister_broker, refuse));
}

}  // namespace moldau::broker
