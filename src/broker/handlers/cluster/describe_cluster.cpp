// DescribeCluster: api key 60, versions 0..2                       KIP-700
//   v1   endpoint type: brokers or controllers                     KIP-919
//   v2   fenced brokers are listed if asked for                    KIP-1073
// A request for the other kind of endpoint is answered with MISMATCHED_ENDPOINT_TYPE, one for a
// kind that does not exist with UNSUPPORTED_ENDPOINT_TYPE.
#include "handlers/cluster/describe_cluster.hpp"

#include "authorized_operations.hpp"
#include "endpoints.hpp"

#include <fmt/core.h>

namespace moldau::broker {
namespace {

constexpr std::int8_t kBrokers = 1;
constexpr std::int8_t kControllers = 2;

std::int8_t endpoint_type_of(ListenerKind kind) {
    return kind == ListenerKind::broker ? kBrokers : kControllers;
}

protocol::DescribeClusterResponse refused(ErrorCode code, std::string message) {
    protocol::DescribeClusterResponse response;
    response.error_code = code;
    response.error_message = std::move(message);
    return response;
}

}  // namespace

protocol::DescribeClusterResponse handle_describe_cluster(
    const RequestContext& context, const protocol::DescribeClusterRequest& request) {
    const std::int8_t here = endpoint_type_of(context.listener);
    if (request.endpoint_type != kBrokers && request.endpoint_type != kControllers) {
        return refused(ErrorCode::unsupported_endpoint_type,
                       fmt::format("there is no endpoint type {}", request.endpoint_type));
    }
    if (request.endpoint_type != here) {
        return refused(
            ErrorCode::mismatched_endpoint_type,
            fmt::format("listener {} serves {}, the request asks for {}",
                        context.connection.listener, here == kBrokers ? "brokers" : "controllers",
                        here == kBrokers ? "controllers" : "brokers"));
    }
    protocol::DescribeClusterResponse response;
    response.endpoint_type = here;
    response.cluster_id = context.cluster.cluster_id;
    response.controller_id = context.cluster.controller.value;
    for (const BrokerView& broker : context.cluster.brokers) {
        if (broker.fenced && !request.include_fenced_brokers) continue;
        const Endpoint at = endpoint_for(broker, context.connection);
        response.brokers.push_back({.broker_id = broker.id.value,
                                    .host = at.host,
                                    .port = at.port,
                                    .rack = broker.rack,
                                    .is_fenced = broker.fenced});
    }
    if (request.include_cluster_authorized_operations)
        response.cluster_authorized_operations = kAllClusterOperations;
    return response;
}

}  // namespace moldau::broker
