#include "topic_setup.hpp"

#include "moldau/client/consumer.hpp"

#include <fmt/format.h>

namespace moldau::load {

using runtime::Task;

namespace {

// A Cluster outlives its users.
// NOLINTNEXTLINE(cppcoreguidelines-avoid-reference-coroutine-parameters)
Task<Result<>> create(client::Cluster& cluster, std::string name, TopicShape shape) {
    auto reply = co_await cluster.ask_any<protocol::CreateTopicsResponse>(
        creation_of(std::span(&name, 1), shape, cluster.request_timeout_ms()));
    if (!reply) co_return reply.error();
    for (const auto& topic : reply->message.topics) {
        if (topic.error_code == ErrorCode::none ||
            topic.error_code == ErrorCode::topic_already_exists)
            continue;
        co_return Error{topic.error_code, fmt::format("topic '{}' cannot be created: {} ({})", name,
                                                      topic.error_message.value_or(""),
                                                      moldau::name(topic.error_code))};
    }
    co_return Result<>{};
}

}  // namespace

protocol::CreateTopicsRequest creation_of(std::span<const std::string> names,
                                          const TopicShape& shape, std::int32_t timeout_ms) {
    protocol::CreateTopicsRequest request;
    request.timeout_ms = timeout_ms;
    for (const std::string& name : names) {
        auto& topic = request.topics.emplace_back();
        topic.name = name;
        topic.num_partitions = shape.partitions;
        topic.replication_factor = shape.replication_factor;
        for (const std::string& config : shape.configs) {
            const std::size_t equals = config.find('=');
            auto& entry = topic.configs.emplace_back();
            entry.name = config.substr(0, equals);
            entry.value = config.substr(equals + 1);
        }
    }
    return request;
}

// A Cluster outlives its users.
// NOLINTNEXTLINE(cppcoreguidelines-avoid-reference-coroutine-parameters)
Task<Result<std::int32_t>> find_or_create(client::Cluster& cluster, std::string name,
                                          TopicShape shape) {
    Result<client::TopicPtr> topic = co_await cluster.topic_now(name);
    if (!topic && topic.error().code != ErrorCode::unknown_topic_or_partition)
        co_return topic.error();
    if (!topic && !shape.creates_topic)
        co_return Error{topic.error().code,
                        fmt::format("topic '{}' does not exist (--create creates it)", name)};
    if (!topic) {
        Result<> created = co_await create(cluster, name, shape);
        if (!created) co_return created.error();
        topic = co_await cluster.topic(name, cluster.request_deadline());
        if (!topic) co_return topic.error();
        // Who knows the leader may be ahead of the leader, which would refuse what comes first.
        std::vector<std::int32_t> partitions;
        for (const client::Partition& each : (*topic)->partitions) partitions.push_back(each.index);
        const auto served =
            co_await client::list_offsets(cluster, name, partitions, client::kLatest);
        if (!served) co_return served.error();
    }
    const auto found = static_cast<std::int32_t>((*topic)->partitions.size());
    if (shape.partitions >= 0 && shape.partitions != found)
        co_return Error{ErrorCode::invalid_partitions,
                        fmt::format("topic '{}' exists with {} partitions, not {}", name, found,
                                    shape.partitions)};
    co_return found;
}

}  // namespace moldau::load
