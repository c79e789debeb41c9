#include "moldau/controller/elections.hpp"

#include <fmt/core.h>

#include <utility>

namespace moldau::controller {
namespace {

using metadata::ClusterImage;
using Request = protocol::ElectLeadersRequest;
using Reply = protocol::ElectLeadersResponse;

class Elections {
public:
    Elections(const ClusterImage& image, const StaticTopicDefaults& defaults, ElectionKind kind)
        : image_(image), defaults_(defaults), kind_(kind) {}

    /// The error is ErrorCode::none where a leader was elected.
    Error elect_in(std::string_view name, std::int32_t number) {
        const Uuid* id = image_.topic_ids.find(name);
        const metadata::Partition* partition =
            id == nullptr ? nullptr : image_.find_partition(*id, number);
        if (partition == nullptr) {
            return {ErrorCode::unknown_topic_or_partition, "there is no such partition"};
        }
        return elect_in(*id, name, number, *partition);
    }
    Error elect_in(const Uuid& topic, std::string_view name, std::int32_t number,
                   const metadata::Partition& partition) {
        const bool is_preferred = kind_ == ElectionKind::preferred;
        if (is_preferred ? partition.leader == partition.replicas.front()
                         : partition.leader != metadata::kNoLeader) {
            return {ErrorCode::election_not_needed, is_preferred
                                                        ? "the preferred replica leads already"
                                                        : "the partition has a leader"};
        }
        if (records.size() >= kAtomicRecordsMax) {
            return {ErrorCode::policy_violation,
                    fmt::format("a request has at most {} leaders elected", kAtomicRecordsMax)};
        }
        auto change =
            elect(topic, number, partition, kind_, election_rules(image_, name, defaults_),
                  [&](BrokerId broker) { return can_lead(image_, partition, broker); });
        if (!change) {
            return is_preferred ? Error{ErrorCode::preferred_leader_not_available,
                                        "the preferred replica is not there or not in sync"}
                                : Error{ErrorCode::eligible_leaders_not_available,
                                        "no replica of the partition is there"};
        }
        add(records, std::move(*change), kPartitionChangeVersion);
        return {};
    }

    Records records;

private:
    const ClusterImage& image_;
    const StaticTopicDefaults& defaults_;
    ElectionKind kind_;
};

void tell(Reply::ReplicaElectionResult& topic, std::int32_t number, Error error) {
    auto& told = topic.partition_result.emplace_back();
    told.partition_id = number;
    told.error_code = error.code;
    told.error_message = std::nullopt;
    if (error.code != ErrorCode::none) told.error_message = std::move(error.detail);
}

}  // namespace

Decision<Reply> elect_leaders(const ClusterImage& image, const StaticTopicDefaults& defaults,
                              const Request& request) {
    Decision<Reply> decision{.is_atomic = false};
    const auto kind = static_cast<ElectionKind>(request.election_type);
    if (kind != ElectionKind::preferred && kind != ElectionKind::unclean) {
        decision.reply.error_code = ErrorCode::invalid_request;
        return decision;
    }
    Elections elections(image, defaults, kind);
    if (request.topic_partitions) {
        for (const auto& topic : *request.topic_partitions) {
            auto& told = decision.reply.replica_election_results.emplace_back();
            told.topic = topic.topic;
            for (const std::int32_t number : topic.partitions)
                tell(told, number, elections.elect_in(topic.topic, number));
        }
    } else {
        for (const auto& [id, topic] : image.topics) {
            auto& told = decision.reply.replica_election_results.emplace_back();
            told.topic = topic.name;
            for (const auto& [number, partition] : topic.partitions) {
                Error error = elections.elect_in(id, topic.name, number, partition);
                if (error.code != ErrorCode::election_not_needed)
                    tell(told, number, std::move(error));
            }
        }
    }
    decision.records = std::move(elections.records);
    return decision;
}

}  // namespace moldau::controller
