// DescribeCluster: api key 60, versions 0..2                                         KIP-700
//   v1   endpoint type: brokers or controllers                                       KIP-919
//   v2   fenced brokers are listed if asked for                                      KIP-1073
// A listener answers for the nodes of its own kind. The controller that clients of brokers are told
// of is a broker: it passes on what only the controller decides.
#include "handlers/cluster/cluster_description.hpp"

#include "authorized_operations.hpp"

#include <fmt/core.h>

#include <algorithm>
#include <string>
#include <utility>

namespace moldau::broker {
namespace {

using Request = protocol::DescribeClusterRequest;
using Response = protocol::DescribeClusterResponse;

constexpr std::int8_t kBrokers = 1;
constexpr std::int8_t kControllers = 2;

Response refused(ErrorCode code, std::int16_t version, std::string message) {
    Response response;
    response.error_code = version == 0 ? ErrorCode::invalid_request : code;
    response.error_message = std::move(message);
    return response;
}

void add_brokers(const ClusterQuestion& question, const Request& request, Response& response) {
    const Viewpoint seen(question.image, question.asked);
    for (const Viewpoint::Broker& broker : seen.brokers()) {
        const bool is_fenced = broker.registration->fenced;
        if (!broker.at || (is_fenced && !request.include_fenced_brokers)) continue;
        response.brokers.push_back({.broker_id = broker.id.value,
                                    .host = broker.at->host,
                                    .port = broker.at->port,
                                    .rack = broker.registration->rack,
                                    .is_fenced = is_fenced});
    }
    response.controller_id = seen.controller_id();
}

void add_controllers(const ClusterQuestion& question, Response& response) {
    for (const auto& [id, registration] : question.image.controllers) {
        const auto at = std::ranges::find(registration.endpoints, question.asked.listener,
                                          &metadata::Endpoint::name);
        if (at == registration.endpoints.end()) continue;
        response.brokers.push_back({.broker_id = id,
                                    .host = at->host,
                                    .port = at->port,
                                    .rack = std::nullopt,
                                    .is_fenced = false});
        // One that is not in the list would only confuse.
        if (question.active_controller.value == id) response.controller_id = id;
    }
}

}  // namespace

Response cluster_description(const ClusterQuestion& question, const Request& request) {
    const std::int8_t here = question.is_controller_listener ? kControllers : kBrokers;
    const auto kind = [](std::int8_t type) { return type == kBrokers ? "brokers" : "controllers"; };
    if (request.endpoint_type != kBrokers && request.endpoint_type != kControllers) {
        return refused(ErrorCode::unsupported_endpoint_type, question.version,
                       fmt::format("there is no endpoint type {}", request.endpoint_type));
    }
    if (request.endpoint_type != here) {
        return refused(
            ErrorCode::mismatched_endpoint_type, question.version,
            fmt::format("listener {} serves {}, the request asks for {}", question.asked.listener,
                        kind(here), kind(request.endpoint_type)));
    }
    Response response;
    response.endpoint_type = here;
    response.cluster_id = std::string(question.cluster_id);
    question.is_controller_listener ? add_controllers(question, response)
                                    : add_brokers(question, request, response);
    if (request.include_cluster_authorized_operations)
        response.cluster_authorized_operations = kAllClusterOperations;
    return response;
}

}  // namespace moldau::broker
