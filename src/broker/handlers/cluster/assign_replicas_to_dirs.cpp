// AssignReplicasToDirs: api key 73, version 0                      KIP-858
// A broker tells the controller which of its log directories hold which replicas. Decided by
// controller/directories.cpp; this node's own broker tells it by NodeState::tell_of_directories.
#include "handlers/cluster/assign_replicas_to_dirs.hpp"

#include "handlers/admin/ask_controller.hpp"

namespace moldau::broker {
namespace {

using Request = protocol::AssignReplicasToDirsRequest;
using Response = protocol::AssignReplicasToDirsResponse;

void refuse(Response& response, const Request&, const Error& error) {
    response.error_code = error.code;
}

}  // namespace

Result<net::Answer> handle_assign_replicas_to_dirs(const RequestContext& context,
                                                   protocol::Reader& body) {
    Request request;
    if (Result<> ok = request.decode(body, context.version); !ok) return ok.error();
    return net::Answer(ask_and_reply<Request, Response>(
        context, std::move(request), &ControllerDriver::assign_replicas_to_dirs, refuse));
}

}  // namespace moldau::broker
