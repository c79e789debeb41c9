// A consumer that loads brokers: fetches from assigned partitions and counts what comes.
#pragma once

#include "options.hpp"
#include "pacer.hpp"
#include "worker.hpp"

#include "moldau/client/consumer.hpp"

#include <atomic>
#include <map>
#include <memory>
#include <optional>
#include <vector>

namespace moldau::load {

/// Where producers of the same process write meanwhile.
struct Alongside {
    std::shared_ptr<const std::atomic<std::size_t>> producers_left;  // null: there are none
    std::optional<std::uint64_t> run;  // only records of this run count, and are timed
};

class ConsumeWorker final : public Worker {
public:
    /// `share`: which of all consumers it is, where they share the partitions. With producers
    /// alongside it reads until these have ended and all that they wrote has come.
    ConsumeWorker(client::Cluster& cluster, ConsumeOptions options, Share share = {},
                  Alongside alongside = {});

    runtime::Task<Result<>> prepare() override;
    runtime::Task<Result<>> run(MonoTime start) override;
    runtime::Task<> stop() override;

private:
    runtime::Task<Result<std::vector<std::int32_t>>> partitions();
    runtime::Task<Result<>> find_ends();
    void assign_all();
    void end_partition(std::int32_t partition);
    Result<> take(const client::Fetched& fetched);
    Result<> count(const client::Fetched& fetched);
    Result<> count_batch(const client::Fetched& fetched, const record::BatchView& batch);
    Result<std::uint64_t> read_records(const client::Fetched& fetched,
                                       const record::BatchView& batch);
    bool is_done() const;
    Error failed(Error error);

    client::Cluster& cluster_;
    runtime::Shard& shard_;
    ConsumeOptions options_;
    Share share_;
    Alongside alongside_;
    client::Consumer consumer_;
    std::map<std::int32_t, Offset> positions_;  // where the next record is to be read
    std::map<std::int32_t, Offset> ends_;       // of what is to be read, unless it follows
    MonoTime patience_ = runtime::kForever;     // until when the last of the producers' must come
    record::Unpacker unpacker_;
    record::GrowingBuffer scratch_;
};

}  // namespace moldau::load
