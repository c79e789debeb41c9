#include "commit_worker.hpp"

#include "moldau/protocol/messages/offset_commit.hpp"

#include <fmt/format.h>

#include <limits>

namespace moldau::load {

using runtime::Task;
using runtime::Waited;

namespace {

constexpr std::int16_t kTopicsByName = 9;  // the last version of OffsetCommit that has names
// As a producer: what the rate gave and is not sent by then is not sent any more.
constexpr Duration kOvertime = std::chrono::seconds(1);

/// The first error of a reply: a group's commit is of one piece.
ErrorCode error_of(const protocol::OffsetCommitResponse& response) {
    for (const auto& topic : response.topics)
        for (const auto& each : topic.partitions)
            if (each.error_code != ErrorCode::none) return each.error_code;
    return ErrorCode::none;
}

}  // namespace

CommitWorker::CommitWorker(client::Cluster& cluster, Transport& transport, std::string group,
                           CommitOptions options, Share share)
    : cluster_(cluster),
      shard_(cluster.shard()),
      options_(std::move(options)),
      share_(share),
      group_(cluster, transport, std::move(group), options_.topic, options_.group),
      tasks_(shard_),
      ended_(shard_) {}

Task<Result<>> CommitWorker::prepare() {
    const Result<client::TopicPtr> topic =
        co_await cluster_.topic(options_.topic, cluster_.request_deadline());
    if (!topic) co_return topic.error();
    topic_partitions_ = static_cast<std::int32_t>((*topic)->partitions.size());
    if (options_.partitions > topic_partitions_)
        co_return Error{ErrorCode::invalid_partitions,
                        fmt::format("--offsets {}: topic '{}' has {} partitions",
                                    options_.partitions, options_.topic, topic_partitions_)};
    Result<> connected = co_await group_.connect();
    if (!connected) co_return connected;
    group_.start();
    co_return co_await group_.rest(cluster_.request_deadline() + options_.group.rebalance_timeout);
}

/// A member's part of the schedule of all members of all groups.
Share CommitWorker::share_of(std::size_t index) const {
    return {.index = share_.index * options_.group.members + index,
            .of = share_.of * options_.group.members};
}

std::uint64_t CommitWorker::quota_of(Share share) const {
    if (!options_.commits) return std::numeric_limits<std::uint64_t>::max();
    return part_of(*options_.commits, share);
}

Task<Result<>> CommitWorker::run(MonoTime start) {
    start_ = figures_.end = start;
    if (options_.duration) end_ = start + *options_.duration;
    running_ = group_.members().size();
    for (std::size_t i = 0; i < group_.members().size(); ++i)
        tasks_.spawn("commits of " + group_.name(), commit_always(*this, i));
    co_await wait_for_members();
    if (failure_) co_return *failure_;
    co_return Result<>{};
}

Task<> CommitWorker::wait_for_members() {
    while (running_ > 0)
        if (co_await ended_.wait() == Waited::cancelled) co_return;
}

Task<> CommitWorker::stop() {
    tasks_.cancel();
    co_await tasks_.join();
    co_await group_.leave();
}

// NOLINTNEXTLINE(cppcoreguidelines-avoid-reference-coroutine-parameters): stop() waits for it.
Task<> CommitWorker::commit_always(CommitWorker& self, std::size_t index) {
    const Result<> outcome = co_await self.commit_all(index);
    if (!outcome && !self.failure_) self.failure_ = outcome.error();
    --self.running_;
    self.ended_.set();
}

/// One member's. Errors: what breaks its connection; a commit that is refused is counted.
Task<Result<>> CommitWorker::commit_all(std::size_t index) {
    const Share share = share_of(index);
    const std::uint64_t quota = quota_of(share);
    std::optional<Pacer> pacer;
    if (options_.rate != 0) pacer.emplace(start_, options_.rate, share);
    (void)co_await runtime::sleep_until(shard_, start_);
    for (std::uint64_t done = 0; done < quota; ++done) {
        const MonoTime due = pacer ? pacer->time_of(done) : shard_.now();
        if (end_ && due >= *end_) break;
        if (pacer && co_await runtime::sleep_until(shard_, due) == Waited::cancelled) break;
        const MonoTime sent = shard_.now();
        if (end_ && sent >= *end_ + kOvertime) {
            figures_.unsent += std::min(quota, pacer->due(*end_ - Duration(1))) - done;
            break;
        }
        if (pacer) figures_.send_delay.record((sent - due).count());
        Result<> committed = co_await commit(index, static_cast<std::int64_t>(done));
        if (committed) {
            ++figures_.done;
            figures_.latency.record((shard_.now() - due).count());
            figures_.end = shard_.now();
            continue;
        }
        ++figures_.failed;
        ++figures_.errors[std::string(name(committed.error().code))];
        if (!group_.members()[index].connection->is_open()) co_return committed;
    }
    co_return Result<>{};
}

Task<Result<>> CommitWorker::commit(std::size_t index, std::int64_t offset) {
    const Member& member = group_.members()[index];
    protocol::OffsetCommitRequest request;
    request.group_id = group_.name();
    request.generation_id_or_member_epoch = member.generation;
    request.member_id = member.id;
    auto& topic = request.topics.emplace_back();
    topic.name = options_.topic;
    // Each member has partitions of its own, as far as there are enough.
    const auto first = static_cast<std::int64_t>(index) * options_.partitions;
    for (std::int32_t i = 0; i < options_.partitions; ++i) {
        auto& partition = topic.partitions.emplace_back();
        partition.partition_index = static_cast<std::int32_t>((first + i) % topic_partitions_);
        partition.committed_offset = offset;
        partition.committed_metadata = "";
    }
    const auto reply = co_await member.connection->ask<protocol::OffsetCommitResponse>(
        request, cluster_.request_deadline(), kTopicsByName);
    if (!reply) co_return reply.error();
    const ErrorCode code = error_of(reply->message);
    if (code != ErrorCode::none)
        co_return Error{code, fmt::format("group '{}': a commit was refused: {}", group_.name(),
                                          moldau::name(code))};
    co_return Result<>{};
}

}  // namespace moldau::load
