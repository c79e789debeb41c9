#include "topic_setup.hpp"

#include "moldau/client/consumer.hpp"
#include "moldau/protocol/messages/create_topics.hpp"

#include <fmt/format.h>

namespace moldau::load {

using runtime::Task;

namespace {

protocol::CreateTopicsRequest request_of(const ProduceOptions& options, std::int32_t timeout_ms) {
    protocol::CreateTopicsRequest request;
    request.timeout_ms = timeout_ms;
    auto& topic = request.topics.emplace_back();
    topic.name = options.topic;
    topic.num_partitions = options.partitions;
    topic.replication_factor = options.replication_factor;
    for (const std::string& config : options.configs) {
        const std::size_t equals = config.find('=');
        auto& entry = topic.configs.emplace_back();
        entry.name = config.substr(0, equals);
        entry.value = config.substr(equals + 1);
    }
    return request;
}

// A Cluster outlives its users.
// NOLINTNEXTLINE(cppcoreguidelines-avoid-reference-coroutine-parameters)
Task<Result<>> create(client::Cluster& cluster, ProduceOptions options) {
    auto reply = co_await cluster.ask_any<protocol::CreateTopicsResponse>(
        request_of(options, cluster.request_timeout_ms()));
    if (!reply) co_return reply.error();
    for (const auto& topic : reply->message.topics) {
        if (topic.error_code == ErrorCode::none ||
            topic.error_code == ErrorCode::topic_already_exists)
            continue;
        co_return Error{topic.error_code,
                        fmt::format("topic '{}' cannot be created: {} ({})", options.topic,
                                    topic.error_message.value_or(""), name(topic.error_code))};
    }
    co_return Result<>{};
}

}  // namespace

// A Cluster outlives its users.
// NOLINTNEXTLINE(cppcoreguidelines-avoid-reference-coroutine-parameters)
Task<Result<>> find_or_create(client::Cluster& cluster, ProduceOptions options) {
    Result<client::TopicPtr> topic = co_await cluster.topic_now(options.topic);
    if (!topic && topic.error().code != ErrorCode::unknown_topic_or_partition)
        co_return topic.error();
    if (!topic && !options.creates_topic)
        co_return Error{
            topic.error().code,
            fmt::format("topic '{}' does not exist (--create creates it)", options.topic)};
    if (!topic) {
        Result<> created = co_await create(cluster, options);
        if (!created) co_return created;
        topic = co_await cluster.topic(options.topic, cluster.request_deadline());
        if (!topic) co_return topic.error();
        // Who knows the leader may be ahead of the leader, which would refuse what comes first.
        std::vector<std::int32_t> partitions;
        for (const client::Partition& each : (*topic)->partitions) partitions.push_back(each.index);
        const auto served =
            co_await client::list_offsets(cluster, options.topic, partitions, client::kLatest);
        if (!served) co_return served.error();
    }
    const auto found = static_cast<std::int32_t>((*topic)->partitions.size());
    if (options.partitions >= 0 && options.partitions != found)
        co_return Error{ErrorCode::invalid_partitions,
                        fmt::format("topic '{}' exists with {} partitions, not {}", options.topic,
                                    found, options.partitions)};
    co_return Result<>{};
}

}  // namespace moldau::load
