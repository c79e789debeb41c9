// A whole node on two shards under clients that create topics, produce idempotently and consume,
// while it is killed, loses its power, and its disk fails and fills up; all from one seed.
#include "node_clients.hpp"

#include "moldau/broker/node.hpp"
#include "moldau/config/load.hpp"
#include "moldau/runtime/wait.hpp"
#include "moldau/sim/world.hpp"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <array>
#include <cstdlib>
#include <memory>
#include <string>
#include <vector>

namespace moldau::sim {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

// A sanitizer makes a seed ten times as dear.
#if defined(__has_feature)
#if __has_feature(address_sanitizer)
constexpr std::uint64_t kSeeds = 100;
#else
constexpr std::uint64_t kSeeds = 1200;
#endif
#else
constexpr std::uint64_t kSeeds = 1200;
#endif

enum class Trouble : std::uint8_t {
    crash,
    power_cut,
    stop,
    failing_disk,
    full_disk,
    network,
    none
};
constexpr std::size_t kTroubles = 7;

struct Outcome {
    std::string violation;
    std::uint64_t digest = 0;
    std::array<std::uint64_t, kTroubles> troubles{};
    std::uint64_t deaths = 0;
    std::uint64_t starts_in_vain = 0;
    std::uint64_t acknowledged = 0;
    std::uint64_t duplicates = 0;
    std::uint64_t seen = 0;
};

/// What the node's process tells the test.
struct NodeLife {
    bool is_serving = false;
    bool has_stopped = false;
    std::string gave_up;  // why
    runtime::Shard* home = nullptr;
    broker::Node* node = nullptr;
};

class NodeProgram final : public Program {
public:
    NodeProgram(Process& process, NodeLife& life) : life_(life) {
        life_ = {};
        const std::vector<config::Overlay> overlays = {
            {.key = "listeners",
             .value =
                 "PLAINTEXT://" + process.host() + ":9092,CONTROLLER://" + process.host() + ":9093",
             .source = "test"},
            {.key = "log.dirs", .value = "/data", .source = "test"},
            {.key = "log.flush.offset.checkpoint.interval.ms", .value = "150", .source = "test"},
            {.key = "metadata.log.max.record.bytes.between.snapshots",
             .value = "1500",
             .source = "test"}};
        config::Loaded loaded = config::load(std::nullopt, overlays);
        MOLDAU_CHECK(loaded.settings, "the test's settings are wrong");
        broker::Node::World world{
            .shards = {}, .working_directory = "/", .on_failure = [&life](const Error& error) {
                life.gave_up = error.detail;
            }};
        for (std::size_t i = 0; i < process.shards(); ++i)
            world.shards.push_back({&process.shard(i), &process.transport(i), &process.disk(i)});
        node_ = std::make_unique<broker::Node>(*loaded.settings, std::move(world));
        life_.home = &process.shard(0);
        life_.node = node_.get();
        runtime::spawn(process.shard(0), "start", start(*node_, life_));
    }
    NodeProgram(const NodeProgram&) = delete;
    NodeProgram& operator=(const NodeProgram&) = delete;
    ~NodeProgram() override { life_.node = nullptr; }

    static runtime::Task<> stop(broker::Node& node, NodeLife& life) {
        co_await node.stop();
        life.has_stopped = true;
    }

private:
    static runtime::Task<> start(broker::Node& node, NodeLife& life) {
        const Result<> started = co_await node.start();
        if (started) {
            life.is_serving = true;
        } else {
            life.gave_up = started.error().detail;
        }
    }

    NodeLife& life_;
    std::unique_ptr<broker::Node> node_;
};

class Story {
public:
    explicit Story(std::uint64_t seed, LogSink* sink)
        : world_({.seed = seed, .disk = {}, .network = kNetwork, .sink = sink}),
          random_(world_.random("troubles")) {
        node_ = world_.add_process("node", 2, [this](Process& process) {
            return std::make_unique<NodeProgram>(process, life_);
        });
        add("admin", make_admin);
        add("producer-0", make_producer);
        add("producer-1", make_producer);
        add("consumer-0", make_consumer);
        add("consumer-1", make_consumer);
    }

    Outcome go() {
        world_.start(node_);
        const std::uint64_t rounds = random_.between(2, 5);
        for (std::uint64_t i = 0; i < rounds && model_.violation.empty(); ++i) trouble();
        heal();
        if (model_.violation.empty()) bring_to_an_end();
        outcome_.violation = model_.violation;
        outcome_.acknowledged = model_.acknowledged;
        outcome_.duplicates = model_.duplicates;
        outcome_.seen = model_.seen;
        world_.note("acknowledged", model_.acknowledged);
        world_.note("seen", model_.seen);
        outcome_.digest = world_.digest();
        return outcome_;
    }

private:
    static constexpr NetworkFaults kNetwork{.piecemeal = 100'000, .reset = 300, .refuse = 20'000};

    template <class Make>
    void add(const std::string& called, Make make) {
        states_.push_back(std::make_unique<ClientState>());
        ClientState& state = *states_.back();
        world_.start(world_.add_process(called, 1, [this, called, make, &state](Process& process) {
            return make(process, model_, orders_, state, world_.random(called));
        }));
    }

    void trouble() {
        world_.run_for(milliseconds(random_.between(20, 300)), [this] { return is_over(); });
        const auto what = static_cast<Trouble>(random_.below(kTroubles));
        ++outcome_.troubles[static_cast<std::size_t>(what)];
        switch (what) {
            case Trouble::crash:
            case Trouble::power_cut:
                kind_ = what == Trouble::crash ? CrashKind::process : CrashKind::power;
                world_.crash_at_call(node_, random_.between(1, 1200), kind_);
                break;
            case Trouble::stop:
                if (life_.node != nullptr && life_.is_serving)
                    runtime::spawn(*life_.home, "stop", NodeProgram::stop(*life_.node, life_));
                kind_ = random_.chance(500'000) ? CrashKind::power : CrashKind::process;
                if (random_.chance(300'000))
                    world_.crash_at_call(node_, random_.between(1, 300), kind_);
                break;
            case Trouble::failing_disk:
                is_disk_sick_ = was_disk_sick_ = has_failed_ = true;
                world_.set_faults(DiskFaults{.write_error = 5'000,
                                             .sync_error = 10'000,
                                             .open_error = 5'000,
                                             .cold_read = 200'000});
                break;
            case Trouble::full_disk:
                is_disk_sick_ = was_disk_sick_ = true;
                world_.set_faults(DiskFaults{.bytes_max = random_.between(1, 200'000)});
                break;
            case Trouble::network:
                world_.set_faults(
                    NetworkFaults{.piecemeal = 300'000, .reset = 20'000, .refuse = 200'000});
                break;
            case Trouble::none:
                world_.set_faults(DiskFaults{.cold_read = 300'000});
                break;
        }
        world_.run_for(milliseconds(random_.between(300, 1500)), [this] { return is_over(); });
        world_.crash_at_call(node_, 0, CrashKind::process);
        after_trouble(what);
    }

    bool is_over() const {
        return !world_.running(node_) || !life_.gave_up.empty() || life_.has_stopped ||
               !model_.violation.empty();
    }

    /// A failing disk stays so for the next start sometimes, a full one mostly gets room again.
    void after_trouble(Trouble what) {
        if (!world_.running(node_)) {
            ++outcome_.deaths;
            if (kind_ == CrashKind::power || has_failed_) model_.lose();
        } else if (what == Trouble::failing_disk || !life_.gave_up.empty() || life_.has_stopped) {
            end_process();
        }
        if (is_disk_sick_ && (what != Trouble::failing_disk || random_.chance(700'000))) {
            world_.set_faults(DiskFaults{});
            is_disk_sick_ = false;
        }
        world_.set_faults(kNetwork);
        if (!world_.running(node_)) start();
    }

    void end_process() {
        if (!life_.gave_up.empty()) {
            // With its dying breath a process may say so, too.
            if (!was_disk_sick_)
                model_.wrong("S5: the node gave up on a sound disk: " + life_.gave_up);
            if (!life_.is_serving) ++outcome_.starts_in_vain;
        }
        world_.crash(node_, CrashKind::process);
        // A sync that failed has dropped what it was to write.
        if (has_failed_) model_.lose();
        ++outcome_.deaths;
    }

    void start() {
        was_disk_sick_ = is_disk_sick_;
        has_failed_ = is_disk_sick_;
        world_.start(node_);
    }

    void heal() {
        world_.crash_at_call(node_, 0, CrashKind::process);
        world_.set_faults(DiskFaults{});
        world_.set_faults(NetworkFaults{});
        // What is offline comes back with the next start only.
        if (was_disk_sick_ || !life_.gave_up.empty() || life_.has_stopped ||
            !world_.running(node_)) {
            if (world_.running(node_)) end_process();
            is_disk_sick_ = false;
            start();
        }
    }

    void bring_to_an_end() {
        orders_.makes_new = false;
        const auto all_idle = [this] {
            return is_over() || (states_[0]->is_idle && states_[1]->is_idle && states_[2]->is_idle);
        };
        world_.run_for(seconds(60), all_idle);
        if (!is_over() && !all_idle())
            model_.wrong(
                fmt::format("S4: not at an end 60 s after all was healed: admin {} "
                            "producers {} {}",
                            states_[0]->is_idle, states_[1]->is_idle, states_[2]->is_idle));
        check_whole("after all was healed");
        if (!model_.violation.empty()) return;
        // Once more, from a directory that was left in order, or not.
        if (random_.chance(500'000)) {
            runtime::spawn(*life_.home, "stop", NodeProgram::stop(*life_.node, life_));
            world_.run_for(seconds(30), [this] { return life_.has_stopped; });
            if (!life_.has_stopped) model_.wrong("S4: the node does not stop");
            world_.crash(node_, CrashKind::power);
        } else {
            world_.crash(node_, CrashKind::power);
            model_.lose();
        }
        start();
        check_whole("after one more start");
    }

    void check_whole(std::string_view when) {
        if (!model_.violation.empty()) return;
        for (const auto& state : states_) state->has_checked = false;
        orders_.checks_all = true;
        const auto checked = [this] {
            return is_over() || (states_[3]->has_checked && states_[4]->has_checked);
        };
        world_.run_for(seconds(60), checked);
        orders_.checks_all = false;
        if (!life_.gave_up.empty())
            model_.wrong(fmt::format("S5: no start {}: {}", when, life_.gave_up));
        if (!checked()) model_.wrong(fmt::format("S4: not everything can be read {}", when));
    }

    World world_;
    SeededRandom random_;
    NodeModel model_;
    Orders orders_;
    std::vector<std::unique_ptr<ClientState>> states_;
    ProcessId node_ = 0;
    NodeLife life_;
    CrashKind kind_ = CrashKind::process;
    bool is_disk_sick_ = false;   // it fails or is full now
    bool was_disk_sick_ = false;  // … since the node's start
    bool has_failed_ = false;     // … by errors
    Outcome outcome_;
};

std::uint64_t number_from(const char* variable, std::uint64_t otherwise) {
    const char* const given = std::getenv(variable);
    return given == nullptr ? otherwise : std::stoull(given);
}

class Printer final : public LogSink {
public:
    bool enabled(LogLevel) const override { return true; }
    void write(LogLevel, std::string_view line) override { fmt::print("{}\n", line); }
};

// MOLDAU_SEEDS: how many; MOLDAU_SEED: that one alone, with the node's log.
TEST(NodeUnderCrashes, KeepsWhatItAcknowledgedAndAlwaysStarts) {
    const std::uint64_t only = number_from("MOLDAU_SEED", 0);
    const std::uint64_t first = only != 0 ? only : 1;
    const std::uint64_t last = only != 0 ? only : number_from("MOLDAU_SEEDS", kSeeds);
    Printer printer;
    Outcome sum;
    for (std::uint64_t seed = first; seed <= last; ++seed) {
        const Outcome one = Story(seed, only != 0 ? &printer : nullptr).go();
        if (!one.violation.empty()) ADD_FAILURE() << "seed " << seed << ": " << one.violation;
        for (std::size_t i = 0; i < kTroubles; ++i) sum.troubles[i] += one.troubles[i];
        sum.deaths += one.deaths;
        sum.starts_in_vain += one.starts_in_vain;
        sum.acknowledged += one.acknowledged;
        sum.duplicates += one.duplicates;
        sum.seen += one.seen;
    }
    fmt::print(
        "seeds={} deaths={} crashes={} power_cuts={} stops={} failing_disks={} full_disks={} "
        "networks={} starts_in_vain={} acknowledged={} duplicates={} read={}\n",
        last - first + 1, sum.deaths, sum.troubles[0], sum.troubles[1], sum.troubles[2],
        sum.troubles[3], sum.troubles[4], sum.troubles[5], sum.starts_in_vain, sum.acknowledged,
        sum.duplicates, sum.seen);
    if (only != 0) return;
    EXPECT_GT(sum.deaths, last / 2) << "the test has lost its crashes";
    EXPECT_GT(sum.acknowledged, last * 20) << "the test has lost its producers";
    EXPECT_GT(sum.seen, last * 20) << "the test has lost its consumers";
    EXPECT_GT(sum.duplicates, last / 20) << "nothing was sent twice";
}

TEST(NodeUnderCrashes, OneSeedIsOneHistory) {
    for (std::uint64_t seed = 1; seed <= 10; ++seed)
        EXPECT_EQ(Story(seed, nullptr).go().digest, Story(seed, nullptr).go().digest) << seed;
    EXPECT_NE(Story(1, nullptr).go().digest, Story(2, nullptr).go().digest);
}

}  // namespace
}  // namespace moldau::sim
