// A producer that loads brokers: batches that are made at once, several requests in flight, no
// retries: what fails is counted.
#pragma once

#include "batch_maker.hpp"
#include "options.hpp"
#include "pacer.hpp"
#include "worker.hpp"

#include "moldau/client/cluster.hpp"
#include "moldau/protocol/messages/produce.hpp"
#include "moldau/runtime/task_group.hpp"
#include "moldau/runtime/wait.hpp"

#include <cstdint>
#include <deque>
#include <map>
#include <memory>
#include <optional>
#include <vector>

namespace moldau::load {

class ProduceWorker final : public Worker {
public:
    /// `share`: which of all producers it is.
    ProduceWorker(client::Cluster& cluster, ProduceOptions options, Share share);

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
        Lane* lane = nullptr;
        std::int32_t partition = 0;
    };

    runtime::Task<Result<>> open_lanes();
    Next next_batch(MonoTime now) const;
    bool is_over(MonoTime now) const;
    std::uint64_t due(MonoTime now) const;
    Target free_target();
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
    BatchMaker maker_;
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
