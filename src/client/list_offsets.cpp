#include "moldau/protocol/messages/list_offsets.hpp"

#include "moldau/client/consumer.hpp"

#include <fmt/format.h>

namespace moldau::client {

using runtime::Task;
using runtime::Waited;

namespace {

using EachOffset = std::map<std::int32_t, Result<Offset>>;

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
Task<Result<protocol::ListOffsetsResponse>> ask_leader(Cluster& cluster, BrokerId leader,
                                                       protocol::ListOffsetsRequest request) {
    if (leader.value < 0)
        co_return Error{
            ErrorCode::leader_not_available,
            fmt::format("a partition of topic '{}' has no leader", request.topics.front().name)};
    Result<ConnectionPtr> connection = co_await cluster.broker(leader);
    if (!connection) co_return connection.error();
    auto reply = co_await (*connection)
                     ->ask<protocol::ListOffsetsResponse>(request, cluster.request_deadline());
    if (!reply) co_return reply.error();
    co_return std::move(reply->message);
}

Task<EachOffset> list_once(Cluster& cluster, TopicPtr topic, std::vector<std::int32_t> partitions,
                           std::int64_t timestamp) {
    EachOffset found;
    for (const auto& [leader, request] : requests_by_leader(*topic, partitions, timestamp)) {
        const auto answer = co_await ask_leader(cluster, leader, request);
        for (const auto& asked : request.topics.front().partitions) {
            Error silent{
                ErrorCode::unknown_server_error,
                fmt::format("the broker tells no offset of partition {}", asked.partition_index)};
            found.insert_or_assign(asked.partition_index, answer ? silent : answer.error());
        }
        if (!answer) continue;
        for (const auto& told : answer->topics) {
            for (const auto& part : told.partitions) {
                Result<Offset> offset = Offset{part.offset};
                if (part.error_code != ErrorCode::none)
                    offset = Error{
                        part.error_code,
                        fmt::format("offsets of partition {} of topic '{}': {}",
                                    part.partition_index, topic->name, name(part.error_code))};
                found.insert_or_assign(part.partition_index, std::move(offset));
            }
        }
    }
    co_return found;
}

/// Asks once, and takes those out of `open` that have their answer.
Task<> list_open(Cluster& cluster, std::string topic, std::int64_t timestamp, MonoTime deadline,
                 std::vector<std::int32_t>& open, EachOffset& found) {
    const Result<TopicPtr> known = co_await cluster.topic(topic, deadline);
    std::vector<std::int32_t> asked;
    for (const std::int32_t index : open) {
        if (!known) {
            found.insert_or_assign(index, known.error());
        } else if (index < 0 || static_cast<std::size_t>(index) >= (*known)->partitions.size()) {
            found.insert_or_assign(
                index, Error{ErrorCode::unknown_topic_or_partition,
                             fmt::format("topic '{}' has no partition {} (it has {})", topic, index,
                                         (*known)->partitions.size())});
        } else {
            asked.push_back(index);
        }
    }
    open.clear();
    if (!known) co_return;
    const EachOffset answers = co_await list_once(cluster, *known, asked, timestamp);
    for (const std::int32_t index : asked) {
        const Result<Offset>& answer = answers.at(index);
        if (!answer && is_retriable(answer.error().code)) open.push_back(index);
        found.insert_or_assign(index, answer);
    }
}

}  // namespace

Task<std::map<std::int32_t, Result<Offset>>> list_each_offset(Cluster& cluster, std::string topic,
                                                              std::vector<std::int32_t> partitions,
                                                              std::int64_t timestamp) {
    runtime::Shard& shard = cluster.shard();
    const MonoTime deadline = cluster.request_deadline();
    EachOffset found;
    std::vector<std::int32_t> open = std::move(partitions);
    for (;;) {
        co_await list_open(cluster, topic, timestamp, deadline, open, found);
        if (open.empty()) co_return found;
        cluster.forget(topic);
        const MonoTime next = shard.now() + cluster.options().retry_pause;
        if (next >= deadline) co_return found;
        if (co_await runtime::sleep_until(shard, next) != Waited::cancelled) continue;
        for (const std::int32_t index : open)
            found.insert_or_assign(index, runtime::error_of(Waited::cancelled));
        co_return found;
    }
}

Task<Result<std::map<std::int32_t, Offset>>> list_offsets(Cluster& cluster, std::string topic,
                                                          std::vector<std::int32_t> partitions,
                                                          std::int64_t timestamp) {
    const EachOffset found =
        co_await list_each_offset(cluster, std::move(topic), std::move(partitions), timestamp);
    std::map<std::int32_t, Offset> offsets;
    for (const auto& [partition, offset] : found) {
        if (!offset) co_return offset.error();
        offsets[partition] = *offset;
    }
    co_return offsets;
}
// NOLINTEND(cppcoreguidelines-avoid-reference-coroutine-parameters)

}  // namespace moldau::client
