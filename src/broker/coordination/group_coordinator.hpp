// The group coordinators of one shard: those partitions of __consumer_offsets that it owns and this
// node leads.
#pragma once

#include "coordination/group_partition.hpp"

#include "moldau/base/ids.hpp"
#include "moldau/config/settings.hpp"
#include "moldau/coordinator/groups.hpp"
#include "moldau/metadata/cluster_image.hpp"
#include "moldau/runtime/ending.hpp"
#include "moldau/runtime/task_group.hpp"

#include <cstddef>
#include <memory>
#include <string_view>
#include <unordered_map>
#include <utility>
#include <vector>

namespace moldau::broker {

inline constexpr std::string_view kGroupsTopic = "__consumer_offsets";

class GroupCoordinator {
public:
    GroupCoordinator(BrokerShard& here, const config::Settings& settings);
    GroupCoordinator(const GroupCoordinator&) = delete;
    GroupCoordinator& operator=(const GroupCoordinator&) = delete;

    /// The partition, which is here, is led by this node, or no longer; to be told as often as one
    /// likes.
    void led(const TopicPartition& id, bool is_leader);
    /// All partitions of a topic are gone.
    void topic_deleted(const metadata::Topic& topic);
    /// Ends the loading; nothing is begun any more.
    runtime::Task<> rest();

    /// Errors: not_coordinator · coordinator_load_in_progress
    Result<GroupPartition*> find(const TopicPartition& id) const;
    /// Those that are here, loading ones, too.
    std::vector<GroupPartition*> all() const;

    /// As GroupPartition::ask(), for a task to wait for. Errors: as find().
    template <class Decide>
    runtime::Task<Result<coordinator::Reply>> ask(TopicPartition id, Decide decide) {
        const Result<GroupPartition*> found = find(id);
        if (!found) co_return found.error();
        runtime::Ending<Result<coordinator::Reply>> answered(here_.shard());
        (*found)->ask(std::move(decide), answered.done());
        co_return co_await answered.wait();
    }

private:
    BrokerShard& here_;
    const coordinator::GroupSettings settings_;
    const std::size_t read_bytes_;
    StateBatches batches_;
    std::unordered_map<TopicPartition, std::shared_ptr<GroupPartition>, TopicPartitionHash>
        partitions_;
    runtime::TaskGroup tasks_;
};

/// Where a group lives by the image. Errors: not_coordinator: the topic is not there.
Result<TopicPartition> place_of_group(const metadata::ClusterImage& image, std::string_view group);

}  // namespace moldau::broker
