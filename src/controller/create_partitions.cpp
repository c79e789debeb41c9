#include "moldau/controller/create_partitions.hpp"

#include "new_partitions.hpp"

#include "moldau/controller/partition_change.hpp"
#include "moldau/controller/placement.hpp"
#include "moldau/controller/topics.hpp"

#include <fmt/core.h>

#include <algorithm>
#include <map>
#include <utility>

namespace moldau::controller {
namespace {

using metadata::ClusterImage;
using Wanted = protocol::CreatePartitionsRequest::CreatePartitionsTopic;
using Random = std::function<std::uint64_t()>;

Result<std::vector<Replicas>> assigned(const ClusterImage& image, const Wanted& wanted,
                                       std::size_t more, std::size_t factor) {
    if (wanted.assignments->size() != more) {
        return invalid_assignment(
            fmt::format("{} partitions are added, {} assigned", more, wanted.assignments->size()));
    }
    std::vector<Replicas> all;
    for (const auto& each : *wanted.assignments) {
        Result<Replicas> replicas = checked_assignment(image, each.broker_ids, factor);
        if (!replicas) return replicas.error();
        if (std::ranges::none_of(*replicas, [&](BrokerId id) { return is_active(image, id); }))
            return invalid_assignment("all brokers of a partition are fenced or shutting down");
        all.push_back(std::move(*replicas));
    }
    return all;
}

Result<Records> add_partitions(const ClusterImage& image, const Random& random,
                               const ChargePartitions& charge, const Wanted& wanted) {
    const Uuid* id = image.topic_ids.find(wanted.name);
    if (id == nullptr) {
        return Error{ErrorCode::unknown_topic_or_partition,
                     fmt::format("there is no topic '{}'", wanted.name)};
    }
    const metadata::Topic& topic = *image.topics.find(*id);
    const auto now = static_cast<std::int32_t>(topic.partitions.size());
    if (wanted.count <= now) {
        return Error{ErrorCode::invalid_partitions,
                     fmt::format("topic '{}' has {} partitions: {} would be no increase",
                                 wanted.name, now, wanted.count)};
    }
    const std::int32_t more = wanted.count - now;
    if (more > kNewPartitionsMax) {
        return Error{ErrorCode::invalid_partitions,
                     fmt::format("a request makes at most {} partitions, this one {}",
                                 kNewPartitionsMax, more)};
    }
    const metadata::Partition* first = topic.partitions.find(0);
    if (first == nullptr)
        return Error{ErrorCode::unknown_topic_or_partition, "the topic has no partition 0"};
    const std::size_t factor = first->replicas.size();
    const Result<std::vector<Replicas>> placed =
        wanted.assignments
            ? assigned(image, wanted, static_cast<std::size_t>(more), factor)
            : place_replicas(image, more, static_cast<std::int16_t>(factor), random());
    if (!placed) return placed.error();
    if (charge) {
        if (Result<> ok = charge(more); !ok) return ok.error();
    }
    Records records;
    std::int32_t number = now;
    for (const Replicas& replicas : *placed)
        add(records, new_partition(image, *id, number++, replicas), kPartitionVersion);
    return records;
}

}  // namespace

Decision<protocol::CreatePartitionsResponse> create_partitions(
    const ClusterImage& image, const Random& random,
    const protocol::CreatePartitionsRequest& request, const ChargePartitions& charge) {
    Decision<protocol::CreatePartitionsResponse> decision;
    std::map<std::string, int> times;
    for (const Wanted& wanted : request.topics) ++times[wanted.name];
    for (const Wanted& wanted : request.topics) {
        int& left = times[wanted.name];
        if (left == 0) continue;  // its error stands already
        auto& result = decision.reply.results.emplace_back();
        result.name = wanted.name;
        const auto refuse = [&result](Error error) {
            result.error_code = error.code;
            result.error_message = std::move(error.detail);
        };
        if (left > 1) {
            left = 0;
            refuse({ErrorCode::invalid_request,
                    fmt::format("topic '{}' is named twice in a request", wanted.name)});
            continue;
        }
        Result<Records> records = add_partitions(image, random, charge, wanted);
        if (!records) {
            refuse(records.error());
        } else if (decision.records.size() + records->size() > kAtomicRecordsMax) {
            refuse({ErrorCode::policy_violation,
                    fmt::format("a request writes at most {} records", kAtomicRecordsMax)});
        } else {
            std::ranges::move(*records, std::back_inserter(decision.records));
        }
    }
    if (request.validate_only) decision.records.clear();
    return decision;
}

}  // namespace moldau::controller
