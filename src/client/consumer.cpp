#include "moldau/client/consumer.hpp"

#include "moldau/protocol/messages/fetch.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace moldau::client {

using runtime::Task;
using runtime::Waited;

namespace {

constexpr std::int16_t kLastVersionWithNames = 12;  // Fetch names topics by id from 13 on
constexpr std::size_t kFetchedMax = 64;             // parts not looked at yet: then no more fetches

std::int16_t newest_version(const Topic& topic) {
    return topic.id.is_zero() ? kLastVersionWithNames : INT16_MAX;
}

bool is_worth_another_try(ErrorCode code) {
    return is_retriable(code) || code == ErrorCode::broker_not_available;
}

}  // namespace

Consumer::Consumer(Cluster& cluster, std::string topic, ConsumerOptions options)
    : cluster_(cluster),
      shard_(cluster.shard()),
      topic_name_(std::move(topic)),
      options_(options),
      tasks_(shard_),
      arrived_(shard_) {}

Task<Result<Fetched>> Consumer::next(MonoTime deadline) {
    while (fetched_.empty()) {
        if (failure_) co_return *failure_;
        fetch_where_idle();
        const Waited waited = co_await arrived_.wait(deadline);
        if (waited != Waited::ready && fetched_.empty()) co_return runtime::error_of(waited);
    }
    Fetched first = std::move(fetched_.front());
    fetched_.pop_front();
    fetch_where_idle();
    co_return first;
}

void Consumer::fail(Error error) {
    if (!failure_) failure_ = std::move(error);
    arrived_.set();
}

void Consumer::fetch_where_idle() {
    if (failure_ || fetched_.size() >= kFetchedMax) return;
    if (topic_ == nullptr) {
        if (std::exchange(is_finding_, true)) return;
        tasks_.spawn("find leaders of " + topic_name_, find_leaders());
        return;
    }
    std::map<BrokerId, std::vector<std::int32_t>> idle;
    for (const auto& [index, position] : positions_) {
        const auto at = static_cast<std::size_t>(index);
        if (at >= topic_->partitions.size()) {
            fail({ErrorCode::unknown_topic_or_partition,
                  fmt::format("topic '{}' has no partition {} (it has {})", topic_name_, index,
                              topic_->partitions.size())});
            return;
        }
        const BrokerId leader = topic_->partitions[at].leader;
        if (leader.value < 0) {
            // Asked for again after a pause; the others go on meanwhile.
            if (!std::exchange(is_finding_, true))
                tasks_.spawn("find leaders of " + topic_name_, find_leaders());
        } else if (!busy_.contains(leader)) {
            idle[leader].push_back(index);
        }
    }
    for (auto& [leader, partitions] : idle) {
        // The first ones fill a reply: every partition comes first in its turn.
        const auto turn = static_cast<std::ptrdiff_t>(turns_++ % partitions.size());
        std::ranges::rotate(partitions, partitions.begin() + turn);
        busy_.insert(leader);
        tasks_.spawn("fetch from broker", fetch_from(leader, topic_, std::move(partitions)));
    }
}

Task<> Consumer::find_leaders() {
    if (topic_ != nullptr) {
        const MonoTime next = shard_.now() + cluster_.options().retry_pause;
        if (co_await runtime::sleep_until(shard_, next) == Waited::cancelled) co_return;
        cluster_.forget(topic_name_);
    }
    Result<TopicPtr> topic = co_await cluster_.topic(topic_name_, cluster_.request_deadline());
    if (runtime::cancelled(shard_)) co_return;
    is_finding_ = false;
    if (!topic) {
        fail(topic.error());
        co_return;
    }
    topic_ = std::move(*topic);
    arrived_.set();
}

Task<> Consumer::fetch_from(BrokerId leader, TopicPtr topic, std::vector<std::int32_t> partitions) {
    Result<> done = co_await fetch_once(leader, topic, std::move(partitions));
    if (!done && is_worth_another_try(done.error().code)) {
        const MonoTime next = shard_.now() + cluster_.options().retry_pause;
        if (co_await runtime::sleep_until(shard_, next) == Waited::cancelled) co_return;
        // Others may have asked already.
        if (topic_ == topic) {
            cluster_.forget(topic_name_);
            topic_ = nullptr;
        }
    } else if (!done) {
        fail(done.error());
    }
    if (runtime::cancelled(shard_)) co_return;
    busy_.erase(leader);
    arrived_.set();
}

Task<Result<>> Consumer::fetch_once(BrokerId leader, TopicPtr topic,
                                    std::vector<std::int32_t> partitions) {
    Result<ConnectionPtr> connection = co_await cluster_.broker(leader);
    if (!connection) co_return connection.error();
    const Result<std::int16_t> version =
        (*connection)->versions().choose(protocol::ApiKey::fetch, newest_version(*topic));
    if (!version) co_return version.error();
    protocol::FetchRequest request;
    const auto wait = std::chrono::duration_cast<std::chrono::milliseconds>(options_.wait_max);
    request.max_wait_ms = static_cast<std::int32_t>(wait.count());
    request.min_bytes = options_.fetch_bytes_min;
    request.max_bytes = options_.fetch_bytes;
    auto& asked = request.topics.emplace_back();
    if (*version > kLastVersionWithNames) {
        asked.topic_id = topic->id;
    } else {
        asked.topic = topic->name;
    }
    for (const std::int32_t index : partitions) {
        const auto position = positions_.find(index);
        if (position == positions_.end()) continue;
        auto& partition = asked.partitions.emplace_back();
        partition.partition = index;
        partition.fetch_offset = position->second.value;
        partition.partition_max_bytes = options_.partition_bytes;
    }
    if (asked.partitions.empty()) co_return Result<>{};
    const MonoTime deadline = cluster_.request_deadline() + options_.wait_max;
    auto reply = co_await (*connection)->ask<protocol::FetchResponse>(request, deadline, *version);
    if (!reply) co_return reply.error();
    co_return take(*reply);
}

Result<> Consumer::take(const Reply<protocol::FetchResponse>& reply) {
    if (reply.message.error_code != ErrorCode::none)
        return Error{reply.message.error_code,
                     fmt::format("the fetch was refused: {}", name(reply.message.error_code))};
    Result<> outcome;
    for (const auto& topic : reply.message.responses) {
        for (const auto& part : topic.partitions) {
            if (!positions_.contains(part.partition_index)) continue;
            if (part.error_code != ErrorCode::none) {
                outcome = Error{
                    part.error_code,
                    fmt::format("partition {} of topic '{}' at offset {}: {}", part.partition_index,
                                topic_name_, positions_[part.partition_index].value,
                                name(part.error_code))};
                continue;
            }
            const Result<> taken = take_records(part.partition_index, Offset{part.high_watermark},
                                                part.records.value_or(BytesView{}), reply.frame);
            if (!taken) return taken;
        }
    }
    return outcome;
}

Result<> Consumer::take_records(std::int32_t partition, Offset high_watermark, BytesView records,
                                const Bytes& frame) {
    Offset& position = positions_[partition];
    Fetched fetched{.partition = partition,
                    .position = position,
                    .high_watermark = high_watermark,
                    .batches = records,
                    .frame = frame};
    Offset next = position;
    for (BytesView rest = records; !rest.empty();) {
        const Result<std::optional<record::BatchBytes>> batch = record::first_batch(rest);
        if (!batch) return batch.error();
        if (!*batch) break;  // the last one was cut to fit the reply
        if ((*batch)->magic != record::kMagic)
            return Error{ErrorCode::unsupported_for_message_format,
                         fmt::format("partition {} of topic '{}' holds messages of format {}",
                                     partition, topic_name_, (*batch)->magic)};
        const Result<record::BatchView> view = record::BatchView::of((*batch)->bytes);
        if (!view) return view.error();
        next = std::max(next, view->next_offset());
        rest = rest.subspan((*batch)->bytes.size());
        fetched.batches = records.first(records.size() - rest.size());
    }
    if (next == position) return {};
    position = fetched.next = next;
    fetched_.push_back(std::move(fetched));
    arrived_.set();
    return {};
}

Task<> Consumer::stop() {
    tasks_.cancel();
    co_await tasks_.join();
}

Result<> for_each_record(const Fetched& fetched, std::size_t unpacked_bytes_max,
                         record::Unpacker& unpacker, record::GrowingBuffer& scratch,
                         const std::function<bool(const record::RecordView&)>& visit) {
    for (BytesView rest = fetched.batches; !rest.empty();) {
        const Result<std::optional<record::BatchBytes>> batch = record::first_batch(rest);
        if (!batch) return batch.error();
        if (!*batch) return {};
        rest = rest.subspan((*batch)->bytes.size());
        const Result<record::BatchView> view = record::BatchView::of((*batch)->bytes);
        if (!view) return view.error();
        if (!view->is_crc_right())
            return Error{ErrorCode::corrupt_message,
                         fmt::format("the batch at offset {} of partition {} has a wrong CRC",
                                     view->base_offset().value, fetched.partition)};
        if (view->is_control()) continue;
        const Result<BytesView> records =
            record::unpack_records(*view, unpacked_bytes_max, unpacker, scratch);
        if (!records) return records.error();
        record::RecordCursor cursor(*view, *records);
        record::RecordView record;
        for (;;) {
            const Result<bool> more = cursor.next(record);
            if (!more) return more.error();
            if (!*more) break;
            if (record.offset >= fetched.position && !visit(record)) return {};
        }
    }
    return {};
}

}  // namespace moldau::client
