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

#include "moldau/controller/topic_names.hpp"

#include <algorithm>
#include <set>
#include <vector>

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

using TopicAsked = protocol::MetadataRequest::MetadataRequestTopic;

bool is_by_id(const TopicAsked& topic, std::int16_t version) {
    return version >= kTopicIdsInRequests && !topic.topic_id.is_zero();
}

/// A topic is named, or from v12 on asked for by its id with no name.
bool is_well_formed(const std::vector<TopicAsked>& topics, std::int16_t version) {
    return std::all_of(topics.begin(), topics.end(), [version](const TopicAsked& topic) {
        return topic.name.has_value() || is_by_id(topic, version);
    });
}

void refuse(const std::vector<TopicAsked>& topics, protocol::MetadataResponse& response) {
    response.error_code = ErrorCode::invalid_request;
    for (const TopicAsked& topic : topics) {
        // Up to v11 a name cannot be null in the response.
        response.topics.push_back(
            unknown(ErrorCode::invalid_request, topic.name.value_or(""), topic.topic_id));
    }
}

void add_topics(const RequestContext& context, const std::vector<TopicAsked>& topics,
                bool with_operations, protocol::MetadataResponse& response) {
    std::set<std::string> seen;
    for (const TopicAsked& topic : topics) {
        if (is_by_id(topic, context.version)) {
            response.topics.push_back(
                unknown(ErrorCode::unknown_topic_id, std::nullopt, topic.topic_id));
            continue;
        }
        const std::string name = topic.name.value_or("");
        if (!seen.insert(name).second) continue;  // named twice, answered once
        const bool possible = controller::check_topic_name(name).has_value();
        response.topics.push_back(unknown(
            possible ? ErrorCode::unknown_topic_or_partition : ErrorCode::invalid_topic_exception,
            name, Uuid{}));
        if (possible && with_operations)
            response.topics.back().topic_authorized_operations = kAllTopicOperations;
    }
}

}  // namespace

protocol::MetadataResponse handle_metadata(const RequestContext& context,
                                           const protocol::MetadataRequest& request) {
    protocol::MetadataResponse response;
    if (request.topics && !is_well_formed(*request.topics, context.version)) {
        refuse(*request.topics, response);
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
    // No list, and in v0 an empty one, asks for all topics: there are none.
    if (request.topics)
        add_topics(context, *request.topics, request.include_topic_authorized_operations, response);
    if (request.include_cluster_authorized_operations)
        response.cluster_authorized_operations = kAllClusterOperations;
    return response;
}

}  // namespace moldau::broker
