#include "moldau/controller/topics.hpp"

#include "new_partitions.hpp"

#include "moldau/base/topic_name.hpp"
#include "moldau/controller/partition_change.hpp"
#include "moldau/controller/placement.hpp"
#include "moldau/controller/topic_names.hpp"

#include <fmt/core.h>

#include <algorithm>
#include <map>
#include <set>

namespace moldau::controller {
namespace {

using metadata::ClusterImage;
using metadata::ResourceType;
using NewTopic = protocol::CreateTopicsRequest::CreatableTopic;
using TopicResult = protocol::CreateTopicsResponse::CreatableTopicResult;

constexpr std::int32_t kDefault = -1;  // "as the server's settings say"

// Kafka's rule for ids that people type: none begins with '-'. The first and last few ids of the
// range have meanings.
Uuid new_topic_id(const ClusterImage& image, const std::function<std::uint64_t()>& random) {
    for (;;) {
        Uuid id;
        id.high = random();
        id.low = random();
        const bool is_plain = id.high != 0 && !id.to_string().starts_with('-');
        if (is_plain && !image.topics.contains(id)) return id;
    }
}

// Partitions as the request assigns them.
Result<std::vector<Replicas>> assigned(const ClusterImage& image, const NewTopic& topic) {
    if (topic.num_partitions != kDefault || topic.replication_factor != kDefault) {
        return Error{ErrorCode::invalid_request,
                     "with assignments, the numbers of partitions and replicas must be -1"};
    }
    const std::size_t factor = topic.assignments.front().broker_ids.size();
    std::map<std::int32_t, Replicas> by_index;
    for (const auto& assignment : topic.assignments) {
        Result<Replicas> replicas = checked_assignment(image, assignment.broker_ids, factor);
        if (!replicas) return replicas.error();
        if (!by_index.emplace(assignment.partition_index, std::move(*replicas)).second) {
            return invalid_assignment(
                fmt::format("partition {} is assigned twice", assignment.partition_index));
        }
    }
    std::vector<Replicas> partitions;
    for (auto& [index, replicas] : by_index) {
        if (index != static_cast<std::int32_t>(partitions.size()))
            return invalid_assignment("assigned partitions must be numbered from 0 without a gap");
        if (std::ranges::none_of(replicas, [&](BrokerId id) { return is_active(image, id); })) {
            return invalid_assignment(
                fmt::format("all brokers of partition {} are fenced or shutting down", index));
        }
        partitions.push_back(std::move(replicas));
    }
    return partitions;
}

Result<std::vector<Replicas>> placed(const ClusterImage& image, const TopicContext& context,
                                     const NewTopic& topic) {
    const std::int16_t factor = topic.replication_factor == kDefault
                                    ? context.default_replication_factor
                                    : topic.replication_factor;
    const std::int32_t partitions =
        topic.num_partitions == kDefault ? context.default_partitions : topic.num_partitions;
    if (factor < 1) {
        return Error{ErrorCode::invalid_replication_factor,
                     fmt::format("{} replicas of a partition cannot be; -1 stands for the server's "
                                 "default",
                                 factor)};
    }
    if (partitions < 1) {
        return Error{
            ErrorCode::invalid_partitions,
            fmt::format("{} partitions cannot be; -1 stands for the server's default", partitions)};
    }
    return place_replicas(image, partitions, factor, context.random());
}

Result<> add_configs(Records& records, const ClusterImage& image, const TopicContext& context,
                     const NewTopic& topic) {
    metadata::Configs configs;
    for (const auto& config : topic.configs) {
        if (!config.value) {
            return Error{ErrorCode::invalid_config,
                         fmt::format("config {} has no value", config.name)};
        }
        if (Result<> ok = context.configs.check({ResourceType::topic, topic.name}, config.name,
                                                *config.value);
            !ok)
            return ok.error();
        configs.set(config.name, *config.value);
    }
    if (context.configs.check_together) {
        if (Result<> ok =
                context.configs.check_together({ResourceType::topic, topic.name}, configs);
            !ok)
            return ok.error();
    }
    for (const auto& [name, value] : configs) {
        protocol::ConfigRecord record;
        record.resource_type = static_cast<std::int8_t>(ResourceType::topic);
        record.resource_name = topic.name;
        record.name = name;
        record.value = value;
        add(records, std::move(record));
    }
    if (image.has_elr() && configs.contains(kMinInsyncReplicas)) {
        protocol::ClearElrRecord clear;
        clear.topic_name = topic.name;
        add(records, std::move(clear));
    }
    return {};
}

struct CreatedTopic {
    Records records;
    Uuid id;
    std::int32_t partitions = 0;
    std::int16_t replication_factor = 0;
};

Result<CreatedTopic> create_topic(const ClusterImage& image, const TopicContext& context,
                                  const NewTopic& topic) {
    if (topic.name == kClusterMetadataTopic) {
        return Error{ErrorCode::invalid_request,
                     fmt::format("'{}' is the metadata log's name", topic.name)};
    }
    if (Result<> ok = check_topic_name(topic.name); !ok) return ok.error();
    if (image.topic_ids.contains(topic.name)) {
        return Error{ErrorCode::topic_already_exists,
                     fmt::format("topic '{}' exists already", topic.name)};
    }
    if (const auto other = colliding_topic(image, topic.name)) {
        return Error{ErrorCode::invalid_topic_exception,
                     fmt::format("'{}' differs from the topic '{}' only by '.' and '_', so that "
                                 "their metrics would be the same",
                                 topic.name, *other)};
    }
    CreatedTopic created{.id = new_topic_id(image, context.random)};
    protocol::TopicRecord record;
    record.name = topic.name;
    record.topic_id = created.id;
    add(created.records, std::move(record));
    if (Result<> ok = add_configs(created.records, image, context, topic); !ok) return ok.error();
    const Result<std::vector<Replicas>> partitions =
        topic.assignments.empty() ? placed(image, context, topic) : assigned(image, topic);
    if (!partitions) return partitions.error();
    if (context.charge) {
        if (Result<> ok = context.charge(static_cast<std::int64_t>(partitions->size())); !ok)
            return ok.error();
    }
    for (const Replicas& replicas : *partitions) {
        add(created.records, new_partition(image, created.id, created.partitions, replicas),
            kPartitionVersion);
        ++created.partitions;
    }
    created.replication_factor = static_cast<std::int16_t>(partitions->front().size());
    return created;
}

std::int64_t partitions_wanted(const TopicContext& context, const NewTopic& topic) {
    if (!topic.assignments.empty()) return static_cast<std::int64_t>(topic.assignments.size());
    if (topic.num_partitions == kDefault) return context.default_partitions;
    return std::max(topic.num_partitions, 0);
}

void fail(TopicResult& result, Error error) {
    result.error_code = error.code;
    result.error_message = std::move(error.detail);
}

}  // namespace

Decision<protocol::CreateTopicsResponse> create_topics(
    const ClusterImage& image, const TopicContext& context,
    const protocol::CreateTopicsRequest& request) {
    Decision<protocol::CreateTopicsResponse> decision;
    std::map<std::string, int> times;
    std::int64_t partitions = 0;
    for (const NewTopic& topic : request.topics) {
        ++times[topic.name];
        partitions += partitions_wanted(context, topic);
    }
    for (const NewTopic& topic : request.topics) {
        int& left = times[topic.name];
        if (left == 0) continue;  // its error stands already
        TopicResult result;
        result.name = topic.name;
        result.error_message = std::nullopt;
        result.configs = std::nullopt;
        if (left > 1) {
            left = 0;
            fail(result, {ErrorCode::invalid_request,
                          fmt::format("topic '{}' is named twice in a request", topic.name)});
            decision.reply.topics.push_back(std::move(result));
            continue;
        }
        if (partitions > kNewPartitionsMax) {
            fail(result, {ErrorCode::policy_violation,
                          fmt::format("a request makes at most {} partitions, this one {}",
                                      kNewPartitionsMax, partitions)});
        } else if (Result<CreatedTopic> created = create_topic(image, context, topic); !created) {
            fail(result, created.error());
        } else if (decision.records.size() + created->records.size() > kAtomicRecordsMax) {
            fail(result, {ErrorCode::policy_violation,
                          fmt::format("a request writes at most {} records", kAtomicRecordsMax)});
        } else {
            result.topic_id = created->id;
            result.num_partitions = created->partitions;
            result.replication_factor = created->replication_factor;
            std::ranges::move(created->records, std::back_inserter(decision.records));
        }
        decision.reply.topics.push_back(std::move(result));
    }
    if (request.validate_only) decision.records.clear();
    return decision;
}

namespace {

using DeletedTopic = protocol::DeleteTopicsResponse::DeletableTopicResult;

struct Doomed {
    std::optional<std::string> name;
    Uuid id;
};

// What version 6 names and what the versions before do, in one form.
std::vector<Doomed> doomed_of(const protocol::DeleteTopicsRequest& request) {
    std::vector<Doomed> all;
    all.reserve(request.topics.size() + request.topic_names.size());
    for (const auto& topic : request.topics) all.push_back({topic.name, topic.topic_id});
    for (const std::string& name : request.topic_names) all.push_back({name, {}});
    return all;
}

Result<Uuid> find_doomed(const ClusterImage& image, const Doomed& doomed) {
    if (doomed.name.has_value() != doomed.id.is_zero())
        return Error{ErrorCode::invalid_request, "a topic is named by its name or by its id"};
    if (!doomed.name) {
        if (image.topics.contains(doomed.id)) return doomed.id;
        return Error{ErrorCode::unknown_topic_id,
                     fmt::format("no topic has the id {}", doomed.id.to_string())};
    }
    const Uuid* id = image.topic_ids.find(*doomed.name);
    if (id != nullptr) return *id;
    return Error{ErrorCode::unknown_topic_or_partition,
                 fmt::format("there is no topic '{}'", *doomed.name)};
}

}  // namespace

Decision<protocol::DeleteTopicsResponse> delete_topics(const ClusterImage& image,
                                                       bool is_deletion_enabled,
                                                       const protocol::DeleteTopicsRequest& request,
                                                       const ChargePartitions& charge) {
    Decision<protocol::DeleteTopicsResponse> decision{.is_atomic = false};
    const std::vector<Doomed> all = doomed_of(request);
    decision.reply.responses.reserve(all.size());
    std::map<Uuid, int> times;
    for (const Doomed& doomed : all) {
        if (const Result<Uuid> id = find_doomed(image, doomed)) ++times[*id];
    }
    for (const Doomed& doomed : all) {
        DeletedTopic result;
        result.name = doomed.name;
        result.topic_id = doomed.id;
        const auto refuse = [&](Error error) {
            result.error_code = error.code;
            result.error_message = std::move(error.detail);
            decision.reply.responses.push_back(std::move(result));
        };
        if (!is_deletion_enabled) {
            refuse({ErrorCode::topic_deletion_disabled, "delete.topic.enable is false"});
            continue;
        }
        const Result<Uuid> id = find_doomed(image, doomed);
        if (!id) {
            refuse(id.error());
            continue;
        }
        if (times[*id] > 1) {
            refuse({ErrorCode::invalid_request, "a topic is named twice in a request"});
            continue;
        }
        const metadata::Topic& topic = *image.topics.find(*id);
        if (charge) {
            if (Result<> ok = charge(static_cast<std::int64_t>(topic.partitions.size())); !ok) {
                refuse(ok.error());
                continue;
            }
        }
        result.name = topic.name;
        result.topic_id = *id;
        protocol::RemoveTopicRecord record;
        record.topic_id = *id;
        add(decision.records, std::move(record));
        decision.reply.responses.push_back(std::move(result));
    }
    return decision;
}

}  // namespace moldau::controller
