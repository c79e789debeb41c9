#include "moldau/client/producer.hpp"

#include "moldau/base/hashes.hpp"
#include "moldau/protocol/messages/produce.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <set>

namespace moldau::client {

using runtime::Task;
using runtime::Waited;

namespace {

constexpr std::int16_t kLastVersionWithNames = 12;  // Produce names topics by id from 13 on
constexpr std::size_t kPartitionInFlightMax = 5;    // what an idempotent broker remembers

bool is_worth_another_try(ErrorCode code) {
    // A broker that has left the metadata: its partitions get other leaders.
    return is_retriable(code) || code == ErrorCode::broker_not_available;
}

/// Without partitions.
protocol::ProduceRequest request_for(const ProducerOptions& options, const Topic& topic,
                                     std::int16_t version, std::int32_t timeout_ms) {
    protocol::ProduceRequest request;
    request.acks = static_cast<std::int16_t>(options.acks);
    request.timeout_ms = timeout_ms;
    auto& data = request.topic_data.emplace_back();
    if (version > kLastVersionWithNames) {
        data.topic_id = topic.id;
    } else {
        data.name = topic.name;
    }
    return request;
}

std::int16_t newest_version(const Topic& topic) {
    return topic.id.is_zero() ? kLastVersionWithNames : INT16_MAX;
}

}  // namespace

Producer::Producer(Cluster& cluster, std::string topic, ProducerOptions options)
    : cluster_(cluster),
      shard_(cluster.shard()),
      topic_(std::move(topic)),
      options_(std::move(options)),
      tasks_(shard_),
      work_(shard_),
      progress_(shard_) {}

Producer::~Producer() = default;

Task<Result<>> Producer::start() {
    Result<TopicPtr> topic =
        co_await cluster_.topic(topic_, shard_.now() + cluster_.options().request_timeout);
    if (!topic) co_return topic.error();
    queues_.resize((*topic)->partitions.size());
    sticky_ = static_cast<std::int32_t>(shard_.random().below(queues_.size()));
    if (options_.is_idempotent && options_.acks == Acks::all) {
        const Result<ProducerIdentity> got = co_await new_producer_id(cluster_);
        if (!got) co_return got.error();
        identity_ = *got;
    }
    tasks_.spawn("produce to " + topic_, send_always());
    co_return Result<>{};
}

std::int32_t Producer::choose_partition(const record::NewRecord& record) {
    return record.key ? partition_of_key(*record.key, partitions()) : sticky_;
}

Result<> Producer::add(const record::NewRecord& record, std::optional<std::int32_t> partition,
                       std::int64_t tag) {
    if (failure_) return *failure_;
    if (partition && (*partition < 0 || *partition >= partitions()))
        return Error{ErrorCode::unknown_topic_or_partition,
                     fmt::format("topic '{}' has no partition {} (it has {})", topic_, *partition,
                                 partitions())};
    const std::int32_t chosen = partition ? *partition : choose_partition(record);
    Queue& queue = queues_[static_cast<std::size_t>(chosen)];
    std::size_t size =
        (record.key ? record.key->size() : 0) + (record.value ? record.value->size() : 0);
    for (const record::HeaderView& header : record.headers)
        size += header.key.size() + (header.value ? header.value->size() : 0);
    if (queue.is_building() && queue.building.plain_bytes() + size > options_.batch_bytes)
        close_batch(chosen);
    if (!queue.is_building()) {
        queue.building.start(
            {.packing = options_.packing,
             .producer_id = identity_.id,
             .producer_epoch = identity_.epoch,
             .base_sequence = is_idempotent() ? queue.next_sequence : record::kNoSequence});
    }
    const std::size_t before = queue.building.plain_bytes();
    if (Result<> ok = queue.building.append(record); !ok) return ok;
    if (!queue.is_building()) {
        queue.begun = shard_.now();
        ++undelivered_;
        work_.set();
    }
    queue.tags.push_back(tag);
    buffered_ += queue.building.plain_bytes() - before;
    if (queue.building.plain_bytes() >= options_.batch_bytes) close_batch(chosen);
    return {};
}

void Producer::close_batch(std::int32_t partition) {
    Queue& queue = queues_[static_cast<std::size_t>(partition)];
    Batch batch{.partition = partition,
                .ordinal = queue.next_ordinal++,
                .bytes = {},
                .plain_bytes = queue.building.plain_bytes(),
                .tags = std::move(queue.tags),
                .expires = queue.begun + options_.delivery_timeout};
    queue.tags.clear();
    queue.next_sequence = record::add_sequence(queue.next_sequence, queue.building.count());
    batch.bytes = queue.building.finish(packer_);
    queue.ready.push_back(std::move(batch));
    // Records without a key fill one partition after another: few large batches.
    if (partition == sticky_)
        sticky_ = static_cast<std::int32_t>(shard_.random().below(queues_.size()));
    work_.set();
}

void Producer::close_lingering() {
    const MonoTime now = shard_.now();
    for (std::size_t i = 0; i < queues_.size(); ++i) {
        const Queue& queue = queues_[i];
        // While the partition is busy its batch may as well grow.
        if (!queue.is_building() || !queue.ready.empty()) continue;
        if (flushing_ || now >= queue.begun + options_.linger)
            close_batch(static_cast<std::int32_t>(i));
    }
}

MonoTime Producer::next_due() const {
    MonoTime due = runtime::kForever;
    for (const Queue& queue : queues_) {
        if (queue.is_building() && queue.ready.empty())
            due = std::min(due, queue.begun + options_.linger);
        if (!queue.ready.empty() && queue.not_before > shard_.now())
            due = std::min(due, queue.not_before);
    }
    return due;
}

bool Producer::is_sendable(const Queue& queue, MonoTime now) const {
    return !queue.ready.empty() && queue.failed.empty() && queue.not_before <= now &&
           queue.in_flight < kPartitionInFlightMax;
}

Producer::Request Producer::take_request(BrokerId leader, const Topic& topic) {
    Request request;
    std::size_t bytes = 0;
    for (std::size_t i = 0; i < queues_.size(); ++i) {
        Queue& queue = queues_[i];
        if (i >= topic.partitions.size() || topic.partitions[i].leader != leader) continue;
        if (!is_sendable(queue, shard_.now())) continue;
        const std::size_t size = queue.ready.front().bytes.size();
        if (!request.empty() && bytes + size > options_.request_bytes) continue;
        bytes += size;
        ++queue.in_flight;
        request.push_back(std::move(queue.ready.front()));
        queue.ready.pop_front();
    }
    return request;
}

Task<> Producer::send_always() {
    for (;;) {
        const Waited waited = co_await work_.wait(next_due());
        if (waited == Waited::cancelled) co_return;
        co_await send_ready();
        if (runtime::cancelled(shard_)) co_return;
    }
}

Task<> Producer::send_ready() {
    bool sent = true;
    while (sent && !failure_) {
        sent = false;
        close_lingering();
        if (std::ranges::none_of(
                queues_, [&](const Queue& queue) { return is_sendable(queue, shard_.now()); }))
            co_return;
        Result<TopicPtr> topic =
            co_await cluster_.topic(topic_, shard_.now() + cluster_.options().request_timeout);
        if (!topic) {
            end(topic.error());
            co_return;
        }
        std::set<BrokerId> leaders;
        const std::size_t known = std::min(queues_.size(), (*topic)->partitions.size());
        for (std::size_t i = 0; i < known; ++i) {
            Queue& queue = queues_[i];
            if (!is_sendable(queue, shard_.now())) continue;
            const BrokerId leader = (*topic)->partitions[i].leader;
            if (leader.value >= 0) {
                leaders.insert(leader);
                continue;
            }
            cluster_.forget(topic_);
            queue.not_before = shard_.now() + cluster_.options().retry_pause;
            if (queue.ready.front().expires <= shard_.now())
                end({ErrorCode::leader_not_available,
                     fmt::format("partition {} of topic '{}' has no leader", i, topic_)});
        }
        for (const BrokerId leader : leaders) {
            if (in_flight_[leader] >= options_.requests_in_flight) continue;
            const bool did = co_await send_to(leader, *topic);
            sent = sent || did;
        }
    }
}

Task<bool> Producer::send_to(BrokerId leader, TopicPtr topic) {
    Result<ConnectionPtr> connection = co_await cluster_.broker(leader);
    Request request = take_request(leader, *topic);
    if (request.empty()) co_return false;
    if (!connection) {
        for (Batch& batch : request) settle(std::move(batch), connection.error());
        co_return true;
    }
    const Result<std::int16_t> version =
        (*connection)->versions().choose(protocol::ApiKey::produce, newest_version(*topic));
    if (!version) {
        for (Batch& batch : request) settle(std::move(batch), version.error());
        co_return true;
    }
    const Duration timeout = cluster_.options().request_timeout;
    protocol::ProduceRequest message =
        request_for(options_, *topic, *version, cluster_.request_timeout_ms());
    for (const Batch& batch : request) {
        auto& data = message.topic_data.front().partition_data.emplace_back();
        data.index = batch.partition;
        data.records = batch.bytes.view();
    }
    if (options_.acks == Acks::none) {
        Result<> sent = (*connection)->tell(message, *version);
        if (sent) sent = co_await (*connection)->sent(shard_.now() + timeout);
        for (Batch& batch : request) {
            if (sent) {
                settle(std::move(batch), Offset{-1});
            } else {
                settle(std::move(batch), sent.error());
            }
        }
        co_return true;
    }
    ++in_flight_[leader];
    // Submitted here, so that requests leave in the order of their batches; a task of its own waits
    // for the reply. The broker may wait for its followers as long as the request says.
    auto reply = (*connection)
                     ->ask<protocol::ProduceResponse>(
                         message, shard_.now() + timeout + std::chrono::seconds(1), *version);
    tasks_.spawn("produce request", receive(leader, std::move(request), std::move(reply)));
    co_return true;
}

Task<> Producer::receive(BrokerId leader, Request request, Task<Result<Reply>> answer) {
    const Result<Reply> reply = co_await std::move(answer);
    if (runtime::cancelled(shard_)) co_return;
    --in_flight_[leader];
    settle_all(std::move(request), reply);
    work_.set();
}

void Producer::settle_all(Request request, const Result<Reply>& reply) {
    using Part = protocol::ProduceResponse::PartitionProduceResponse;
    std::map<std::int32_t, const Part*> parts;
    if (reply) {
        for (const auto& topic : reply->message.responses)
            for (const Part& part : topic.partition_responses) parts[part.index] = &part;
    }
    for (Batch& batch : request) {
        if (!reply) {
            settle(std::move(batch), reply.error());
            continue;
        }
        const auto found = parts.find(batch.partition);
        if (found == parts.end()) {
            settle(std::move(batch), Error{ErrorCode::unknown_server_error,
                                           "the reply says nothing of the partition"});
            continue;
        }
        const Part& part = *found->second;
        // A repeated batch that the broker has already is as good as delivered.
        if (part.error_code == ErrorCode::none ||
            part.error_code == ErrorCode::duplicate_sequence_number) {
            settle(std::move(batch), Offset{part.base_offset});
        } else {
            settle(std::move(batch), Error{part.error_code, part.error_message.value_or("")});
        }
    }
}

void Producer::settle(Batch batch, Result<Offset> outcome) {
    Queue& queue = queues_[static_cast<std::size_t>(batch.partition)];
    --queue.in_flight;
    if (!outcome) {
        const ErrorCode code = outcome.error().code;
        // Behind a batch that failed, the broker misses the sequence numbers of that one.
        const bool follows_a_failed_one =
            code == ErrorCode::out_of_order_sequence_number && !queue.failed.empty();
        const bool again = is_worth_another_try(code) || follows_a_failed_one;
        if (again && !failure_ && shard_.now() < batch.expires) {
            queue.failed.push_back(std::move(batch));
            if (queue.in_flight == 0) try_again_after(queue);
            return;
        }
        Error error{
            code, fmt::format("partition {} of topic '{}' refuses a batch of {} records: "
                              "{}{}{}",
                              batch.partition, topic_, batch.tags.size(), name(code),
                              outcome.error().detail.empty() ? "" : ": ", outcome.error().detail)};
        deliver(batch, error);
        end(std::move(error));
        return;
    }
    deliver(batch, outcome);
    if (queue.in_flight == 0 && !queue.failed.empty()) try_again_after(queue);
}

/// Nothing is in flight: the failed ones go first, in their order.
void Producer::try_again_after(Queue& queue) {
    std::ranges::sort(queue.failed, std::ranges::greater{}, &Batch::ordinal);
    for (Batch& batch : queue.failed) queue.ready.push_front(std::move(batch));
    queue.failed.clear();
    queue.not_before = shard_.now() + cluster_.options().retry_pause;
    cluster_.forget(topic_);
    work_.set();
}

void Producer::deliver(const Batch& batch, Result<Offset> outcome) {
    buffered_ -= batch.plain_bytes;
    --undelivered_;
    if (options_.delivered)
        options_.delivered(
            {.partition = batch.partition, .base_offset = std::move(outcome), .tags = batch.tags});
    progress_.set();
}

/// What waits to be sent fails at once; what is in flight has its own outcome.
void Producer::end(Error error) {
    if (failure_) return;
    failure_ = std::move(error);
    for (std::size_t i = 0; i < queues_.size(); ++i) {
        Queue& queue = queues_[i];
        if (queue.is_building()) close_batch(static_cast<std::int32_t>(i));
        for (const Batch& batch : queue.ready) deliver(batch, *failure_);
        for (const Batch& batch : queue.failed) deliver(batch, *failure_);
        queue.ready.clear();
        queue.failed.clear();
    }
    progress_.set();
}

Task<Result<>> Producer::room() {
    while (!failure_ && !has_room()) {
        const Waited waited = co_await progress_.wait();
        if (waited == Waited::cancelled) co_return runtime::error_of(waited);
    }
    if (failure_) co_return *failure_;
    co_return Result<>{};
}

Task<Result<>> Producer::flush() {
    flushing_ = true;
    work_.set();
    while (undelivered_ != 0) {
        const Waited waited = co_await progress_.wait();
        if (waited == Waited::cancelled) {
            flushing_ = false;
            co_return runtime::error_of(waited);
        }
    }
    flushing_ = false;
    if (failure_) co_return *failure_;
    co_return Result<>{};
}

Task<> Producer::stop() {
    tasks_.cancel();
    co_await tasks_.join();
}

}  // namespace moldau::client
