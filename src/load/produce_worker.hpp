// A producer that loads brokers: batches that are made at once, several requests in flight, no
// retries: what fails is counted.
#pragma once

#include "batch_maker.hpp"
#include "fresh_batches.hpp"
#include "options.hpp"
#include "pacer.hpp"
#include "worker.hpp"

#include "moldau/client/cluster.hpp"
#include "moldau/protocol/messages/produce.hpp"
#include "moldau/runtime/task_group.hpp"
#include "moldau/runtime/wait.hpp"

#include <array>
#include <cstdint>
#include <deque>
#include <map>
#include <memory>
#include <optional>
#include <vector>

namespace moldau::load {

/// What producers have in common besides their options.
struct Shared {
    std::shared_ptr<const KeySpace> keys;  // where the options have keys
    std::optional<std::uint64_t> run;      // values begin with a stamp of this run
};

class ProduceWorker final : public Worker {
public:
    /// `share`: which of all producers it is.
    ProduceWorker(client::Cluster& cluster, ProduceOptions options, Share share,
                  Shared shared = {});

    runtime::Task<Result<>> prepare() override;
    runtime::Task<Result<>> run(MonoTime start) override;
    runtime::Task<> stop() override;

private:
    using Reply = client::Reply<protocol::ProduceResponse>;
    struct Sent {
        std::optional<runtime::Task<Result<Reply>>> answer;  // nothing: acks=0
        std::uint64_t first_record = 0;
        std::int32_t count = 0;
        std::size_t bytes = 0;
        std::size_t value_bytes = 0;
        MonoTime at;
        MonoTime deadline;
    };
    /// What goes to one broker.
    struct Lane {
        explicit Lane(runtime::Shard& shard) : sent(shard) {}
        client::ConnectionPtr connection;
        std::int16_t version = 0;
        protocol::ProduceRequest request;  // used again for each batch
        std::deque<Sent> in_flight;
        runtime::Signal sent;
    };
    struct Next {
        std::int32_t count = 0;  // 0: nothing is to be sent before `at`
        MonoTime at = runtime::kForever;
    };
    struct Target {
        Lane* lane = nullptr;  // null: none is free now
        std::int32_t partition = 0;
    };
    struct Made {
        std::array<Bytes, 2> pieces;  // of the batch; the second may be empty
        std::int32_t count = 0;
        std::size_t value_bytes = 0;
        std::size_t bytes() const { return pieces[0].size() + pieces[1].size(); }
    };

    runtime::Task<Result<>> open_lanes();
    Next next_batch(MonoTime now) const;
    bool is_over(MonoTime now) const;
    std::uint64_t due(MonoTime now) const;
    Target free_target();
    Target drawn_target();
    Made make_batch(const Target& target, std::int32_t count, MonoTime now);
    runtime::Task<Result<>> send_until_trouble();
    void send(Target target, std::int32_t count, MonoTime now);
    runtime::Task<Result<>> drain();
    runtime::Task<Result<>> recover();
    static runtime::Task<> receive_always(ProduceWorker& self, Lane& lane);
    void settle(const Sent& sent, const Result<>& outcome);
    void add_latencies(Histogram& to, const Sent& sent, MonoTime now) const;

    client::Cluster& cluster_;
    runtime::Shard& shard_;
    ProduceOptions options_;
    Share share_;
    Shared shared_;
    // One of the two: records that are the same in each batch, or made for each.
    std::optional<BatchMaker> same_;
    std::optional<FreshBatches> fresh_;
    std::int32_t records_per_batch_ = 0;
    Draws draws_;                        // of partitions
    std::optional<std::int32_t> drawn_;  // waits for its broker
    std::vector<MonoTime> times_;        // of a batch's records
    runtime::TaskGroup tasks_;
    runtime::Signal progress_;
    std::map<BrokerId, std::unique_ptr<Lane>> lanes_;
    std::vector<Lane*> lane_of_;  // by partition
    std::vector<std::int32_t> next_sequence_;
    client::ProducerIdentity identity_;
    std::size_t turn_ = 0;  // the partition of the next batch
    MonoTime start_;
    std::optional<MonoTime> end_;
    std::optional<Pacer> pacer_;
    std::uint64_t quota_ = 0;  // records to be sent at most
    std::uint64_t taken_ = 0;  // records that have been put in batches
    std::optional<Error> trouble_;
};

}  // namespace moldau::load
