#include "moldau/controller/reassignments.hpp"

#include "new_partitions.hpp"

#include <fmt/core.h>

#include <algorithm>
#include <optional>
#include <utility>

namespace moldau::controller {
namespace {

using metadata::ClusterImage;
using metadata::Partition;
using Request = protocol::AlterPartitionReassignmentsRequest;
using Reply = protocol::AlterPartitionReassignmentsResponse;
using Change = std::optional<protocol::PartitionChangeRecord>;

bool is_moving(const Partition& partition) {
    return !partition.adding_replicas.empty() || !partition.removing_replicas.empty();
}

Replicas without(const Replicas& others, Replicas all) {
    std::erase_if(
        all, [&](BrokerId broker) { return std::ranges::find(others, broker) != others.end(); });
    return all;
}

/// One partition that the request names.
class Move {
public:
    Move(const ClusterImage& image, const StaticTopicDefaults& defaults, const Uuid& topic,
         const std::string& name, std::int32_t number, const Partition& partition)
        : image_(image),
          topic_(topic),
          name_(name),
          number_(number),
          partition_(partition),
          rules_(election_rules(image, name, defaults)) {}

    Result<Change> call_off() const {
        if (!is_moving(partition_)) {
            return Error{ErrorCode::no_reassignment_in_progress,
                         fmt::format("no reassignment of {}-{} is under way", name_, number_)};
        }
        Assignment back{.replicas = without(partition_.adding_replicas, partition_.replicas),
                        .isr = without(partition_.adding_replicas, partition_.isr),
                        .adding = {},
                        .removing = {}};
        const bool is_unclean = back.isr.empty() && !partition_.isr.empty();
        if (is_unclean && !rules_.is_unclean_allowed) {
            return Error{ErrorCode::invalid_replica_assignment,
                         fmt::format("the reassignment of {}-{} cannot be called off: none of the "
                                     "former replicas is in sync, and "
                                     "unclean.leader.election.enable is false",
                                     name_, number_)};
        }
        return decide(std::move(back), rules_);
    }

    Result<Change> begin(const std::vector<std::int32_t>& wanted,
                         bool may_change_replication_factor) const {
        Result<Replicas> replicas = checked_assignment(image_, wanted, wanted.size());
        if (!replicas) return replicas.error();
        // Of a move that is under way: as it is to end.
        const std::size_t before =
            without(partition_.removing_replicas, partition_.replicas).size();
        if (!may_change_replication_factor && replicas->size() != before) {
            return Error{ErrorCode::invalid_replication_factor,
                         fmt::format("{}-{} has {} replicas, not {}, and the request does not "
                                     "allow another number",
                                     name_, number_, before, replicas->size())};
        }
        Assignment to{.replicas = *replicas,
                      .isr = partition_.isr,
                      .adding = without(partition_.replicas, *replicas),
                      .removing = without(*replicas, partition_.replicas)};
        std::ranges::sort(to.adding);
        std::ranges::sort(to.removing);
        std::ranges::copy(to.removing, std::back_inserter(to.replicas));
        // What another move is still about to bring or to take stays known as that.
        if (to.adding.empty()) to.adding = partition_.adding_replicas;
        if (to.removing.empty()) to.removing = partition_.removing_replicas;
        ElectionRules rules = rules_;
        rules.is_unclean_allowed = false;
        return decide(std::move(to), rules);
    }

private:
    Change decide(Assignment assignment, const ElectionRules& rules) const {
        return reassign(
            topic_, number_, partition_, std::move(assignment), rules,
            [this](BrokerId broker) { return can_lead(image_, partition_, broker); },
            [this](BrokerId broker) { return directory_of(image_, broker); });
    }

    const ClusterImage& image_;
    const Uuid& topic_;
    const std::string& name_;
    std::int32_t number_;
    const Partition& partition_;
    ElectionRules rules_;
};

Result<Change> decide(const ClusterImage& image, const StaticTopicDefaults& defaults,
                      const Request& request, const std::string& topic,
                      const Request::ReassignablePartition& wanted) {
    const Uuid* id = image.topic_ids.find(topic);
    const Partition* partition =
        id == nullptr ? nullptr : image.find_partition(*id, wanted.partition_index);
    if (partition == nullptr) {
        return Error{ErrorCode::unknown_topic_or_partition,
                     fmt::format("there is no partition {}-{}", topic, wanted.partition_index)};
    }
    const Move move(image, defaults, *id, topic, wanted.partition_index, *partition);
    return wanted.replicas ? move.begin(*wanted.replicas, request.allow_replication_factor_change)
                           : move.call_off();
}

}  // namespace

Decision<Reply> alter_partition_reassignments(const ClusterImage& image,
                                              const StaticTopicDefaults& defaults,
                                              const Request& request) {
    Decision<Reply> decision;
    decision.reply.error_message = std::nullopt;
    decision.reply.allow_replication_factor_change = request.allow_replication_factor_change;
    for (const auto& topic : request.topics) {
        auto& told = decision.reply.responses.emplace_back();
        told.name = topic.name;
        for (const auto& wanted : topic.partitions) {
            auto& result = told.partitions.emplace_back();
            result.partition_index = wanted.partition_index;
            result.error_message = std::nullopt;
            Result<Change> change = decide(image, defaults, request, topic.name, wanted);
            if (change && decision.records.size() >= kAtomicRecordsMax) {
                change =
                    Error{ErrorCode::policy_violation,
                          fmt::format("a request moves at most {} partitions", kAtomicRecordsMax)};
            }
            if (!change) {
                result.error_code = change.error().code;
                result.error_message = change.error().detail;
            } else if (*change) {
                add(decision.records, std::move(**change), kPartitionChangeVersion);
            }
        }
    }
    return decision;
}

protocol::ListPartitionReassignmentsResponse list_partition_reassignments(
    const ClusterImage& image, const protocol::ListPartitionReassignmentsRequest& request) {
    protocol::ListPartitionReassignmentsResponse response;
    response.error_message = std::nullopt;
    const auto numbers = [](const Replicas& brokers) {
        std::vector<std::int32_t> all;
        for (const BrokerId broker : brokers) all.push_back(broker.value);
        return all;
    };
    using OfTopic = protocol::ListPartitionReassignmentsResponse::OngoingTopicReassignment;
    const auto tell = [&](OfTopic& into, std::int32_t number, const Partition& partition) {
        if (!is_moving(partition)) return;
        auto& told = into.partitions.emplace_back();
        told.partition_index = number;
        told.replicas = numbers(partition.replicas);
        told.adding_replicas = numbers(partition.adding_replicas);
        told.removing_replicas = numbers(partition.removing_replicas);
    };
    const auto keep = [&](OfTopic topic) {
        if (!topic.partitions.empty()) response.topics.push_back(std::move(topic));
    };
    if (!request.topics) {
        for (const auto& [id, topic] : image.topics) {
            OfTopic told;
            told.name = topic.name;
            for (const auto& [number, partition] : topic.partitions) tell(told, number, partition);
            keep(std::move(told));
        }
        return response;
    }
    for (const auto& asked : *request.topics) {
        const metadata::Topic* topic = image.find_topic(asked.name);
        if (topic == nullptr) continue;
        OfTopic told;
        told.name = asked.name;
        for (const std::int32_t number : asked.partition_indexes) {
            if (const Partition* partition = topic->partitions.find(number))
                tell(told, number, *partition);
        }
        keep(std::move(told));
    }
    return response;
}

}  // namespace moldau::controller
