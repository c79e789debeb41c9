// AlterPartitionReassignments: api key 45, versions 0..1, and ListPartitionReassignments: 46,
// version 0                                                        KIP-455
//   v1   the number of replicas may be kept as it is               KIP-860
// Decided by controller/reassignments.cpp. What is under way is told as it is committed.
#include "handlers/admin/partition_reassignments.hpp"

#include "handlers/admin/ask_controller.hpp"

#include "moldau/controller/reassignments.hpp"

namespace moldau::broker {
namespace {

using Request = protocol::AlterPartitionReassignmentsRequest;
using Response = protocol::AlterPartitionReassignmentsResponse;

void refuse(Response& response, const Request& request, const Error& error) {
    response.error_code = error.code;
    response.error_message = error.detail;
    response.allow_replication_factor_change = request.allow_replication_factor_change;
}

}  // namespace

Result<net::Answer> handle_alter_partition_reassignments(const RequestContext& context,
                                                         protocol::Reader& body) {
    Request request;
    if (Result<> ok = request.decode(body, context.version); !ok) return ok.error();
    return net::Answer(ask_and_reply<Request, Response>(
        context, std::move(request), &ControllerDriver::alter_reassignments, refuse));
}

Result<net::Answer> handle_list_partition_reassignments(const RequestContext& context,
                                                        protocol::Reader& body) {
    protocol::ListPartitionReassignmentsRequest request;
    if (Result<> ok = request.decode(body, context.version); !ok) return ok.error();
    return net::Answer(
        final_reply(context, controller::list_partition_reassignments(context.image(), request)));
}

}  // namespace moldau::broker
