#include "moldau/sim/echo_cluster.hpp"

#include "echo_client.hpp"
#include "echo_node.hpp"

#include "moldau/sim/world.hpp"

#include <fmt/format.h>

#include <array>
#include <map>
#include <memory>
#include <utility>

namespace moldau::sim {
namespace {

using std::chrono::hours;
using std::chrono::microseconds;
using std::chrono::milliseconds;
using std::chrono::minutes;
using std::chrono::seconds;

constexpr std::size_t kNodes = 3;
constexpr std::size_t kClients = 4;
constexpr std::uint16_t kPort = 7000;
constexpr Duration kHealedMax = minutes(5);

std::vector<EchoSite> sites_of(Process& process) {
    std::vector<EchoSite> sites;
    sites.reserve(process.shards());
    for (std::size_t i = 0; i < process.shards(); ++i)
        sites.push_back({&process.shard(i), &process.transport(i), &process.disk(i)});
    return sites;
}

class Clients final : public Program {
public:
    Clients(Process& process, std::vector<EchoClientOptions> all) {
        for (EchoClientOptions& one : all) {
            const std::string name = fmt::format("client-{}", one.id);
            runtime::spawn(process.shard(0), name,
                           echo_client(sites_of(process)[0], std::move(one)));
        }
    }
};

class EchoCluster {
public:
    explicit EchoCluster(const EchoClusterOptions& options)
        : options_(options),
          random_(options.seed, "echo cluster"),
          world_({.seed = options.seed,
                  .disk = drawn_disk_faults(),
                  .network = drawn_network_faults(),
                  .clock_skew_max = hours(24),
                  .clock_drift_max = 50'000,
                  .sink = options.sink}) {
        for (std::size_t node = 0; node < kNodes; ++node) add_node(node);
        clients_ = world_.add_process("clients", 1, [this](Process& process) {
            return std::make_unique<Clients>(process, client_options());
        });
    }

    EchoClusterOutcome run() {
        for (std::size_t node = 0; node < kNodes; ++node) world_.start(node);
        world_.start(clients_);
        plan_next_fault();
        world_.run_for(options_.fault_time);
        heal();
        const auto over = [this] { return outcome_.echoes == kClients * options_.messages; };
        if (!over()) world_.run_for(kHealedMax, over);
        if (!over())
            violated(fmt::format("only {} of {} echoes after all was healed", outcome_.echoes,
                                 kClients * options_.messages));
        // The last look: everything that was promised survives a loss of power everywhere.
        for (std::size_t node = 0; node < kNodes; ++node) {
            world_.crash(node, CrashKind::power);
            recovered_[node] = false;
            world_.start(node);
        }
        world_.run_for(seconds(5));
        for (std::size_t node = 0; node < kNodes; ++node) {
            if (!recovered_[node]) violated(fmt::format("node {} did not recover", node));
        }
        outcome_.digest = world_.digest();
        outcome_.events = world_.events();
        outcome_.simulated = world_.now() - MonoTime(hours(1));
        return std::move(outcome_);
    }

private:
    // Each kind of fault is there in some seeds and not in others (swarm testing).
    std::uint32_t drawn(std::uint32_t most) {
        return random_.chance(500'000) ? static_cast<std::uint32_t>(random_.below(most)) : 0;
    }
    DiskFaults drawn_disk_faults() {
        return {.latency_min = microseconds(20),
                .latency_max = microseconds(100 + random_.below(20'000)),
                .bytes_max = random_.chance(200'000) ? 150'000 : 1U << 30U,
                .write_error = drawn(2'000),
                .read_error = drawn(2'000),
                .sync_error = drawn(10'000),
                .open_error = drawn(200'000),
                .cold_read = drawn(500'000)};
    }
    NetworkFaults drawn_network_faults() {
        return {.delay_min = microseconds(100),
                .delay_max = microseconds(200 + random_.below(30'000)),
                .piecemeal = drawn(500'000),
                .reset = drawn(10'000),
                .refuse = drawn(200'000)};
    }

    void add_node(std::size_t node) {
        world_.add_process(fmt::format("node-{}", node), 2, [this, node](Process& process) {
            EchoNode::Options options{.directory = "/data/echo",
                                      .listen = {"", kPort},
                                      .peer = [node] { return endpoint_of((node + 1) % kNodes); },
                                      .bug = options_.bug};
            EchoWatch watch{
                .promised = [this](auto client, auto sequence) { promised(client, sequence); },
                .replayed = [this, node](const auto& message) { replayed(node, message); },
                .recovered = [this, node](const auto& last) { recovered(node, last); },
                .listening = [](const Endpoint&) {},
                .failed = [this, node] { reboot(node); },
            };
            return std::make_unique<EchoNode>(sites_of(process), std::move(options),
                                              std::move(watch));
        });
    }
    static std::optional<Endpoint> endpoint_of(std::size_t node) {
        return Endpoint{fmt::format("node-{}", node), kPort};
    }
    static std::size_t home_of(std::uint64_t client) { return client % kNodes; }

    std::vector<EchoClientOptions> client_options() {
        std::vector<EchoClientOptions> all;
        for (std::uint64_t id = 1; id <= kClients; ++id)
            all.push_back(
                {.id = id,
                 .messages = options_.messages,
                 .in_flight_max = 1 + random_.below(8),
                 .pause = random_.between(Duration(0), milliseconds(1000)),
                 .server = [id] { return endpoint_of(home_of(id)); },
                 .echoed = [this](auto client, auto sequence) { echoed(client, sequence); },
                 .violated = [this](std::string text) { violated(std::move(text)); }});
        return all;
    }

    void echoed(std::uint64_t client, std::uint64_t sequence) {
        world_.note("echoed", (client << 32U) + sequence);
        ++outcome_.echoes;
    }
    void promised(std::uint64_t client, std::uint64_t sequence) {
        std::uint64_t& last = promised_[client];
        last = std::max(last, sequence);
    }
    void replayed(std::size_t node, const EchoMessage& message) {
        if (message.payload != echo_payload(message.client, message.sequence))
            violated(fmt::format("node {} has found something else as {} of client {}", node,
                                 message.sequence, message.client));
    }
    void recovered(std::size_t node, const std::map<std::uint64_t, std::uint64_t>& last) {
        recovered_[node] = true;
        for (const auto& [client, sequence] : promised_) {
            if (home_of(client) != node && (home_of(client) + 1) % kNodes != node) continue;
            const auto found = last.find(client);
            const std::uint64_t has = found == last.end() ? 0 : found->second;
            if (has < sequence)
                violated(fmt::format("node {} has lost {} to {} of client {}, which were echoed",
                                     node, has + 1, sequence, client));
        }
    }
    void violated(std::string text) {
        if (outcome_.violations.size() < 20) outcome_.violations.push_back(std::move(text));
    }

    // A failed disk is for the operator: the machine is restarted.
    void reboot(std::size_t node) {
        world_.after(random_.between(milliseconds(100), seconds(2)), [this, node] {
            if (!world_.running(node)) return;
            crash(node, CrashKind::power);
            start_after(node);
        });
    }
    void crash(std::size_t node, CrashKind kind) {
        ++outcome_.crashes;
        world_.crash(node, kind);
    }
    void start_after(std::size_t node) {
        world_.after(random_.between(milliseconds(10), seconds(3)), [this, node] {
            if (!world_.running(node)) world_.start(node);
        });
    }
    CrashKind drawn_kind() {
        return random_.chance(500'000) ? CrashKind::power : CrashKind::process;
    }

    void plan_next_fault() {
        world_.after(random_.between(milliseconds(50), milliseconds(1500)), [this] {
            if (healed_) return;
            strike();
            plan_next_fault();
        });
    }

    void strike() {
        // Processes that died at a call are seen, and started again, here.
        for (std::size_t node = 0; node < kNodes; ++node) {
            if (!world_.running(node)) start_after(node);
        }
        const std::size_t node = random_.below(kNodes);
        const std::size_t other = random_.below(kNodes + 1);  // the clients, too
        switch (random_.below(7)) {
            case 0:
                if (!world_.running(node)) return;
                crash(node, drawn_kind());
                return start_after(node);
            case 1:
                ++outcome_.crashes;
                return world_.crash_at_call(node, random_.between(1, 100), drawn_kind());
            case 2:
                cut_for_a_while(other, node);
                [[fallthrough]];
            case 3:  // one way only
                return cut_for_a_while(node, other);
            case 4:
                return world_.jump_wall_clock(node,
                                              hours(1) - random_.between(Duration(0), hours(2)));
            case 5:
                return world_.pause(node, random_.between(milliseconds(10), seconds(10)));
            default:
                return;
        }
    }
    void cut_for_a_while(std::size_t from, std::size_t to) {
        if (from == to) return;
        world_.cut(from, to);
        world_.after(random_.between(milliseconds(100), seconds(10)),
                     [this, from, to] { world_.heal(from, to); });
    }

    void heal() {
        healed_ = true;
        world_.heal_all();
        world_.set_faults(DiskFaults{});
        world_.set_faults(NetworkFaults{});
        for (std::size_t node = 0; node < kNodes; ++node) {
            world_.crash_at_call(node, 0, CrashKind::process);
            if (!world_.running(node)) world_.start(node);
        }
    }

    EchoClusterOptions options_;
    SeededRandom random_;
    World world_;
    ProcessId clients_ = 0;
    bool healed_ = false;
    std::map<std::uint64_t, std::uint64_t> promised_;
    std::array<bool, kNodes> recovered_{};
    EchoClusterOutcome outcome_;
};

}  // namespace

EchoClusterOutcome run_echo_cluster(const EchoClusterOptions& options) {
    return EchoCluster(options).run();
}

}  // namespace moldau::sim
