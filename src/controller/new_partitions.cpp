#include "new_partitions.hpp"

#include "moldau/controller/partition_change.hpp"

#include <fmt/core.h>

#include <algorithm>

namespace moldau::controller {

using metadata::ClusterImage;

Uuid directory_of(const ClusterImage& image, BrokerId broker) {
    const auto* found = image.brokers.find(broker);
    return found != nullptr && found->directories.size() == 1 ? found->directories[0]
                                                              : metadata::kUnassignedDirectory;
}

Error invalid_assignment(std::string what) {
    return {ErrorCode::invalid_replica_assignment, std::move(what)};
}

Result<Replicas> checked_assignment(const ClusterImage& image,
                                    const std::vector<std::int32_t>& broker_ids,
                                    std::size_t replication_factor) {
    if (broker_ids.empty()) return invalid_assignment("a partition is assigned to no broker");
    if (broker_ids.size() != replication_factor) {
        return invalid_assignment(fmt::format("partitions are assigned to {} and to {} brokers",
                                              replication_factor, broker_ids.size()));
    }
    Replicas replicas;
    for (const std::int32_t id : broker_ids) {
        const BrokerId broker{id};
        if (!image.brokers.contains(broker))
            return invalid_assignment(fmt::format("broker {} is not registered", id));
        if (std::ranges::find(replicas, broker) != replicas.end())
            return invalid_assignment(fmt::format("broker {} has a partition twice", id));
        replicas.push_back(broker);
    }
    return replicas;
}

protocol::PartitionRecord new_partition(const ClusterImage& image, const Uuid& topic,
                                        std::int32_t number, const Replicas& replicas) {
    protocol::PartitionRecord record;
    record.partition_id = number;
    record.topic_id = topic;
    for (const BrokerId broker : replicas) {
        record.replicas.push_back(broker.value);
        record.directories.push_back(directory_of(image, broker));
        if (is_active(image, broker)) record.isr.push_back(broker.value);
    }
    record.leader = record.isr.front();
    record.leader_epoch = 0;
    record.partition_epoch = 0;
    return record;
}

}  // namespace moldau::controller
