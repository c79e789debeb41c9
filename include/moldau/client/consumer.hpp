// Reads partitions that it is told to read: one fetch to each leader at a time, the next one under
// way while the last is looked at.
#pragma once

#include "moldau/client/cluster.hpp"
#include "moldau/record/batch.hpp"
#include "moldau/record/compression.hpp"
#include "moldau/record/growing_buffer.hpp"
#include "moldau/record/record.hpp"
#include "moldau/runtime/task_group.hpp"
#include "moldau/runtime/wait.hpp"

#include <cstdint>
#include <deque>
#include <functional>
#include <map>
#include <set>
#include <string>
#include <vector>

namespace moldau::protocol {
struct FetchRequest;
struct FetchResponse;
}  // namespace moldau::protocol

namespace moldau::client {

/// What ListOffsets understands besides a time in milliseconds.
inline constexpr std::int64_t kEarliest = -2;
inline constexpr std::int64_t kLatest = -1;

/// The offset of the first record whose timestamp is not before `timestamp` (or kEarliest,
/// kLatest), for each partition in `partitions`; -1 where there is no such record. Errors:
/// unknown_topic_or_partition · what a leader says · those of Cluster::broker()
runtime::Task<Result<std::map<std::int32_t, Offset>>> list_offsets(
    Cluster& cluster, std::string topic, std::vector<std::int32_t> partitions,
    std::int64_t timestamp);

/// As list_offsets(), each partition by itself: an offset or one of the errors.
runtime::Task<std::map<std::int32_t, Result<Offset>>> list_each_offset(
    Cluster& cluster, std::string topic, std::vector<std::int32_t> partitions,
    std::int64_t timestamp);

struct ConsumerOptions {
    Duration wait_max = std::chrono::milliseconds(500);  // of a fetch that finds nothing
    std::int32_t fetch_bytes_min = 1;
    std::int32_t fetch_bytes = 8 << 20;
    std::int32_t partition_bytes = 1 << 20;
};

/// Batches of one partition, as they came.
struct Fetched {
    std::int32_t partition = 0;
    Offset position;  // records below it were asked for before: to be skipped
    Offset high_watermark;
    Offset next;        // behind the last record, where the next fetch goes on
    BytesView batches;  // whole ones
    Bytes frame;        // what they look at
};

/// Used on one shard, for one topic. Control batches and offsets that compaction has removed are
/// passed over; records of transactions are shown whatever became of those (read_uncommitted).
class Consumer {
public:
    Consumer(Cluster& cluster, std::string topic, ConsumerOptions options);
    Consumer(const Consumer&) = delete;
    Consumer& operator=(const Consumer&) = delete;

    void assign(std::int32_t partition, Offset from) { positions_[partition] = from; }
    /// Nothing more of this partition is fetched; what is under way may still come.
    void unassign(std::int32_t partition) { positions_.erase(partition); }

    /// The next batches. What is retriable is tried again after a pause, for ever.
    /// Errors: offset_out_of_range and what else a leader says · request_timed_out (nothing came
    /// until `deadline`) · broker_not_available (cancelled)
    runtime::Task<Result<Fetched>> next(MonoTime deadline = runtime::kForever);

    /// Ends what is under way.
    runtime::Task<> stop();

private:
    void fetch_where_idle();
    runtime::Task<> fetch_from(BrokerId leader, TopicPtr topic,
                               std::vector<std::int32_t> partitions);
    runtime::Task<Result<>> fetch_once(BrokerId leader, TopicPtr topic,
                                       std::vector<std::int32_t> partitions);
    runtime::Task<> find_leaders();
    Result<> take(const Reply<protocol::FetchResponse>& reply);
    Result<> take_records(std::int32_t partition, Offset high_watermark, BytesView records,
                          const Bytes& frame);
    void fail(Error error);

    Cluster& cluster_;
    runtime::Shard& shard_;
    std::string topic_name_;
    ConsumerOptions options_;
    runtime::TaskGroup tasks_;
    runtime::Signal arrived_;
    TopicPtr topic_;  // null: leaders are to be found
    bool is_finding_ = false;
    std::map<std::int32_t, Offset> positions_;
    std::set<BrokerId> busy_;
    std::size_t turns_ = 0;
    std::deque<Fetched> fetched_;
    std::optional<Error> failure_;
};

/// Calls `visit(record)` for each record of `fetched` from its position on; `visit` returns false
/// to end early. Errors: corrupt_message, invalid_record, … of the batches
Result<> for_each_record(const Fetched& fetched, std::size_t unpacked_bytes_max,
                         record::Unpacker& unpacker, record::GrowingBuffer& scratch,
                         const std::function<bool(const record::RecordView&)>& visit);

}  // namespace moldau::client
