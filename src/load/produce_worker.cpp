#include "produce_worker.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <limits>
#include <span>

namespace moldau::load {

using runtime::Task;
using runtime::Waited;

namespace {

constexpr std::int16_t kLastVersionWithNames = 12;  // Produce names topics by id from 13 on
// For what the rate gave shortly before the end. What a broker cannot take in this time it would
// not take in any.
constexpr Duration kOvertime = std::chrono::seconds(1);

BatchShape same_shape(const ProduceOptions& options) {
    return {.record_bytes = options.record_bytes.least(),
            .batch_bytes = options.batch_bytes,
            .records_max = options.is_unbatched ? 1 : INT32_MAX,
            .packing = options.packing};
}

FreshShape fresh_shape(const ProduceOptions& options, const Shared& shared, std::uint64_t seed) {
    return {.record_bytes = options.record_bytes,
            .batch_bytes = options.batch_bytes,
            .records_max = options.is_unbatched ? 1 : INT32_MAX,
            .packing = options.packing,
            .keys = shared.keys,
            .run = shared.run,
            .seed = seed};
}

std::uint64_t quota_of(const ProduceOptions& options, Share share) {
    if (!options.records) return std::numeric_limits<std::uint64_t>::max();
    return part_of(*options.records, share);
}

/// What may be over after a new look at the cluster, or with a new producer id.
bool may_pass(ErrorCode code) {
    return is_retriable(code) || code == ErrorCode::broker_not_available ||
           code == ErrorCode::out_of_order_sequence_number ||
           code == ErrorCode::unknown_producer_id || code == ErrorCode::invalid_producer_epoch;
}

Result<> outcome_of(const Result<client::Reply<protocol::ProduceResponse>>& reply) {
    if (!reply) return reply.error();
    for (const auto& topic : reply->message.responses) {
        for (const auto& part : topic.partition_responses) {
            if (part.error_code == ErrorCode::none) return {};
            return Error{part.error_code,
                         fmt::format("partition {}: {}{}", part.index, name(part.error_code),
                                     part.error_message ? ": " + *part.error_message : "")};
        }
    }
    return Error{ErrorCode::unknown_server_error, "a reply that says nothing of the partition"};
}

}  // namespace

ProduceWorker::ProduceWorker(client::Cluster& cluster, ProduceOptions options, Share share,
                             Shared shared)
    : cluster_(cluster),
      shard_(cluster.shard()),
      options_(std::move(options)),
      share_(share),
      shared_(std::move(shared)),
      draws_(~share.index),
      tasks_(shard_),
      progress_(shard_),
      quota_(quota_of(options_, share)) {
    MOLDAU_CHECK((options_.keys.kind != KeyKind::none) == (shared_.keys != nullptr), "keys");
    if (shared_.keys || shared_.run || !options_.record_bytes.is_fixed()) {
        fresh_.emplace(fresh_shape(options_, shared_, share.index));
        records_per_batch_ = fresh_->records_per_batch();
    } else {
        same_.emplace(same_shape(options_));
        records_per_batch_ = same_->records_per_batch();
    }
}

Task<Result<>> ProduceWorker::prepare() {
    Result<> opened = co_await open_lanes();
    if (!opened || !options_.is_idempotent) co_return opened;
    const Result<client::ProducerIdentity> identity = co_await client::new_producer_id(cluster_);
    if (!identity) co_return identity.error();
    if (identity->id.value < 0)
        co_return Error{ErrorCode::unsupported_version,
                        "the broker gives no producer ids (--no-idempotence does without)"};
    identity_ = *identity;
    std::ranges::fill(next_sequence_, 0);
    co_return Result<>{};
}

/// A lane for each leader. Those that there are stay: their receivers look at them.
Task<Result<>> ProduceWorker::open_lanes() {
    const Result<client::TopicPtr> topic =
        co_await cluster_.topic(options_.topic, cluster_.request_deadline());
    if (!topic) co_return topic.error();
    const std::int16_t newest = (*topic)->id.is_zero() ? kLastVersionWithNames : INT16_MAX;
    lane_of_.clear();
    for (const client::Partition& partition : (*topic)->partitions) {
        if (partition.leader.value < 0)
            co_return Error{ErrorCode::leader_not_available,
                            fmt::format("partition {} has no leader", partition.index)};
        Result<client::ConnectionPtr> connection = co_await cluster_.broker(partition.leader);
        if (!connection) co_return connection.error();
        const Result<std::int16_t> version =
            (*connection)->versions().choose(protocol::ApiKey::produce, newest);
        if (!version) co_return version.error();
        std::unique_ptr<Lane>& lane = lanes_[partition.leader];
        if (lane == nullptr) {
            lane = std::make_unique<Lane>(shard_);
            tasks_.spawn("replies of a broker", receive_always(*this, *lane));
        }
        lane->connection = std::move(*connection);
        lane->version = *version;
        lane->request = {};
        lane->request.acks = static_cast<std::int16_t>(options_.acks);
        lane->request.timeout_ms =
            static_cast<std::int32_t>(std::chrono::milliseconds(std::chrono::seconds(30)).count());
        auto& data = lane->request.topic_data.emplace_back();
        if (*version > kLastVersionWithNames) {
            data.topic_id = (*topic)->id;
        } else {
            data.name = (*topic)->name;
        }
        data.partition_data.emplace_back();
        lane_of_.push_back(lane.get());
    }
    next_sequence_.resize(lane_of_.size());
    turn_ = share_.index % lane_of_.size();
    co_return Result<>{};
}

// ------------------------------------------------------------------ what is due when

std::uint64_t ProduceWorker::due(MonoTime now) const {
    // The rate gives nothing more from the end on.
    const MonoTime last = end_ ? std::min(now, *end_ - Duration(1)) : now;
    return std::min(pacer_->due(last), quota_) - taken_;
}

bool ProduceWorker::is_over(MonoTime now) const {
    if (taken_ == quota_) return true;
    if (!end_ || now < *end_) return false;
    return !pacer_ || due(now) == 0 || now >= *end_ + kOvertime;
}

ProduceWorker::Next ProduceWorker::next_batch(MonoTime now) const {
    const auto full = static_cast<std::uint64_t>(records_per_batch_);
    if (!pacer_) return {.count = static_cast<std::int32_t>(std::min(full, quota_ - taken_))};
    const std::uint64_t waiting = due(now);
    if (waiting >= full) return {.count = records_per_batch_};
    if (waiting == 0) {
        const MonoTime next = pacer_->time_of(taken_);
        return {.count = 0, .at = end_ ? std::min(next, *end_) : next};
    }
    const MonoTime lingered = pacer_->time_of(taken_) + options_.linger;
    const bool is_last = taken_ + waiting == quota_ || (end_ && now >= *end_);
    if (is_last || now >= lingered) return {.count = static_cast<std::int32_t>(waiting)};
    MonoTime at = std::min(lingered, pacer_->time_of(taken_ + full - 1));
    if (end_) at = std::min(at, *end_);
    return {.count = 0, .at = at};
}

/// A partition whose broker may be sent another request: the next in turn, or where there are keys
/// one as often as its keys come.
ProduceWorker::Target ProduceWorker::free_target() {
    if (shared_.keys) return drawn_target();
    for (std::size_t tried = 0; tried < lane_of_.size(); ++tried) {
        const std::size_t partition = turn_;
        turn_ = turn_ + 1 == lane_of_.size() ? 0 : turn_ + 1;
        if (lane_of_[partition]->in_flight.size() < options_.in_flight)
            return {.lane = lane_of_[partition], .partition = static_cast<std::int32_t>(partition)};
    }
    return {};
}

/// The one that was drawn is waited for: else those of busy brokers would come too seldom.
ProduceWorker::Target ProduceWorker::drawn_target() {
    if (!drawn_) drawn_ = shared_.keys->draw_partition(draws_);
    Lane* const lane = lane_of_[static_cast<std::size_t>(*drawn_)];
    if (lane->in_flight.size() >= options_.in_flight) return {};
    const Target target{.lane = lane, .partition = *drawn_};
    drawn_.reset();
    return target;
}

// ------------------------------------------------------------------ sending

Task<Result<>> ProduceWorker::run(MonoTime start) {
    start_ = figures_.end = start;
    if (options_.duration) end_ = start + *options_.duration;
    if (options_.rate != 0) pacer_.emplace(start, options_.rate, share_);
    (void)co_await runtime::sleep_until(shard_, start);
    Result<> outcome;
    for (;;) {
        outcome = co_await send_until_trouble();
        Result<> drained = co_await drain();
        if (outcome && !drained) outcome = drained;
        if (!outcome || !trouble_) break;
        outcome = co_await recover();
        if (!outcome) break;
    }
    if (pacer_) figures_.unsent = due(shard_.now());
    co_return outcome;
}

Task<> ProduceWorker::stop() {
    tasks_.cancel();
    co_await tasks_.join();
}

/// Until all is sent, or something fails (`trouble_`). Errors: broker_not_available (cancelled)
Task<Result<>> ProduceWorker::send_until_trouble() {
    while (!trouble_) {
        const MonoTime now = shard_.now();
        if (is_over(now)) break;
        const Next next = next_batch(now);
        MonoTime wake = next.at;
        if (next.count != 0) {
            const Target target = free_target();
            if (target.lane != nullptr) {
                send(target, next.count, now);
                continue;
            }
            wake = end_ ? std::max(*end_, now + Duration(1)) : runtime::kForever;
            if (end_ && now >= *end_) wake = *end_ + kOvertime;
        }
        const Waited waited = co_await progress_.wait(wake);
        if (waited == Waited::cancelled) co_return runtime::error_of(waited);
    }
    co_return Result<>{};
}

ProduceWorker::Made ProduceWorker::make_batch(const Target& target, std::int32_t count,
                                              MonoTime now) {
    BatchHead head{.timestamp = shard_.clock().wall()};
    if (pacer_) {
        // The oldest record's own time, though it is sent later.
        const Duration late = now - pacer_->time_of(taken_);
        head.timestamp.ms -= std::chrono::duration_cast<std::chrono::milliseconds>(late).count();
    }
    if (identity_.id.value >= 0) {
        head.producer_id = identity_.id;
        head.producer_epoch = identity_.epoch;
        head.base_sequence = next_sequence_[static_cast<std::size_t>(target.partition)];
    }
    if (same_) {
        MadeBatch batch = same_->make(count, head);
        return {.pieces = {std::move(batch.header), std::move(batch.records)},
                .count = count,
                .value_bytes = static_cast<std::size_t>(count) * options_.record_bytes.least()};
    }
    times_.clear();
    if (shared_.run) {
        for (std::int32_t i = 0; i < count; ++i)
            times_.push_back(pacer_ ? pacer_->time_of(taken_ + static_cast<std::uint64_t>(i))
                                    : now);
    }
    FreshBatch batch = fresh_->make(count, target.partition, head, times_);
    return {.pieces = {std::move(batch.bytes), {}},
            .count = batch.count,
            .value_bytes = batch.value_bytes};
}

/// At most `count` records.
void ProduceWorker::send(Target target, std::int32_t count, MonoTime now) {
    Lane& lane = *target.lane;
    const Made batch = make_batch(target, count, now);
    if (identity_.id.value >= 0) {
        std::int32_t& sequence = next_sequence_[static_cast<std::size_t>(target.partition)];
        sequence = record::add_sequence(sequence, batch.count);
    }
    auto& data = lane.request.topic_data.front().partition_data.front();
    data.index = target.partition;
    data.records = BytesView(batch.pieces[0].data(), batch.bytes());  // only its size is looked at
    const std::span<const Bytes> pieces(batch.pieces.data(), batch.pieces[1].empty() ? 1 : 2);
    Sent sent{.answer = {},
              .first_record = taken_,
              .count = batch.count,
              .bytes = batch.bytes(),
              .value_bytes = batch.value_bytes,
              .at = now,
              .deadline = cluster_.request_deadline()};
    taken_ += static_cast<std::uint64_t>(batch.count);
    if (pacer_) add_latencies(figures_.send_delay, sent, now);
    if (options_.acks == client::Acks::none) {
        if (Result<> ok = lane.connection->tell_with(lane.request, pieces, lane.version); !ok) {
            settle(sent, ok);
            return;
        }
    } else {
        sent.answer = lane.connection->ask_with<protocol::ProduceResponse>(
            lane.request, pieces, sent.deadline, lane.version);
    }
    lane.in_flight.push_back(std::move(sent));
    lane.sent.set();
}

// NOLINTNEXTLINE(cppcoreguidelines-avoid-reference-coroutine-parameters): stop() waits for it.
Task<> ProduceWorker::receive_always(ProduceWorker& self, Lane& lane) {
    for (;;) {
        while (lane.in_flight.empty())
            if (co_await lane.sent.wait() == Waited::cancelled) co_return;
        Sent& first = lane.in_flight.front();
        Result<> outcome;
        if (first.answer) {
            const Result<Reply> reply = co_await std::move(*first.answer);
            outcome = outcome_of(reply);
        } else {
            outcome = co_await lane.connection->sent(first.deadline);
        }
        if (runtime::cancelled(self.shard_)) co_return;
        self.settle(first, outcome);
        lane.in_flight.pop_front();
        self.progress_.set();
    }
}

void ProduceWorker::settle(const Sent& sent, const Result<>& outcome) {
    const auto count = static_cast<std::uint64_t>(sent.count);
    if (!outcome) {
        figures_.failed += count;
        ++figures_.errors[std::string(name(outcome.error().code))];
        if (!trouble_) trouble_ = outcome.error();
        return;
    }
    const MonoTime now = shard_.now();
    figures_.done += count;
    figures_.value_bytes += sent.value_bytes;
    figures_.batch_bytes += sent.bytes;
    ++figures_.batches;
    figures_.end = now;
    add_latencies(figures_.latency, sent, now);
}

/// Each record counts from its own time, also when it waited for its turn.
void ProduceWorker::add_latencies(Histogram& to, const Sent& sent, MonoTime now) const {
    if (!pacer_) {
        to.record((now - sent.at).count(), static_cast<std::uint64_t>(sent.count));
        return;
    }
    for (std::int32_t i = 0; i < sent.count; ++i)
        to.record(
            (now - pacer_->time_of(sent.first_record + static_cast<std::uint64_t>(i))).count());
}

Task<Result<>> ProduceWorker::drain() {
    const auto is_idle = [](const auto& lane) { return lane.second->in_flight.empty(); };
    while (!std::ranges::all_of(lanes_, is_idle)) {
        const Waited waited = co_await progress_.wait();
        if (waited == Waited::cancelled) co_return runtime::error_of(waited);
    }
    co_return Result<>{};
}

/// A new look at the cluster, with a new producer id: the broker may miss batches that failed.
Task<Result<>> ProduceWorker::recover() {
    const Error first = std::move(*trouble_);
    trouble_.reset();
    if (!may_pass(first.code)) co_return first;
    const MonoTime deadline = cluster_.request_deadline();
    for (;;) {
        const MonoTime next = shard_.now() + cluster_.options().retry_pause;
        if (next >= deadline) co_return first;
        if (co_await runtime::sleep_until(shard_, next) == Waited::cancelled)
            co_return runtime::error_of(Waited::cancelled);
        cluster_.forget(options_.topic);
        Result<> prepared = co_await prepare();
        if (prepared || !may_pass(prepared.error().code)) co_return prepared;
    }
}

}  // namespace moldau::load
