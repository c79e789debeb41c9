// An image of brokers and topics that a test sets as it likes, and a client of broker 1.
#pragma once

#include "viewpoint.hpp"

#include <cstdint>
#include <string>
#include <utility>
#include <vector>

namespace moldau::broker {

struct ImageFixture {
    metadata::ClusterImage image;
    Asked asked{.self = BrokerId{1}, .listener = "PLAINTEXT", .local = {"127.0.0.1", 9092}};

    static std::vector<BrokerId> ids(const std::vector<std::int32_t>& numbers) {
        std::vector<BrokerId> all;
        for (const std::int32_t number : numbers) all.push_back(BrokerId{number});
        return all;
    }
    static Uuid directory_of(std::int32_t broker) {
        return Uuid{77, static_cast<std::uint64_t>(broker)};
    }

    /// Found at broker-<id>:9092 on the listener PLAINTEXT.
    void broker(std::int32_t id, bool fenced = false, std::string listener = "PLAINTEXT") {
        metadata::BrokerRegistration broker;
        broker.endpoints = {{.name = std::move(listener),
                             .host = "broker-" + std::to_string(id),
                             .port = 9092,
                             .security_protocol = 0}};
        broker.rack = "rack-" + std::to_string(id);
        broker.fenced = fenced;
        broker.directories = {directory_of(id)};
        image.brokers.set(BrokerId{id}, std::move(broker));
    }

    static metadata::Partition partition(const std::vector<std::int32_t>& replicas,
                                         std::int32_t leader) {
        metadata::Partition partition;
        partition.replicas = ids(replicas);
        partition.isr = ids(replicas);
        for (const std::int32_t replica : replicas)
            partition.directories.push_back(directory_of(replica));
        partition.leader = BrokerId{leader};
        partition.leader_epoch = LeaderEpoch{5};
        return partition;
    }

    Uuid topic(const std::string& name, const std::vector<metadata::Partition>& partitions) {
        const Uuid id{55, static_cast<std::uint64_t>(image.topics.size()) + 1};
        metadata::Topic topic;
        topic.name = name;
        for (std::size_t i = 0; i < partitions.size(); ++i)
            topic.partitions.set(static_cast<std::int32_t>(i), partitions[i]);
        image.topics.set(id, std::move(topic));
        image.topic_ids.set(name, id);
        return id;
    }
};

}  // namespace moldau::broker
