// FindCoordinator: api key 10, versions 0..6
//   v3   flexible
//   v4   several keys                                              KIP-699
// There are no coordinators yet: INVALID_REQUEST with a message, which clients show and do not
// retry.
#include "handlers/cluster/find_coordinator.hpp"

#include "moldau/protocol/messages/find_coordinator.hpp"

#include <string>

namespace moldau::broker {
namespace {

constexpr std::int16_t kManyKeysVersion = 4;

std::string reason(std::int8_t key_type) {
    switch (key_type) {
        case 0:
            return "consumer groups are not supported yet: assign the partitions";
        case 1:
            return "transactions are not supported yet";
        case 2:
            return "share groups are not supported yet";
        default:
            return "there is no such kind of coordinator";
    }
}

}  // namespace

Result<net::Answer> handle_find_coordinator(const RequestContext& context, protocol::Reader& body) {
    protocol::FindCoordinatorRequest request;
    if (Result<> ok = request.decode(body, context.version); !ok) return ok.error();
    protocol::FindCoordinatorResponse response;
    if (context.version < kManyKeysVersion) {
        response.error_code = ErrorCode::invalid_request;
        if (context.version > 0) response.error_message = reason(request.key_type);
        response.node_id = -1;
        response.port = -1;
    } else {
        for (std::string& key : request.coordinator_keys) {
            response.coordinators.push_back({.key = std::move(key),
                                             .node_id = -1,
                                             .host = {},
                                             .port = -1,
                                             .error_code = ErrorCode::invalid_request,
                                             .error_message = reason(request.key_type)});
        }
    }
    return net::Answer(final_reply(context, response));
}

}  // namespace moldau::broker
