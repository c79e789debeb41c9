// The echo services of the simulator, by the same code, on real threads, sockets and files.
#include "echo/echo_client.hpp"
#include "echo/echo_node.hpp"
#include "support/lone_shard.hpp"
#include "support/temporary_directory.hpp"

#include "moldau/io/system_clock.hpp"
#include "moldau/io/system_disk.hpp"
#include "moldau/io/system_random.hpp"
#include "moldau/net/asio_transport.hpp"
#include "moldau/runtime/shards.hpp"

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <condition_variable>
#include <map>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

namespace moldau::sim {
namespace {

constexpr std::size_t kNodes = 3;
constexpr std::uint64_t kClients = 4;
constexpr std::uint64_t kMessages = 60;

/// What all threads tell and ask.
class Board {
public:
    void promised(std::uint64_t client, std::uint64_t sequence) {
        const std::lock_guard lock(mutex_);
        promised_[client] = std::max(promised_[client], sequence);
        changed_.notify_all();
    }
    void echoed() {
        const std::lock_guard lock(mutex_);
        ++echoes_;
        changed_.notify_all();
    }
    void violated(std::string text) {
        const std::lock_guard lock(mutex_);
        violations_.push_back(std::move(text));
    }
    void recovered(std::size_t node, const std::map<std::uint64_t, std::uint64_t>& last) {
        const std::lock_guard lock(mutex_);
        ++recoveries_;
        for (const auto& [client, sequence] : promised_) {
            if (client % kNodes != node && (client + 1) % kNodes != node) continue;
            const auto found = last.find(client);
            if (found == last.end() || found->second < sequence)
                violations_.push_back(fmt::format("node {} lost client {}", node, client));
        }
        changed_.notify_all();
    }
    void listening(std::size_t node, std::optional<Endpoint> at) {
        const std::lock_guard lock(mutex_);
        endpoints_[node] = std::move(at);
    }
    std::optional<Endpoint> endpoint_of(std::size_t node) {
        const std::lock_guard lock(mutex_);
        return endpoints_[node];
    }
    template <class Condition>
    void until(Condition condition) {
        std::unique_lock lock(mutex_);
        changed_.wait(lock, [&] { return condition(echoes_, recoveries_); });
    }
    std::vector<std::string> violations() {
        const std::lock_guard lock(mutex_);
        return violations_;
    }

private:
    std::mutex mutex_;
    std::condition_variable changed_;
    std::map<std::uint64_t, std::uint64_t> promised_;
    std::uint64_t echoes_ = 0;
    std::uint64_t recoveries_ = 0;
    std::array<std::optional<Endpoint>, kNodes> endpoints_;
    std::vector<std::string> violations_;
};

std::unique_ptr<Random> make_random(std::size_t) {
    return std::make_unique<io::SystemRandom>();
}

/// Shards with real ports; stopping it is the end of a process.
class RealProcess {
public:
    explicit RealProcess(std::size_t shards)
        : pool_({.name = "disk", .threads = 2}),
          shards_({.count = shards}, clock_, make_random, sink_) {
        for (std::size_t i = 0; i < shards; ++i) {
            transports_.push_back(net::make_asio_transport(shards_[i]));
            disks_.push_back(io::make_system_disk(shards_[i], pool_));
            sites_.push_back({&shards_[i], transports_[i].get(), disks_[i].get()});
        }
    }
    ~RealProcess() { stop(); }
    RealProcess(const RealProcess&) = delete;
    RealProcess& operator=(const RealProcess&) = delete;

    void stop() {
        shards_.stop();
        pool_.stop();
        node_.reset();
    }
    void run(runtime::Job job) { ASSERT_TRUE(shards_.run_on(0, std::move(job))); }
    void start_node(EchoNode::Options options, EchoWatch watch) {
        run([&] {
            node_ = std::make_unique<EchoNode>(sites_, std::move(options), std::move(watch));
        });
    }
    EchoSite site() { return sites_[0]; }

private:
    io::SystemClock clock_;
    support::LinesSink sink_;
    runtime::WorkerPool pool_;
    runtime::Shards shards_;
    std::vector<std::unique_ptr<Transport>> transports_;
    std::vector<std::unique_ptr<Disk>> disks_;
    std::vector<EchoSite> sites_;
    std::unique_ptr<EchoNode> node_;
};

class RealCluster {
public:
    ~RealCluster() {
        clients_.stop();
        for (auto& node : nodes_) node.reset();
    }
    void start(std::size_t node) {
        nodes_[node] = std::make_unique<RealProcess>(2);
        nodes_[node]->start_node(
            {.directory = fmt::format("{}/node-{}/echo", directory_.path(), node),
             .listen = {"127.0.0.1", 0},
             .peer = [this, node] { return peer_of(node); }},
            {.promised = [this](auto client, auto sequence) { board.promised(client, sequence); },
             .replayed =
                 [this, node](const auto& message) {
                     if (message.payload != echo_payload(message.client, message.sequence))
                         board.violated(fmt::format("node {} found something else", node));
                 },
             .recovered = [this, node](const auto& last) { board.recovered(node, last); },
             .listening = [this, node](Endpoint at) { board.listening(node, std::move(at)); },
             .failed = [this, node] { board.violated(fmt::format("node {} failed", node)); }});
    }
    void start_and_recover(std::size_t node) {
        start(node);
        board.until([wanted = ++starts_](auto, auto recoveries) { return recoveries == wanted; });
    }
    void stop(std::size_t node) { nodes_[node].reset(); }
    void start_clients() {
        clients_.run([this] {
            for (std::uint64_t id = 1; id <= kClients; ++id)
                runtime::spawn(*clients_.site().shard, "client",
                               echo_client(clients_.site(), client_options(id)));
        });
    }
    Board board;

private:
    // A peer that has not said where it listens yet is not reached; the client will come again.
    std::optional<Endpoint> peer_of(std::size_t node) {
        const auto at = board.endpoint_of((node + 1) % kNodes);
        return at ? at : Endpoint{"127.0.0.1", 1};
    }
    EchoClientOptions client_options(std::uint64_t id) {
        return {.id = id,
                .messages = kMessages,
                .in_flight_max = 1 + id * 2,
                .server = [this, id] { return board.endpoint_of(id % kNodes); },
                .echoed = [this](auto, auto) { board.echoed(); },
                .violated = [this](std::string text) { board.violated(std::move(text)); }};
    }

    std::uint64_t starts_ = 0;
    support::TemporaryDirectory directory_;
    RealProcess clients_{1};
    std::array<std::unique_ptr<RealProcess>, kNodes> nodes_;
};

TEST(EchoOnRealAdapters, EchoesAllInOrderWhileNodesStopAndStart) {
    RealCluster cluster;
    for (std::size_t node = 0; node < kNodes; ++node) cluster.start_and_recover(node);
    cluster.start_clients();
    for (std::size_t round = 0; round < 2 * kNodes; ++round) {
        // Stopped in the midst of the work, however fast the machine is.
        cluster.board.until([round](auto echoes, auto) { return echoes >= 10 * (round + 1); });
        cluster.stop(round % kNodes);
        cluster.start_and_recover(round % kNodes);
    }
    cluster.board.until([](auto echoes, auto) { return echoes == kClients * kMessages; });
    for (std::size_t node = 0; node < kNodes; ++node) {
        cluster.stop(node);
        cluster.start_and_recover(node);
    }
    EXPECT_THAT(cluster.board.violations(), testing::IsEmpty());
}

}  // namespace
}  // namespace moldau::sim
