// A node of the broker, floors 0 to 5 as they are, in the simulator: clients pipeline requests over
// a bad network while the node dies and comes back.
#include "moldau/broker/node.hpp"

#include "moldau/base/endian.hpp"
#include "moldau/config/load.hpp"
#include "moldau/protocol/api_keys.hpp"
#include "moldau/protocol/framing.hpp"
#include "moldau/protocol/messages/api_versions.hpp"
#include "moldau/protocol/messages/headers.hpp"
#include "moldau/protocol/messages/metadata.hpp"
#include "moldau/runtime/task_group.hpp"
#include "moldau/runtime/wait.hpp"
#include "moldau/sim/world.hpp"

#include <gtest/gtest.h>

#include <array>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace moldau {
namespace {

using runtime::Task;
using std::chrono::milliseconds;
using std::chrono::seconds;

constexpr std::uint16_t kPort = 9092;
constexpr int kClients = 3;
constexpr std::int32_t kRequests = 60;
constexpr std::int32_t kPipelined = 6;

struct Progress {
    std::int32_t answered = 0;
    int connections = 0;
    std::string violation;
};

class NodeProgram final : public sim::Program {
public:
    explicit NodeProgram(sim::Process& process) {
        const std::vector<config::Overlay> overlays = {
            {.key = "listeners",
             .value =
                 "PLAINTEXT://" + process.host() + ":9092,CONTROLLER://" + process.host() + ":9093",
             .source = "test"},
            {.key = "log.dirs", .value = "/data", .source = "test"}};
        config::Loaded loaded = config::load(std::nullopt, overlays);
        MOLDAU_CHECK(loaded.settings, "the test's settings are wrong");
        broker::Node::World world{
            .shards = {}, .working_directory = "/", .on_failure = [](const Error& error) {
                if (!is_death(error)) ADD_FAILURE() << "a node gave up: " << error.detail;
            }};
        for (std::size_t i = 0; i < process.shards(); ++i)
            world.shards.push_back({&process.shard(i), &process.transport(i), &process.disk(i)});
        node_ = std::make_unique<broker::Node>(*loaded.settings, std::move(world));
        runtime::spawn(process.shard(0), "start", start(*node_));
    }

private:
    static Task<> start(broker::Node& node) {
        const Result<> started = co_await node.start();
        if (!started && !is_death(started.error()))
            ADD_FAILURE() << "a node cannot start: " << started.error().detail;
    }
    // What the ports say to a process that ends at this call.
    static bool is_death(const Error& error) {
        return error.detail.find("the process has died") != std::string::npos;
    }

    std::unique_ptr<broker::Node> node_;
};

std::string request(std::int32_t correlation) {
    // Every third asks ApiVersions v0, the others Metadata v1 of all topics.
    const bool versions = correlation % 3 == 0;
    std::array<std::byte, 18> frame{};
    store_be(frame.data(), static_cast<std::int32_t>(versions ? 10 : 14));
    store_be(frame.data() + 4, static_cast<std::int16_t>(versions ? 18 : 3));
    store_be(frame.data() + 6, static_cast<std::int16_t>(versions ? 0 : 1));
    store_be(frame.data() + 8, correlation);
    store_be(frame.data() + 12, std::int16_t{-1});
    store_be(frame.data() + 14, std::int32_t{-1});
    return std::string(as_text(BytesView(frame).first(versions ? 14 : 18)));
}

class ClientProgram final : public sim::Program {
public:
    ClientProgram(sim::Process& process, Progress& progress)
        : shard_(process.shard(0)),
          transport_(process.transport(0)),
          progress_(progress),
          tasks_(shard_) {
        tasks_.spawn("client", run(*this));
    }

private:
    static Task<> run(ClientProgram& self) {
        while (self.progress_.answered < kRequests) {
            auto stream = co_await runtime::connect(
                self.shard_, self.transport_, {"10.0.0.1", kPort}, self.shard_.now() + seconds(2));
            if (stream) {
                ++self.progress_.connections;
                co_await self.converse(**stream);
            }
            if (co_await runtime::sleep_until(self.shard_, self.shard_.now() + milliseconds(50)) ==
                runtime::Waited::cancelled)
                co_return;
        }
    }

    Task<> converse(ByteStream& stream) {
        std::int32_t next = progress_.answered;
        while (progress_.answered < kRequests) {
            const std::int32_t end = std::min(next + kPipelined, kRequests);
            std::string burst;
            for (std::int32_t i = next; i < end; ++i) burst += request(i);
            if (!co_await send(stream, std::move(burst))) co_return;
            for (; next < end; ++next) {
                const std::optional<std::string> reply = co_await receive(stream);
                if (!reply) co_return;
                if (reply->size() < 4 || load_be<std::int32_t>(as_bytes(*reply).data()) != next) {
                    progress_.violation = "a reply out of order";
                    co_return;
                }
                ++progress_.answered;
            }
        }
    }

    Task<bool> send(ByteStream& stream, std::string text) {
        BytesView rest = as_bytes(text);
        while (!rest.empty()) {
            const std::array pieces{rest};
            const IoResult put = stream.write(pieces);
            if (put.status == IoStatus::ok) rest = rest.subspan(put.bytes);
            if (put.status == IoStatus::failed || put.status == IoStatus::end) co_return false;
            if (put.status == IoStatus::would_block &&
                co_await runtime::writable(shard_, stream, shard_.now() + seconds(2)) !=
                    runtime::Waited::ready) {
                co_return false;
            }
        }
        co_return true;
    }

    Task<std::optional<std::string>> receive(ByteStream& stream) {
        while (true) {
            if (received_.size() >= 4) {
                const auto size =
                    static_cast<std::size_t>(load_be<std::int32_t>(as_bytes(received_).data()));
                if (received_.size() >= 4 + size) {
                    std::string frame = received_.substr(4, size);
                    received_.erase(0, 4 + size);
                    co_return frame;
                }
            }
            std::array<std::byte, 4096> buffer;
            const IoResult got = stream.read(buffer);
            if (got.status == IoStatus::ok)
                received_ += as_text(BytesView(buffer).first(got.bytes));
            const bool over =
                got.status == IoStatus::failed || got.status == IoStatus::end ||
                (got.status == IoStatus::would_block &&
                 co_await runtime::readable(shard_, stream, shard_.now() + seconds(2)) !=
                     runtime::Waited::ready);
            if (over) {
                received_.clear();
                co_return std::nullopt;
            }
        }
    }

    runtime::Shard& shard_;
    Transport& transport_;
    Progress& progress_;
    std::string received_;
    runtime::TaskGroup tasks_;
};

struct Outcome {
    std::uint64_t digest = 0;
    int crashes = 0;
    std::vector<Progress> clients;
};

/// Faults for ten seconds, with a crash at a random call of a port now and then; then all is
/// healed.
Outcome run(std::uint64_t seed) {
    sim::World::Options options;
    options.seed = seed;
    options.network = {.piecemeal = 300'000, .reset = 3'000, .refuse = 50'000};
    sim::World world(options);
    sim::SeededRandom random = world.random("test");
    Outcome outcome;
    outcome.clients.resize(kClients);

    const sim::ProcessId node = world.add_process(
        "node", 2, [](sim::Process& process) { return std::make_unique<NodeProgram>(process); });
    world.start(node);
    for (int i = 0; i < kClients; ++i) {
        Progress& progress = outcome.clients[static_cast<std::size_t>(i)];
        world.start(
            world.add_process("client-" + std::to_string(i), 1, [&progress](sim::Process& process) {
                return std::make_unique<ClientProgram>(process, progress);
            }));
    }
    for (int round = 0; round < 5; ++round) {
        world.crash_at_call(
            node, random.between(1, 400),
            random.chance(500'000) ? sim::CrashKind::power : sim::CrashKind::process);
        world.run_for(seconds(2));
        if (!world.running(node)) {
            ++outcome.crashes;
            world.start(node);
        }
    }
    world.crash_at_call(node, 0, sim::CrashKind::process);
    world.set_faults(sim::NetworkFaults{});
    world.run_for(seconds(120), [&] {
        return std::all_of(outcome.clients.begin(), outcome.clients.end(),
                           [](const Progress& each) { return each.answered == kRequests; });
    });
    for (const Progress& each : outcome.clients)
        world.note("answered", static_cast<std::uint64_t>(each.answered));
    outcome.digest = world.digest();
    return outcome;
}

#if defined(__SANITIZE_ADDRESS__) || (defined(__has_feature) && __has_feature(address_sanitizer))
constexpr std::uint64_t kSeeds = 30;
#else
constexpr std::uint64_t kSeeds = 300;
#endif

TEST(NodeInTheSimulator, AnswersEveryClientInOrderWhateverHappensToItAndToTheNetwork) {
    int crashes = 0;
    int connections = 0;
    for (std::uint64_t seed = 1; seed <= kSeeds; ++seed) {
        SCOPED_TRACE(seed);
        const Outcome outcome = run(seed);
        crashes += outcome.crashes;
        for (const Progress& client : outcome.clients) {
            ASSERT_EQ(client.violation, "");
            ASSERT_EQ(client.answered, kRequests)
                << "a client did not come to its end after all was healed";
            connections += client.connections;
        }
    }
    EXPECT_GT(crashes, 0) << "the test has lost its crashes";
    EXPECT_GT(connections, static_cast<int>(kSeeds) * kClients) << "no client had to connect anew";
}

TEST(NodeInTheSimulator, OneSeedIsOneHistory) {
    for (std::uint64_t seed = 1; seed <= kSeeds / 10; ++seed) {
        SCOPED_TRACE(seed);
        EXPECT_EQ(run(seed).digest, run(seed).digest);
    }
    EXPECT_NE(run(1).digest, run(2).digest);
}

}  // namespace
}  // namespace moldau
