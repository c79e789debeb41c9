#include "moldau/protocol/messages/list_offsets.hpp"

#include "moldau/client/consumer.hpp"

#include <fmt/format.h>

namespace moldau::client {

using runtime::Task;
using runtime::Waited;

namespace {

using Offsets = std::map<std::int32_t, Offset>;

std::map<BrokerId, protocol::ListOffsetsRequest> requests_by_leader(
    const Topic& topic, const std::vector<std::int32_t>& partitions, std::int64_t timestamp) {
    std::map<BrokerId, protocol::ListOffsetsRequest> requests;
    for (const std::int32_t index : partitions) {
        const Partition& partition = topic.partitions[static_cast<std::size_t>(index)];
        protocol::ListOffsetsRequest& request = requests[partition.leader];
        if (request.topics.empty()) {
            request.replica_id = -1;  // a client
            request.topics.emplace_back().name = topic.name;
        }
        auto& asked = request.topics.front().partitions.emplace_back();
        asked.partition_index = index;
        asked.timestamp = timestamp;
    }
    return requests;
}

// A Cluster outlives its users.
// NOLINTBEGIN(cppcoreguidelines-avoid-reference-coroutine-parameters)
Task<Result<Offsets>> list_once(Cluster& cluster, TopicPtr topic,
                                std::vector<std::int32_t> partitions, std::int64_t timestamp) {
    Offsets found;
    for (const auto& [leader, request] : requests_by_leader(*topic, partitions, timestamp)) {
        if (leader.value < 0)
            co_return Error{ErrorCode::leader_not_available,
                            fmt::format("a partition of topic '{}' has no leader", topic->name)};
        Result<ConnectionPtr> connection = co_await cluster.broker(leader);
        if (!connection) co_return connection.error();
        auto reply = co_await (*connection)
                         ->ask<protocol::ListOffsetsResponse>(request, cluster.request_deadline());
        if (!reply) co_return reply.error();
        for (const auto& answered : reply->message.topics) {
            for (const auto& part : answered.partitions) {
                if (part.error_code != ErrorCode::none)
                    co_return Error{
                        part.error_code,
                        fmt::format("offsets of partition {} of topic '{}': {}",
                                    part.partition_index, topic->name, name(part.error_code))};
                found[part.partition_index] = {part.offset};
            }
        }
    }
    for (const std::int32_t index : partitions)
        if (!found.contains(index))
            co_return Error{ErrorCode::unknown_server_error,
                            fmt::format("the broker tells no offset of partition {}", index)};
    co_return found;
}

}  // namespace

Task<Result<Offsets>> list_offsets(Cluster& cluster, std::string topic,
                                   std::vector<std::int32_t> partitions, std::int64_t timestamp) {
    runtime::Shard& shard = cluster.shard();
    const MonoTime deadline = cluster.request_deadline();
    for (;;) {
        Result<TopicPtr> known = co_await cluster.topic(topic, deadline);
        if (!known) co_return known.error();
        for (const std::int32_t index : partitions) {
            if (index < 0 || static_cast<std::size_t>(index) >= (*known)->partitions.size())
                co_return Error{ErrorCode::unknown_topic_or_partition,
                                fmt::format("topic '{}' has no partition {} (it has {})", topic,
                                            index, (*known)->partitions.size())};
        }
        Result<Offsets> offsets = co_await list_once(cluster, *known, partitions, timestamp);
        if (offsets || !is_retriable(offsets.error().code)) co_return offsets;
        cluster.forget(topic);
        const MonoTime next = shard.now() + cluster.options().retry_pause;
        if (next >= deadline) co_return offsets;
        if (co_await runtime::sleep_until(shard, next) == Waited::cancelled)
            co_return runtime::error_of(Waited::cancelled);
    }
}
// NOLINTEND(cppcoreguidelines-avoid-reference-coroutine-parameters)

}  // namespace moldau::client
