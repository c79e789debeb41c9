#include "topics_worker.hpp"

#include "topic_setup.hpp"

#include "moldau/protocol/messages/delete_topics.hpp"
#include "moldau/runtime/wait.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace moldau::load {

using runtime::Task;

namespace {

constexpr std::size_t kDeletedTogether = 100;
constexpr std::int16_t kLastVersionWithNames = 5;  // DeleteTopics takes a list of names until here

}  // namespace

TopicsWorker::TopicsWorker(client::Cluster& cluster, TopicsOptions options, std::string prefix,
                           Share share)
    : cluster_(cluster),
      shard_(cluster.shard()),
      options_(std::move(options)),
      prefix_(std::move(prefix)),
      share_(share) {}

Task<Result<>> TopicsWorker::prepare() {
    const Result<client::ConnectionPtr> reached = co_await cluster_.any();
    if (!reached) co_return reached.error();
    co_return Result<>{};
}

Task<Result<>> TopicsWorker::run(MonoTime start) {
    figures_.end = start;
    (void)co_await runtime::sleep_until(shard_, start);
    std::vector<std::string> names;
    for (std::uint64_t i = share_.index; i < options_.count; i += share_.of) {
        names.push_back(fmt::format("{}-{}", prefix_, i));
        if (names.size() < options_.batch && i + share_.of < options_.count) continue;
        Result<> created = co_await create(std::exchange(names, {}));
        if (!created) co_return created;
    }
    co_return Result<>{};
}

/// Errors: those of the connection; a topic that is refused is counted.
Task<Result<>> TopicsWorker::create(std::vector<std::string> names) {
    const MonoTime sent = shard_.now();
    const auto reply = co_await cluster_.ask_any<protocol::CreateTopicsResponse>(
        creation_of(names, options_.shape, cluster_.request_timeout_ms()));
    figures_.end = shard_.now();
    ++figures_.batches;
    if (!reply) {
        ++figures_.errors[std::string(name(reply.error().code))];
        figures_.failed += names.size();
        co_return reply.error();
    }
    for (const auto& topic : reply->message.topics) {
        if (topic.error_code == ErrorCode::none) {
            ++figures_.done;
            figures_.latency.record((figures_.end - sent).count());
            created_.push_back(topic.name);
        } else {
            ++figures_.failed;
            ++figures_.errors[std::string(name(topic.error_code))];
        }
    }
    co_return Result<>{};
}

Task<> TopicsWorker::stop() {
    if (options_.keeps) co_return;
    while (!created_.empty()) {
        const std::size_t count = std::min(created_.size(), kDeletedTogether);
        std::vector<std::string> names(created_.end() - static_cast<std::ptrdiff_t>(count),
                                       created_.end());
        created_.resize(created_.size() - count);
        co_await remove(std::move(names));
    }
}

/// What is not deleted is told in the broker's log, and is there to be seen.
Task<> TopicsWorker::remove(std::vector<std::string> names) {
    const Result<client::ConnectionPtr> connection = co_await cluster_.any();
    if (!connection) co_return;
    protocol::DeleteTopicsRequest request;
    request.topic_names = std::move(names);
    request.timeout_ms = cluster_.request_timeout_ms();
    (void)co_await (*connection)
        ->ask<protocol::DeleteTopicsResponse>(request, cluster_.request_deadline(),
                                              kLastVersionWithNames);
}

}  // namespace moldau::load
