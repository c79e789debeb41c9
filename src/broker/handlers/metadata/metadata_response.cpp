// Metadata: api key 3, versions 0..13
//   v0   replicas and ISR hold reachable brokers only, and a partition that lacks one says so; an
//        empty list asks for all topics
//   v1   rack, controller; null asks for all topics, an empty list for none
//   v2   cluster id                                                                     KIP-78
//   v4   allow_auto_topic_creation                                                      KIP-361
//   v5   offline replicas                                                               KIP-112
//   v6   LISTENER_NOT_FOUND where the leader has no such listener; before, LEADER_NOT_AVAILABLE
//   v7   leader epoch                                                                   KIP-320
//   v8   authorized operations; those of the cluster ended with v10               KIP-430, KIP-700
//   v9   flexible
//   v10  topic ids in the response, v12 in the request                                  KIP-516
//   v13  an error for the whole response                                                KIP-1102
#include "handlers/metadata/metadata_response.hpp"

#include "authorized_operations.hpp"

#include "moldau/base/topic_name.hpp"

#include <algorithm>
#include <optional>
#include <set>
#include <utility>

namespace moldau::broker {
namespace {

using Request = protocol::MetadataRequest;
using Response = protocol::MetadataResponse;
using TopicAsked = Request::MetadataRequestTopic;
using Topic = Response::MetadataResponseTopic;
using Partition = Response::MetadataResponsePartition;

constexpr std::int16_t kTopicIdsInRequests = 12;
constexpr std::int16_t kListenerNotFound = 6;

bool is_by_id(const TopicAsked& topic) {
    return !topic.topic_id.is_zero();
}

/// A topic is named, or from v12 on may be asked for by its id.
bool is_well_formed(const TopicAsked& topic, std::int16_t version) {
    return version >= kTopicIdsInRequests ? topic.name || is_by_id(topic)
                                          : topic.name && !is_by_id(topic);
}

Topic refused(ErrorCode code, std::optional<std::string> name, const Uuid& id) {
    Topic topic;
    topic.error_code = code;
    topic.is_internal = name && is_internal_topic(*name);
    topic.name = std::move(name);
    topic.topic_id = id;
    return topic;
}

class Answering {
public:
    Answering(const MetadataQuestion& question, const Request& request)
        : question_(question), request_(request), seen_(question.image, question.asked) {}

    MetadataAnswer answer() {
        if (request_.topics && !std::ranges::all_of(*request_.topics, [&](const TopicAsked& topic) {
                return is_well_formed(topic, question_.version);
            })) {
            refuse_all();
            return std::move(answer_);
        }
        Response& response = answer_.response;
        response.cluster_id = std::string(question_.cluster_id);
        response.controller_id = seen_.controller_id();
        for (const Viewpoint::Broker& broker : seen_.brokers()) {
            if (!broker.is_alive()) continue;
            response.brokers.push_back({.node_id = broker.id.value,
                                        .host = broker.at->host,
                                        .port = broker.at->port,
                                        .rack = broker.registration->rack});
        }
        const bool all = !request_.topics || (question_.version == 0 && request_.topics->empty());
        all ? add_all_topics() : add_topics(*request_.topics);
        if (request_.include_cluster_authorized_operations)
            response.cluster_authorized_operations = kAllClusterOperations;
        return std::move(answer_);
    }

private:
    void refuse_all() {
        answer_.response.error_code = ErrorCode::invalid_request;
        for (const TopicAsked& topic : *request_.topics) {
            // Up to v11 a name cannot be null in the response.
            answer_.response.topics.push_back(
                refused(ErrorCode::invalid_request, topic.name.value_or(""), topic.topic_id));
        }
    }

    void add_all_topics() {
        answer_.response.topics.reserve(question_.image.topics.size());
        for (const auto& [name, id] : question_.image.topic_ids) {
            if (const metadata::Topic* topic = with_partitions(id)) add(*topic, id);
        }
    }

    void add_topics(const std::vector<TopicAsked>& topics) {
        std::set<std::string_view> names;
        std::set<Uuid> ids;
        for (const TopicAsked& topic : topics) {
            if (is_by_id(topic)) {
                if (ids.insert(topic.topic_id).second) add_by_id(topic.topic_id);
            } else if (names.insert(*topic.name).second) {
                add_by_name(*topic.name);
            }
        }
    }

    void add_by_id(const Uuid& id) {
        if (const metadata::Topic* topic = with_partitions(id)) return add(*topic, id);
        answer_.response.topics.push_back(refused(ErrorCode::unknown_topic_id, std::nullopt, id));
    }

    void add_by_name(const std::string& name) {
        const Uuid* id = question_.image.topic_ids.find(name);
        const metadata::Topic* topic = id == nullptr ? nullptr : with_partitions(*id);
        if (topic != nullptr) return add(*topic, *id);
        const bool is_possible = check_topic_name(name).has_value();
        answer_.response.topics.push_back(refused(is_possible
                                                      ? ErrorCode::unknown_topic_or_partition
                                                      : ErrorCode::invalid_topic_exception,
                                                  name, Uuid{}));
        add_operations(answer_.response.topics.back());
        if (is_possible && request_.allow_auto_topic_creation && question_.auto_create_topics)
            answer_.to_create.push_back(name);
    }

    /// Between a topic's record and those of its partitions an image has it without any.
    const metadata::Topic* with_partitions(const Uuid& id) const {
        const metadata::Topic* topic = question_.image.topics.find(id);
        return topic != nullptr && !topic->partitions.empty() ? topic : nullptr;
    }

    void add(const metadata::Topic& topic, const Uuid& id) {
        Topic told;
        told.name = topic.name;
        told.topic_id = id;
        told.is_internal = is_internal_topic(topic.name);
        told.partitions.reserve(topic.partitions.size());
        for (const auto& [number, partition] : topic.partitions)
            told.partitions.push_back(partition_of(number, partition));
        add_operations(told);
        answer_.response.topics.push_back(std::move(told));
    }

    void add_operations(Topic& topic) const {
        if (request_.include_topic_authorized_operations)
            topic.topic_authorized_operations = kAllTopicOperations;
    }

    Partition partition_of(std::int32_t number, const metadata::Partition& partition) const {
        Partition told;
        told.partition_index = number;
        told.leader_id = seen_.reachable_leader(partition);
        told.leader_epoch = partition.leader_epoch.value;
        told.replica_nodes = told_of(partition.replicas);
        told.isr_nodes = told_of(partition.isr);
        told.offline_replicas = seen_.offline_replicas(partition);
        const bool lacks_some = told.replica_nodes.size() < partition.replicas.size() ||
                                told.isr_nodes.size() < partition.isr.size();
        if (told.leader_id < 0)
            told.error_code = no_leader(partition);
        else if (lacks_some)
            told.error_code = ErrorCode::replica_not_available;
        return told;
    }

    ErrorCode no_leader(const metadata::Partition& partition) const {
        const bool is_registered = seen_.find(partition.leader) != nullptr;
        return is_registered && question_.version >= kListenerNotFound
                   ? ErrorCode::listener_not_found
                   : ErrorCode::leader_not_available;
    }

    /// In v0 only those that the response's list of brokers has.
    std::vector<std::int32_t> told_of(const std::vector<BrokerId>& brokers) const {
        std::vector<std::int32_t> numbers = broker_numbers(brokers);
        if (question_.version == 0)
            std::erase_if(numbers, [&](std::int32_t id) { return !seen_.is_alive(BrokerId{id}); });
        return numbers;
    }

    const MetadataQuestion& question_;
    const Request& request_;
    Viewpoint seen_;
    MetadataAnswer answer_;
};

}  // namespace

MetadataAnswer metadata_response(const MetadataQuestion& question, const Request& request) {
    return Answering(question, request).answer();
}

}  // namespace moldau::broker
