// A client that opens connections, one after another, and keeps them.
#pragma once

#include "options.hpp"
#include "pacer.hpp"
#include "worker.hpp"

#include "moldau/client/cluster.hpp"

#include <vector>

namespace moldau::load {

class ConnectWorker final : public Worker {
public:
    /// `share`: which of all clients it is.
    ConnectWorker(client::Cluster& cluster, Transport& transport, ConnectOptions options,
                  Share share);

    runtime::Task<Result<>> prepare() override;
    runtime::Task<Result<>> run(MonoTime start) override;
    runtime::Task<> stop() override;

private:
    client::Cluster& cluster_;
    runtime::Shard& shard_;
    Transport& transport_;
    ConnectOptions options_;
    Share share_;
    std::vector<client::ConnectionPtr> open_;
};

}  // namespace moldau::load
