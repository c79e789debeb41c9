// One worker's life in the simulated world.
#pragma once

#include "unit/client/scripted_broker.hpp"
#include "worker.hpp"

#include "moldau/client/cluster.hpp"

#include <memory>
#include <optional>
#include <utility>

namespace moldau::load {

struct Outcome {
    std::optional<Result<>> ended;
    Figures figures;
};

/// Prepares, runs and stops `worker`.
inline runtime::Task<> live(runtime::Shard& shard, Worker& worker, Outcome& outcome) {
    Result<> ended = co_await worker.prepare();
    if (ended) ended = co_await worker.run(shard.now() + std::chrono::milliseconds(1));
    co_await worker.stop();
    outcome.figures = worker.figures();
    outcome.ended = std::move(ended);
}

inline client::ClusterOptions scripted_options() {
    return {.bootstrap = {{"broker-0", client::ScriptedBroker::kPort}}};
}

template <class Make>
runtime::Task<> make_and_live(runtime::Shard& shard, Transport& transport, Make make,
                              Outcome& outcome) {
    client::Cluster cluster(shard, transport, scripted_options());
    const std::unique_ptr<Worker> worker = make(cluster, transport);
    co_await live(shard, *worker, outcome);
    cluster.close();
}

/// How the worker ended that `make(client::Cluster&, Transport&)` gives.
template <class Make>
Outcome life_of(client::ScriptedCluster& cluster, Make make) {
    Outcome outcome;
    cluster.run([&](runtime::Shard& shard, Transport& transport) {
        return make_and_live(shard, transport, make, outcome);
    });
    EXPECT_TRUE(outcome.ended) << "run() has not come to its end";
    return outcome;
}

}  // namespace moldau::load
