// ElectLeaders: api key 43, versions 0..2                          KIP-183
//   v1   unclean elections                                         KIP-460
//   v2   flexible
// Decided by controller/elections.cpp.
#include "handlers/admin/elect_leaders.hpp"

#include "handlers/admin/ask_controller.hpp"

namespace moldau::broker {
namespace {

using Request = protocol::ElectLeadersRequest;
using Response = protocol::ElectLeadersResponse;

void refuse(Response& response, const Request& request, const Error& error) {
    if (!request.topic_partitions) {
        // Version 0 cannot say it: the connection is closed then.
        response.error_code = error.code;
        return;
    }
    for (const auto& topic : *request.topic_partitions) {
        auto& told = response.replica_election_results.emplace_back();
        told.topic = topic.topic;
        for (const std::int32_t number : topic.partitions) {
            auto& one = told.partition_result.emplace_back();
            one.partition_id = number;
            one.error_code = error.code;
            one.error_message = error.detail;
        }
    }
}

}  // namespace

Result<net::Answer> handle_elect_leaders(const RequestContext& context, protocol::Reader& body) {
    Request request;
    if (Result<> ok = request.decode(body, context.version); !ok) return ok.error();
    return net::Answer(ask_and_reply<Request, Response>(context, std::move(request),
                                                        &ControllerDriver::elect_leaders, refuse));
}

}  // namespace moldau::broker
