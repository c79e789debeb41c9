// A consumer that loads brokers: fetches from assigned partitions and counts what comes.
#pragma once

#include "options.hpp"
#include "worker.hpp"

#include "moldau/client/consumer.hpp"

#include <map>
#include <memory>
#include <optional>

namespace moldau::load {

class ConsumeWorker final : public Worker {
public:
    ConsumeWorker(client::Cluster& cluster, ConsumeOptions options);

    runtime::Task<Result<>> prepare() override;
    runtime::Task<Result<>> run(MonoTime start) override;
    runtime::Task<> stop() override;

private:
    Result<> count(const client::Fetched& fetched);
    Result<> count_batch(const client::Fetched& fetched, const record::BatchView& batch);
    bool is_done() const;

    client::Cluster& cluster_;
    runtime::Shard& shard_;
    ConsumeOptions options_;
    client::Consumer consumer_;
    std::map<std::int32_t, Offset> starts_;
    std::map<std::int32_t, Offset> ends_;  // of what is to be read, unless it follows
    record::Unpacker unpacker_;
    record::GrowingBuffer scratch_;
};

}  // namespace moldau::load
