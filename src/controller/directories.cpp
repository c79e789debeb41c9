#include "moldau/controller/directories.hpp"

#include <algorithm>
#include <optional>
#include <utility>

namespace moldau::controller {
namespace {

using metadata::BrokerRegistration;
using metadata::ClusterImage;
using metadata::Partition;
using Request = protocol::AssignReplicasToDirsRequest;
using Reply = protocol::AssignReplicasToDirsResponse;

/// What a broker says of one of its directories.
class Told {
public:
    Told(const ClusterImage& image, const StaticTopicDefaults& defaults, BrokerId broker,
         const BrokerRegistration& registration, const Uuid& directory)
        : image_(image),
          defaults_(defaults),
          broker_(broker),
          directory_(directory),
          is_online_(registration.has_online(directory)) {}

    ErrorCode holds(Records& records, const Uuid& topic_id, std::int32_t number) const {
        const metadata::Topic* topic = image_.topics.find(topic_id);
        if (topic == nullptr) return ErrorCode::unknown_topic_id;
        const Partition* partition = topic->partitions.find(number);
        if (partition == nullptr) return ErrorCode::unknown_topic_or_partition;
        const auto at = std::ranges::find(partition->replicas, broker_);
        if (at == partition->replicas.end()) return ErrorCode::not_leader_or_follower;

        Partition then = *partition;
        then.directories.resize(then.replicas.size(), metadata::kMigratingDirectory);
        then.directories[static_cast<std::size_t>(at - partition->replicas.begin())] = directory_;
        auto change =
            assign_directories(topic_id, number, *partition, then.directories,
                               is_online_ ? std::nullopt : std::optional(broker_),
                               election_rules(image_, topic->name, defaults_),
                               [&](BrokerId each) { return can_lead(image_, then, each); });
        if (change) add(records, std::move(*change), kPartitionChangeVersion);
        return ErrorCode::none;
    }

private:
    const ClusterImage& image_;
    const StaticTopicDefaults& defaults_;
    BrokerId broker_;
    Uuid directory_;
    bool is_online_;
};

}  // namespace

Decision<Reply> assign_replicas_to_dirs(const ClusterImage& image,
                                        const StaticTopicDefaults& defaults,
                                        const Request& request) {
    // Not atomic: each partition is sound by itself.
    Decision<Reply> decision{.is_atomic = false};
    const BrokerId id{request.broker_id};
    const BrokerRegistration* broker = image.brokers.find(id);
    if (broker == nullptr || broker->epoch != request.broker_epoch) {
        decision.reply.error_code = ErrorCode::stale_broker_epoch;
        return decision;
    }
    for (const auto& directory : request.directories) {
        const Told told(image, defaults, id, *broker, directory.id);
        auto& of_directory = decision.reply.directories.emplace_back();
        of_directory.id = directory.id;
        for (const auto& topic : directory.topics) {
            auto& of_topic = of_directory.topics.emplace_back();
            of_topic.topic_id = topic.topic_id;
            for (const auto& partition : topic.partitions) {
                auto& result = of_topic.partitions.emplace_back();
                result.partition_index = partition.partition_index;
                result.error_code =
                    told.holds(decision.records, topic.topic_id, partition.partition_index);
            }
        }
    }
    return decision;
}

}  // namespace moldau::controller
