// One partition on the shard that owns it: its log, the batches on their way into it, and who waits
// for what comes.
#pragma once

#include "shard_counters.hpp"
#include "topic_configs.hpp"

#include "moldau/base/bytes.hpp"
#include "moldau/base/ids.hpp"
#include "moldau/base/uuid.hpp"
#include "moldau/log/log.hpp"
#include "moldau/metadata/cluster_image.hpp"
#include "moldau/record/append_validator.hpp"
#include "moldau/runtime/list.hpp"
#include "moldau/runtime/shard.hpp"

#include <algorithm>
#include <cstdint>
#include <deque>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace moldau::broker {

struct TopicPartition {
    Uuid topic;
    std::int32_t partition = 0;
    friend auto operator<=>(const TopicPartition&, const TopicPartition&) = default;
};

/// What a producer is told of its batch.
struct AppendOutcome {
    ErrorCode error = ErrorCode::none;
    std::string message;  // empty: none
    Offset base_offset{-1};
    Timestamp log_append_time;
    Offset log_start{-1};
    std::vector<record::RecordError> record_errors;
};
/// Called once, on the partition's shard, possibly from inside append().
using AppendDone = std::move_only_function<void(AppendOutcome)>;

enum class Isolation : std::uint8_t { read_uncommitted, read_committed };

/// A fetch that waits for bytes on one shard: it hangs in the lists of its partitions there. When
/// they have grown by `wanted` bytes together, or one of them changed in another way, it is woken,
/// once.
class FetchWaiter {
public:
    FetchWaiter(std::uint64_t wanted, Isolation isolation, std::function<void()> wake)
        : wanted_(wanted), isolation_(isolation), wake_(std::move(wake)) {}
    FetchWaiter(const FetchWaiter&) = delete;
    FetchWaiter& operator=(const FetchWaiter&) = delete;

    Isolation isolation() const { return isolation_; }
    void grown(std::uint64_t bytes) {
        grown_ += bytes;
        if (grown_ >= wanted_) wake();
    }
    void wake() {
        if (std::function<void()> wake = std::exchange(wake_, nullptr)) wake();
    }

private:
    friend class Partition;
    struct Place : runtime::ListLink {
        explicit Place(FetchWaiter& waiting) : waiter(waiting) {}
        FetchWaiter& waiter;
    };
    std::uint64_t wanted_;
    std::uint64_t grown_ = 0;
    Isolation isolation_;
    std::function<void()> wake_;
    std::deque<Place> places_;
};

class Partition {
public:
    /// Asks the owner for a call of write() at the end of this turn of the shard.
    using WriteSoon = std::function<void(Partition&)>;

    Partition(runtime::Shard& shard, TopicPartition id, std::string topic_name,
              std::unique_ptr<log::Log> log, const TopicConfigs& configs, WriteSoon write_soon);
    Partition(const Partition&) = delete;
    Partition& operator=(const Partition&) = delete;
    ~Partition();

    TopicPartition id() const { return id_; }
    const std::string& topic_name() const { return topic_name_; }
    log::Log& log() { return *log_; }
    const log::Log& log() const { return *log_; }

    /// What the metadata say of it now.
    void set_state(const metadata::Partition& state, BrokerId self);
    void set_configs(const TopicConfigs& configs);
    bool is_leader() const { return is_leader_; }
    LeaderEpoch leader_epoch() const { return leader_epoch_; }
    BrokerId leader() const { return leader_; }

    /// Whether a request may be served that believes in `epoch` (-1: any). Errors:
    /// not_leader_or_follower · fenced_leader_epoch · unknown_leader_epoch (KIP-320)
    ErrorCode check_leader(std::int32_t epoch) const;

    /// Validates the batch and puts it behind what is on its way. `owner` keeps `records` alive.
    /// `done` is told when it is in the log, and flushed where flush.messages asks for that.
    void append(record::AppendValidator& validator, const Bytes& owner, BytesView records,
                bool all_replicas, AppendDone done) {
        append(validator, configs_.append, log::BatchOrigin::client, {owner, records}, all_replicas,
               std::move(done));
    }
    /// As append(), for a batch of a coordinator of this node: all replicas.
    void append_state(record::AppendValidator& validator, const Bytes& batch, AppendDone done);
    /// Writes what append() took, in one call; what came into the log by it.
    AppendedBatches write();

    Offset high_watermark() const { return high_watermark_; }
    Offset last_stable_offset() const { return log_->last_stable_offset(high_watermark_); }
    /// Below it a reader of that isolation may read.
    Offset readable_end(Isolation isolation) const {
        return isolation == Isolation::read_committed ? last_stable_offset() : high_watermark_;
    }

    /// The log is to start there when a checkpoint says so, durably: who was told a log start is
    /// never told a lower one.
    void promise_log_start(Offset at) { promised_log_start_ = std::max(promised_log_start_, at); }
    Offset log_start_to_keep() const {
        return std::max(promised_log_start_, log_->log_start_offset());
    }

    void add_waiter(FetchWaiter& waiter);
    /// Ends every wait: the partition changed, or goes.
    void wake_waiters();
    /// Fails what is on its way.
    void refuse_pending(ErrorCode error, const std::string& why);

    /// While it holds, who waits for a flush goes on waiting. Held before the log is exchanged:
    /// what the old one had flushed the new one has to have flushed before anybody hears of it.
    void hold_flushes(bool held);
    /// Puts a log with the same records in the place of this one, which comes back. Nothing is on
    /// its way into the log, flushes are held, and none runs.
    std::unique_ptr<log::Log> exchange_log(std::unique_ptr<log::Log> log);

    /// flush.ms: flushes what is older. When it is due; kForever: nothing is.
    MonoTime next_flush() const;
    void flush_if_due(MonoTime now);

private:
    struct Pending {
        record::ValidatedBatch batch;
        Bytes owner;
        AppendDone done;
        AppendOutcome outcome;
        bool is_staged = false;  // else a duplicate of what is in the log already
        Offset end;
        std::uint64_t bytes = 0;
    };

    struct Received {
        const Bytes& owner;
        BytesView records;
    };
    void append(record::AppendValidator& validator, const record::AppendRules& rules,
                log::BatchOrigin origin, Received received, bool all_replicas, AppendDone done);
    void finish(Pending& pending);
    bool must_flush() const;
    void start_flush();
    void flushed(Offset to, const DiskResult<>& result);
    void raise_high_watermark(Offset to);

    runtime::Shard& shard_;
    TopicPartition id_;
    std::string topic_name_;
    std::unique_ptr<log::Log> log_;
    TopicConfigs configs_;
    WriteSoon write_soon_;

    bool is_queued_ = false;  // write() was asked for
    bool is_leader_ = false;
    BrokerId leader_{-1};
    LeaderEpoch leader_epoch_{-1};
    std::size_t isr_size_ = 0;
    std::size_t replica_count_ = 0;
    Offset high_watermark_;
    Offset promised_log_start_;
    Offset told_stable_;  // what waiters of read_committed have seen
    std::uint64_t unannounced_bytes_ = 0;

    std::deque<Pending> pending_;    // taken, not written
    std::deque<Pending> unflushed_;  // written, to be flushed before they are answered
    std::vector<record::RecordError> record_errors_;
    bool flushing_ = false;
    bool flushes_held_ = false;
    MonoTime unflushed_since_;
    runtime::ListLink waiters_;
};

}  // namespace moldau::broker
