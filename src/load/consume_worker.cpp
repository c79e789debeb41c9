#include "consume_worker.hpp"

#include <fmt/format.h>

namespace moldau::load {

using runtime::Task;
using Offsets = std::map<std::int32_t, Offset>;

namespace {

constexpr std::size_t kUnpackedBytesMax = 1U << 30U;  // of one batch

client::ConsumerOptions fetches_of(const ConsumeOptions& options) {
    return {.wait_max = options.wait_max,
            .fetch_bytes_min = options.fetch_bytes_min,
            .fetch_bytes = options.fetch_bytes,
            .partition_bytes = options.partition_bytes};
}

}  // namespace

ConsumeWorker::ConsumeWorker(client::Cluster& cluster, ConsumeOptions options)
    : cluster_(cluster),
      shard_(cluster.shard()),
      options_(std::move(options)),
      consumer_(cluster, options_.topic, fetches_of(options_)) {}

Task<Result<>> ConsumeWorker::prepare() {
    std::vector<std::int32_t> partitions = options_.partitions;
    if (partitions.empty()) {
        const Result<client::TopicPtr> topic =
            co_await cluster_.topic(options_.topic, cluster_.request_deadline());
        if (!topic) co_return topic.error();
        for (const client::Partition& each : (*topic)->partitions) partitions.push_back(each.index);
    }
    Result<Offsets> ends =
        co_await client::list_offsets(cluster_, options_.topic, partitions, client::kLatest);
    if (!ends) co_return ends.error();
    ends_ = std::move(*ends);
    if (options_.from_end) {
        starts_ = ends_;
        co_return Result<>{};
    }
    Result<Offsets> starts =
        co_await client::list_offsets(cluster_, options_.topic, partitions, client::kEarliest);
    if (!starts) co_return starts.error();
    starts_ = std::move(*starts);
    co_return Result<>{};
}

bool ConsumeWorker::is_done() const {
    if (options_.records && figures_.records >= *options_.records) return true;
    return !options_.follows && ends_.empty();
}

Task<Result<>> ConsumeWorker::run(MonoTime start) {
    figures_.end = start;
    (void)co_await runtime::sleep_until(shard_, start);
    for (const auto& [partition, from] : starts_) {
        if (options_.follows || from < ends_.at(partition)) {
            consumer_.assign(partition, from);
        } else {
            ends_.erase(partition);
        }
    }
    const MonoTime end = options_.duration ? start + *options_.duration : runtime::kForever;
    while (!is_done() && shard_.now() < end) {
        const Result<client::Fetched> fetched = co_await consumer_.next(end);
        if (!fetched) {
            if (fetched.error().code == ErrorCode::request_timed_out && shard_.now() >= end) break;
            ++figures_.errors[std::string(name(fetched.error().code))];
            co_return fetched.error();
        }
        Result<> counted = count(*fetched);
        figures_.end = shard_.now();
        if (!counted) {
            ++figures_.errors[std::string(name(counted.error().code))];
            co_return counted;
        }
        const auto last = ends_.find(fetched->partition);
        if (!options_.follows && last != ends_.end() && fetched->next >= last->second) {
            consumer_.unassign(fetched->partition);
            ends_.erase(last);
        }
    }
    co_return Result<>{};
}

Task<> ConsumeWorker::stop() {
    co_await consumer_.stop();
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

Result<> ConsumeWorker::count_batch(const client::Fetched& fetched,
                                    const record::BatchView& batch) {
    std::uint64_t records = 0;
    // Where reading begins within a batch, those before are not counted.
    if (options_.verifies || batch.base_offset() < fetched.position) {
        client::Fetched one = fetched;
        one.batches = batch.bytes();
        const Result<> read = client::for_each_record(
            one, kUnpackedBytesMax, unpacker_, scratch_, [&](const record::RecordView& record) {
                ++records;
                if (record.value) figures_.value_bytes += record.value->size();
                return true;
            });
        if (!read) return read;
    } else {
        records = static_cast<std::uint64_t>(std::max(batch.count(), 0));
    }
    if (options_.has_latency) {
        const std::int64_t age_ms = shard_.clock().wall().ms - batch.max_timestamp().ms;
        figures_.latency.record(Duration(std::chrono::milliseconds(age_ms)).count(), records);
    }
    figures_.records += records;
    figures_.batch_bytes += batch.bytes().size();
    ++figures_.batches;
    return {};
}

}  // namespace moldau::load
