// Metadata: api key 3, versions 0..13
//   v1   rack, controller; null asks for all topics, an empty list for none (in v0 an empty list
//   asks for all) v2   cluster id                                                KIP-78 v4
//   allow_auto_topic_creation v5   offline replicas KIP-112 v7   leader epoch KIP-320 v8 authorized
//   operations                                     KIP-430; those of the cluster ended with v10
//   (KIP-700) v9   flexible v10  topic ids in the response, v12 in the request             KIP-516
//   v13  an error for the whole response                           KIP-1102
// There are no topics yet: each one that is asked for is unknown, or has a name that none can have.
#include "handlers/metadata/metadata.hpp"

#include "authorized_operations.hpp"
#include "endpoints.hpp"
#include "topic_name.hpp"

#include <set>

namespace moldau::broker {
namespace {

using Topic = protocol::MetadataResponse::MetadataResponseTopic;

constexpr std::int16_t kTopicIdsInRequests = 12;

Topic unknown(ErrorCode code, std::optional<std::string> name, Uuid id) {
    Topic topic;
    topic.error_code = code;
    topic.name = std::move(name);
    topic.topic_id = id;
    return topic;
}

/// A topic is named, or from v12 on asked for by its id with no name.
bool is_well_formed(const protocol::MetadataRequest& request, std::int16_t version) {
    if (!request.topics) return true;
    for (const auto& topic : *request.topics) {
        const bool by_id = version >= kTopicIdsInRequests && !topic.topic_id.is_zero();
        if (!topic.name && !by_id) return false;
    }
    return true;
}

void refuse(const protocol::MetadataRequest& request, protocol::MetadataResponse& response) {
    response.error_code = ErrorCode::invalid_request;
    for (const auto& topic : *request.topics) {
        // Up to v11 a name cannot be null in the response.
        response.topics.push_back(
            unknown(ErrorCode::invalid_request, topic.name.value_or(""), topic.topic_id));
    }
}

void add_topics(const RequestContext& context, const protocol::MetadataRequest& request,
                protocol::MetadataResponse& response) {
    std::set<std::string_view> seen;
    for (const auto& topic : *request.topics) {
        if (context.version >= kTopicIdsInRequests && !topic.topic_id.is_zero()) {
            response.topics.push_back(
                unknown(ErrorCode::unknown_topic_id, std::nullopt, topic.topic_id));
            continue;
        }
        if (!seen.insert(*topic.name).second) continue;  // named twice, answered once
        const bool possible = is_topic_name(*topic.name);
        response.topics.push_back(unknown(
            possible ? ErrorCode::unknown_topic_or_partition : ErrorCode::invalid_topic_exception,
            *topic.name, Uuid{}));
        if (possible && request.include_topic_authorized_operations) {
            response.topics.back().topic_authorized_operations = kAllTopicOperations;
        }
    }
}

}  // namespace

protocol::MetadataResponse handle_metadata(const RequestContext& context,
                                           const protocol::MetadataRequest& request) {
    protocol::MetadataResponse response;
    if (!is_well_formed(request, context.version)) {
        refuse(request, response);
        return response;
    }
    response.cluster_id = context.cluster.cluster_id;
    response.controller_id = context.cluster.controller.value;
    for (const BrokerView& broker : context.cluster.brokers) {
        if (broker.fenced) continue;
        const Endpoint at = endpoint_for(broker, context.connection);
        response.brokers.push_back(
            {.node_id = broker.id.value, .host = at.host, .port = at.port, .rack = broker.rack});
    }
    const bool all_topics = !request.topics || (context.version == 0 && request.topics->empty());
    if (!all_topics) add_topics(context, request, response);
    if (request.include_cluster_authorized_operations)
        response.cluster_authorized_operations = kAllClusterOperations;
    return response;
}

}  // namespace moldau::broker
