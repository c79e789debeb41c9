// DescribeTopicPartitions: api key 75, version 0                                     KIP-966
//   Topics by name, in the order of their names, and their partitions with ELR and last known ELR:
//   at most so many partitions, and a cursor to where the next page begins. No list asks for all.
#include "handlers/metadata/describe_topic_partitions.hpp"

#include "authorized_operations.hpp"

#include "moldau/base/topic_name.hpp"

#include <algorithm>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

namespace moldau::broker {
namespace {

using Request = protocol::DescribeTopicPartitionsRequest;
using Response = protocol::DescribeTopicPartitionsResponse;
using Topic = Response::DescribeTopicPartitionsResponseTopic;
using Partition = Response::DescribeTopicPartitionsResponsePartition;

Topic unknown(const std::string& name) {
    Topic topic;
    topic.error_code = check_topic_name(name) ? ErrorCode::unknown_topic_or_partition
                                              : ErrorCode::invalid_topic_exception;
    topic.name = name;
    topic.is_internal = is_internal_topic(name);
    topic.topic_authorized_operations = kAllTopicOperations;
    return topic;
}

Response refused(const Request& request) {
    Response response;
    for (const auto& asked : request.topics) {
        Topic topic;
        topic.error_code = ErrorCode::invalid_request;
        topic.name = asked.name;
        response.topics.push_back(std::move(topic));
    }
    return response;
}

/// What is left of the request from its cursor on.
std::optional<std::set<std::string>> names_of(const Request& request) {
    std::set<std::string> names;
    for (const auto& topic : request.topics) names.insert(topic.name);
    if (!request.cursor) return names;
    if (request.cursor->partition_index < 0) return std::nullopt;
    const auto first = names.find(request.cursor->topic_name);
    if (first == names.end()) {
        if (names.empty()) return names;
        return std::nullopt;
    }
    names.erase(names.begin(), first);
    return names;
}

class Page {
public:
    Page(const metadata::ClusterImage& image, const Asked& asked, const Request& request,
         std::int32_t partitions_max)
        : image_(image),
          seen_(image, asked),
          request_(request),
          left_(std::max(std::min(partitions_max, request.response_partition_limit), 1)) {}

    /// False: the page is full.
    bool add(const std::string& name) {
        if (left_ == 0) {
            point_to(name, 0);
            return false;
        }
        const Uuid* id = image_.topic_ids.find(name);
        const metadata::Topic* topic = id == nullptr ? nullptr : image_.topics.find(*id);
        if (topic == nullptr) {
            response_.topics.push_back(unknown(name));
            return true;
        }
        return add(*topic, *id);
    }

    Response take() { return std::move(response_); }

private:
    bool add(const metadata::Topic& topic, const Uuid& id) {
        Topic told;
        told.name = topic.name;
        told.topic_id = id;
        told.is_internal = is_internal_topic(topic.name);
        told.topic_authorized_operations = kAllTopicOperations;
        auto next = topic.partitions.from(first_of(topic.name));
        for (; next != topic.partitions.end() && left_ > 0; ++next, --left_)
            told.partitions.push_back(partition_of(next->key, next->value));
        response_.topics.push_back(std::move(told));
        if (next == topic.partitions.end()) return true;
        point_to(topic.name, next->key);
        return false;
    }

    std::int32_t first_of(const std::string& name) const {
        return request_.cursor && request_.cursor->topic_name == name
                   ? request_.cursor->partition_index
                   : 0;
    }

    Partition partition_of(std::int32_t number, const metadata::Partition& partition) const {
        Partition told;
        told.partition_index = number;
        told.leader_id = seen_.reachable_leader(partition);
        told.leader_epoch = partition.leader_epoch.value;
        told.replica_nodes = broker_numbers(partition.replicas);
        told.isr_nodes = broker_numbers(partition.isr);
        told.eligible_leader_replicas = broker_numbers(partition.elr);
        told.last_known_elr = broker_numbers(partition.last_known_elr);
        told.offline_replicas = seen_.offline_replicas(partition);
        return told;
    }

    void point_to(const std::string& name, std::int32_t partition) {
        response_.next_cursor.emplace();
        response_.next_cursor->topic_name = name;
        response_.next_cursor->partition_index = partition;
    }

    const metadata::ClusterImage& image_;
    Viewpoint seen_;
    const Request& request_;
    std::int32_t left_;
    Response response_;
};

}  // namespace

Response describe_topic_partitions(const metadata::ClusterImage& image, const Asked& asked,
                                   std::int32_t partitions_max, const Request& request) {
    const std::optional<std::set<std::string>> names = names_of(request);
    if (!names) return refused(request);
    Page page(image, asked, request, partitions_max);
    if (!request.topics.empty()) {
        for (const std::string& name : *names) {
            if (!page.add(name)) break;
        }
        return page.take();
    }
    const std::string first = request.cursor ? request.cursor->topic_name : std::string();
    for (auto topic = image.topic_ids.from(first); topic != image.topic_ids.end(); ++topic) {
        if (!page.add(topic->key)) break;
    }
    return page.take();
}

}  // namespace moldau::broker
