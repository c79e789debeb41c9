#include "consume_worker.hpp"

#include "stamp.hpp"

#include <fmt/format.h>

namespace moldau::load {

using runtime::Task;
using Offsets = std::map<std::int32_t, Offset>;

namespace {

constexpr std::size_t kUnpackedBytesMax = 1U << 30U;  // of one batch
// Between two looks at the producers alongside, when nothing comes.
constexpr Duration kLook = std::chrono::milliseconds(50);
// What is acknowledged and not read after this time is a failure of the broker.
constexpr Duration kPatience = std::chrono::seconds(30);

client::ConsumerOptions fetches_of(const ConsumeOptions& options) {
    return {.wait_max = options.wait_max,
            .fetch_bytes_min = options.fetch_bytes_min,
            .fetch_bytes = options.fetch_bytes,
            .partition_bytes = options.partition_bytes};
}

}  // namespace

ConsumeWorker::ConsumeWorker(client::Cluster& cluster, ConsumeOptions options, Share share,
                             Alongside alongside)
    : cluster_(cluster),
      shard_(cluster.shard()),
      options_(std::move(options)),
      share_(share),
      alongside_(std::move(alongside)),
      consumer_(cluster, options_.topic, fetches_of(options_)) {}

/// Those that this consumer is to read.
Task<Result<std::vector<std::int32_t>>> ConsumeWorker::partitions() {
    std::vector<std::int32_t> all = options_.partitions;
    if (all.empty()) {
        const Result<client::TopicPtr> topic =
            co_await cluster_.topic(options_.topic, cluster_.request_deadline());
        if (!topic) co_return topic.error();
        for (const client::Partition& each : (*topic)->partitions) all.push_back(each.index);
    }
    if (!options_.shares_partitions) co_return all;
    std::vector<std::int32_t> own;
    for (std::size_t i = share_.index; i < all.size(); i += share_.of) own.push_back(all[i]);
    co_return own;
}

Task<Result<>> ConsumeWorker::prepare() {
    const Result<std::vector<std::int32_t>> own = co_await partitions();
    if (!own) co_return own.error();
    if (own->empty()) co_return Result<>{};
    Result<Offsets> ends =
        co_await client::list_offsets(cluster_, options_.topic, *own, client::kLatest);
    if (!ends) co_return ends.error();
    ends_ = std::move(*ends);
    if (options_.from_end) {
        positions_ = ends_;
        co_return Result<>{};
    }
    Result<Offsets> starts =
        co_await client::list_offsets(cluster_, options_.topic, *own, client::kEarliest);
    if (!starts) co_return starts.error();
    positions_ = std::move(*starts);
    co_return Result<>{};
}

bool ConsumeWorker::is_done() const {
    if (options_.records && figures_.done >= *options_.records) return true;
    return !options_.follows && ends_.empty();
}

void ConsumeWorker::assign_all() {
    for (const auto& [partition, from] : positions_) {
        if (options_.follows || from < ends_.at(partition)) {
            consumer_.assign(partition, from);
        } else {
            ends_.erase(partition);
        }
    }
}

void ConsumeWorker::end_partition(std::int32_t partition) {
    consumer_.unassign(partition);
    ends_.erase(partition);
}

/// The producers alongside have ended: what is there now is all that will come.
Task<Result<>> ConsumeWorker::find_ends() {
    options_.follows = false;
    patience_ = shard_.now() + kPatience;
    std::vector<std::int32_t> own;
    own.reserve(positions_.size());
    for (const auto& [partition, position] : positions_) own.push_back(partition);
    ends_.clear();
    if (own.empty()) co_return Result<>{};
    Result<Offsets> ends =
        co_await client::list_offsets(cluster_, options_.topic, own, client::kLatest);
    if (!ends) co_return ends.error();
    ends_ = std::move(*ends);
    for (const std::int32_t partition : own)
        if (positions_.at(partition) >= ends_.at(partition)) end_partition(partition);
    co_return Result<>{};
}

Task<Result<>> ConsumeWorker::run(MonoTime start) {
    figures_.end = start;
    (void)co_await runtime::sleep_until(shard_, start);
    assign_all();
    const MonoTime end = options_.duration ? start + *options_.duration : runtime::kForever;
    while (!is_done() && shard_.now() < end) {
        MonoTime until = std::min(end, patience_);
        if (options_.follows && alongside_.producers_left != nullptr) {
            if (alongside_.producers_left->load() == 0) {
                Result<> found = co_await find_ends();
                if (!found) co_return failed(found.error());
                continue;
            }
            until = std::min(until, shard_.now() + kLook);
        }
        const Result<client::Fetched> fetched = co_await consumer_.next(until);
        if (!fetched) {
            const bool is_late = fetched.error().code == ErrorCode::request_timed_out;
            if (is_late && shard_.now() >= patience_)
                co_return failed({ErrorCode::request_timed_out,
                                  fmt::format("not all that was written could be read within {} s "
                                              "of its end",
                                              kPatience / std::chrono::seconds(1))});
            if (is_late && shard_.now() >= until) continue;
            co_return failed(fetched.error());
        }
        if (Result<> taken = take(*fetched); !taken) co_return failed(taken.error());
    }
    co_return Result<>{};
}

Task<> ConsumeWorker::stop() {
    co_await consumer_.stop();
}

Error ConsumeWorker::failed(Error error) {
    ++figures_.errors[std::string(name(error.code))];
    return error;
}

Result<> ConsumeWorker::take(const client::Fetched& fetched) {
    Result<> counted = count(fetched);
    figures_.end = shard_.now();
    if (!counted) return counted;
    positions_[fetched.partition] = fetched.next;
    const auto last = ends_.find(fetched.partition);
    if (!options_.follows && last != ends_.end() && fetched.next >= last->second)
        end_partition(fetched.partition);
    return {};
}

Result<> ConsumeWorker::count(const client::Fetched& fetched) {
    for (BytesView rest = fetched.batches; !rest.empty();) {
        const Result<std::optional<record::BatchBytes>> bytes = record::first_batch(rest);
        if (!bytes) return bytes.error();
        if (!*bytes) return {};
        rest = rest.subspan((*bytes)->bytes.size());
        const Result<record::BatchView> batch = record::BatchView::of((*bytes)->bytes);
        if (!batch) return batch.error();
        if (batch->is_control()) continue;
        if (Result<> ok = count_batch(fetched, *batch); !ok) return ok;
    }
    return {};
}

/// How many of the batch's records count.
Result<std::uint64_t> ConsumeWorker::read_records(const client::Fetched& fetched,
                                                  const record::BatchView& batch) {
    client::Fetched one = fetched;
    one.batches = batch.bytes();
    std::uint64_t records = 0;
    const MonoTime now = shard_.now();
    const Result<> read = client::for_each_record(
        one, kUnpackedBytesMax, unpacker_, scratch_, [&](const record::RecordView& record) {
            if (alongside_.run) {
                const std::optional<MonoTime> time =
                    record.value ? stamp_of(*record.value, *alongside_.run) : std::nullopt;
                if (!time) return true;
                figures_.latency.record((now - *time).count());
            }
            ++records;
            if (record.value) figures_.value_bytes += record.value->size();
            return true;
        });
    if (!read) return read.error();
    return records;
}

Result<> ConsumeWorker::count_batch(const client::Fetched& fetched,
                                    const record::BatchView& batch) {
    auto records = static_cast<std::uint64_t>(std::max(batch.count(), 0));
    // Where reading begins within a batch, those before are not counted.
    if (options_.verifies || alongside_.run || batch.base_offset() < fetched.position) {
        const Result<std::uint64_t> read = read_records(fetched, batch);
        if (!read) return read.error();
        records = *read;
    }
    if (options_.has_latency) {
        const std::int64_t age_ms = shard_.clock().wall().ms - batch.max_timestamp().ms;
        figures_.latency.record(Duration(std::chrono::milliseconds(age_ms)).count(), records);
    }
    figures_.done += records;
    figures_.batch_bytes += batch.bytes().size();
    ++figures_.batches;
    return {};
}

}  // namespace moldau::load
