// A client that creates topics, one request at a time, and deletes them when it stops.
#pragma once

#include "options.hpp"
#include "pacer.hpp"
#include "worker.hpp"

#include "moldau/client/cluster.hpp"

#include <string>
#include <vector>

namespace moldau::load {

class TopicsWorker final : public Worker {
public:
    /// Its topics are `prefix`-N. `share`: which of all clients it is.
    TopicsWorker(client::Cluster& cluster, TopicsOptions options, std::string prefix, Share share);

    runtime::Task<Result<>> prepare() override;
    runtime::Task<Result<>> run(MonoTime start) override;
    runtime::Task<> stop() override;

private:
    runtime::Task<Result<>> create(std::vector<std::string> names);
    runtime::Task<> remove(std::vector<std::string> names);

    client::Cluster& cluster_;
    runtime::Shard& shard_;
    TopicsOptions options_;
    std::string prefix_;
    Share share_;
    std::vector<std::string> created_;
};

}  // namespace moldau::load
