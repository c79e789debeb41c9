// Writes records to one topic: batches for each partition, several requests in flight, what is
// retriable is sent again in order.
#pragma once

#include "moldau/client/cluster.hpp"
#include "moldau/record/builder.hpp"
#include "moldau/runtime/task_group.hpp"
#include "moldau/runtime/wait.hpp"

#include <cstdint>
#include <deque>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

namespace moldau::protocol {
struct ProduceResponse;
}

namespace moldau::client {

enum class Acks : std::int16_t { none = 0, leader = 1, all = -1 };

struct ProducerIdentity {
    ProducerId id{record::kNoProducerId};
    ProducerEpoch epoch{record::kNoProducerEpoch};
};

/// A new producer id, for an idempotent producer; kNoProducerId from a broker that gives none.
/// Errors: what the broker says · those of Cluster::any()
runtime::Task<Result<ProducerIdentity>> new_producer_id(Cluster& cluster);

/// What became of one batch.
struct Delivery {
    std::int32_t partition = 0;
    Result<Offset> base_offset;          // -1: not told (acks=0, or a repeated batch)
    std::span<const std::int64_t> tags;  // of its records, as they were given to add()
};

struct ProducerOptions {
    Acks acks = Acks::all;
    bool is_idempotent = true;  // with acks=all, where the broker has InitProducerId
    record::Packing packing;
    std::size_t batch_bytes = 64U << 10U;  // before packing; a larger record is a batch of its own
    Duration linger{0};
    std::size_t request_bytes = 1U << 20U;    // a request holds more only when one batch does
    std::size_t buffered_bytes = 64U << 20U;  // records not yet delivered
    std::size_t requests_in_flight = 5;       // to one broker; idempotence allows 5
    Duration delivery_timeout = std::chrono::seconds(120);
    std::function<void(const Delivery&)> delivered;  // may be empty
};

/// Used on one shard. The first batch that is refused for good ends it: what was in flight is still
/// reported, everything else fails with the same error, so that no record overtakes a lost one.
class Producer {
public:
    Producer(Cluster& cluster, std::string topic, ProducerOptions options);
    Producer(const Producer&) = delete;
    Producer& operator=(const Producer&) = delete;
    ~Producer();  // after stop()

    /// Before anything else. Errors: those of Cluster::topic() and of InitProducerId
    runtime::Task<Result<>> start();

    /// Copies a record into its partition's batch. Without a partition the key decides as in Java's
    /// client (murmur2); without a key one partition is filled after another.
    /// Errors: what ended the producer · unknown_topic_or_partition (no such partition) ·
    /// message_too_large
    Result<> add(const record::NewRecord& record, std::optional<std::int32_t> partition = {},
                 std::int64_t tag = 0);

    /// Whether less than `buffered_bytes` wait for delivery.
    bool has_room() const { return buffered_ < options_.buffered_bytes; }
    /// Until there is room. Errors: what ended the producer · broker_not_available (cancelled)
    runtime::Task<Result<>> room();

    /// Sends what has been added, and waits until all is delivered or refused.
    /// Errors: what ended the producer · broker_not_available (cancelled)
    runtime::Task<Result<>> flush();

    /// Ends what is in flight; undelivered records are not reported.
    runtime::Task<> stop();

    bool is_idempotent() const { return identity_.id.value >= 0; }
    std::int32_t partitions() const { return static_cast<std::int32_t>(queues_.size()); }

private:
    struct Batch {
        std::int32_t partition = 0;
        std::int64_t ordinal = 0;  // in its partition
        Bytes bytes;
        std::size_t plain_bytes = 0;
        std::vector<std::int64_t> tags;
        MonoTime expires;
    };
    struct Queue {
        record::BatchBuilder building;
        std::vector<std::int64_t> tags;  // of what is building
        MonoTime begun;                  // when the first record of that came
        std::int64_t next_ordinal = 0;
        std::int32_t next_sequence = 0;
        std::deque<Batch> ready;
        std::vector<Batch> failed;  // to be sent again once nothing is in flight
        std::size_t in_flight = 0;
        MonoTime not_before{};
        bool is_building() const { return !tags.empty(); }
    };
    using Request = std::vector<Batch>;

    std::int32_t choose_partition(const record::NewRecord& record);
    void close_batch(std::int32_t partition);
    void close_lingering();
    MonoTime next_due() const;
    bool is_sendable(const Queue& queue, MonoTime now) const;
    Request take_request(BrokerId leader, const Topic& topic);

    runtime::Task<> send_always();
    runtime::Task<> send_ready();
    runtime::Task<bool> send_to(BrokerId leader, TopicPtr topic);
    using Reply = client::Reply<protocol::ProduceResponse>;
    runtime::Task<> receive(BrokerId leader, Request request, runtime::Task<Result<Reply>> answer);
    void settle_all(Request request, const Result<Reply>& reply);
    void settle(Batch batch, Result<Offset> outcome);
    void try_again_after(Queue& queue);
    void deliver(const Batch& batch, Result<Offset> outcome);
    void end(Error error);

    Cluster& cluster_;
    runtime::Shard& shard_;
    std::string topic_;
    ProducerOptions options_;
    runtime::TaskGroup tasks_;
    runtime::Signal work_;
    runtime::Signal progress_;
    std::vector<Queue> queues_;
    std::map<BrokerId, std::size_t> in_flight_;  // requests
    record::Packer packer_;
    ProducerIdentity identity_;
    std::int32_t sticky_ = 0;
    std::size_t buffered_ = 0;
    std::size_t undelivered_ = 0;  // batches, those that are building included
    bool flushing_ = false;
    std::optional<Error> failure_;
};

}  // namespace moldau::client
