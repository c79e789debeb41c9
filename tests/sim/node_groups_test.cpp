// The members of a group on a whole node of two shards that is killed, loses its power and its
// connections, with members that die, leave and sleep; all from one seed.
#include "node_member.hpp"
#include "node_process.hpp"
#include "seeds.hpp"

#include "moldau/sim/world.hpp"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <array>
#include <memory>
#include <string>
#include <vector>

namespace moldau::sim {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

constexpr std::size_t kMembers = 3;

// All that is acknowledged is durable; groups do not wait long, since time is cheap but not free.
const std::array<config::Overlay, 3> kSettings = {
    config::Overlay{.key = "log.flush.interval.messages", .value = "1", .source = "test"},
    config::Overlay{.key = "offsets.topic.num.partitions", .value = "4", .source = "test"},
    config::Overlay{.key = "group.initial.rebalance.delay.ms", .value = "300", .source = "test"}};

struct Outcome {
    std::string violation;
    std::uint64_t digest = 0;
    std::uint64_t deaths = 0;
    std::uint64_t stops = 0;  // in order, and looked at
    std::uint64_t commits = 0;
    std::uint64_t refused_commits = 0;
    std::uint64_t parts = 0;
    std::uint64_t fetched = 0;
};

class Story {
public:
    explicit Story(std::uint64_t seed, LogSink* sink)
        : world_({.seed = seed, .disk = {}, .network = kNetwork, .sink = sink}),
          random_(world_.random("troubles")) {
        node_ = world_.add_process("node", 2, [this](Process& process) {
            return std::make_unique<NodeProgram>(process, life_, kSettings);
        });
        for (std::size_t i = 0; i < kMembers; ++i) {
            const std::string name = fmt::format("member-{}", i);
            MemberState& state = states_[i];
            world_.start(world_.add_process(name, 1, [this, name, &state](Process& process) {
                return make_member(process, name, model_, state, world_.random(name));
            }));
        }
    }

    Outcome go() {
        world_.start(node_);
        const std::uint64_t rounds = random_.between(2, 5);
        for (std::uint64_t i = 0; i < rounds && !is_over(); ++i) trouble();
        calm_down();
        outcome_.violation = model_.violation;
        outcome_.commits = model_.commits;
        outcome_.refused_commits = model_.refused_commits;
        outcome_.parts = model_.generations;
        outcome_.fetched = model_.fetched;
        world_.note("commits", model_.commits);
        outcome_.digest = world_.digest();
        return outcome_;
    }

private:
    static constexpr NetworkFaults kNetwork{.piecemeal = 100'000, .reset = 300, .refuse = 20'000};

    bool is_over() const { return !model_.violation.empty(); }

    void trouble() {
        world_.run_for(milliseconds(random_.between(200, 8000)), [this] { return is_over(); });
        switch (random_.below(4)) {
            case 0:
                world_.crash_at_call(node_, random_.between(1, 600), CrashKind::process);
                break;
            case 1:
                world_.crash_at_call(node_, random_.between(1, 600), CrashKind::power);
                break;
            case 2:
                world_.set_faults(
                    NetworkFaults{.piecemeal = 300'000, .reset = 20'000, .refuse = 200'000});
                break;
            default:
                if (life_.is_serving && life_.program != nullptr) life_.program->stop();
        }
        world_.run_for(milliseconds(random_.between(500, 6000)),
                       [this] { return is_over() || !world_.running(node_) || life_.has_stopped; });
        world_.crash_at_call(node_, 0, CrashKind::process);
        world_.set_faults(kNetwork);
        restart_if_dead();
    }

    /// Whoever waited in its groups.
    void look_at_what_is_left() {
        ++outcome_.stops;
        if (const std::string left = left_of(world_, node_, life_); !left.empty())
            model_.wrong(left);
    }

    void restart_if_dead() {
        if (life_.has_stopped && world_.running(node_)) look_at_what_is_left();
        // With its dying breath a process may say so, too.
        if (!life_.gave_up.empty() && world_.running(node_))
            model_.wrong("S5: the node gave up: " + life_.gave_up);
        if (life_.has_stopped && world_.running(node_)) world_.crash(node_, CrashKind::power);
        if (world_.running(node_)) return;
        ++outcome_.deaths;
        life_ = {};
        world_.start(node_);
    }

    /// G4: when nothing is disturbed any more, every partition is one member's, and stays so.
    void calm_down() {
        world_.set_faults(NetworkFaults{});
        restart_if_dead();
        for (MemberState& state : states_) state.is_calm = true;
        world_.run_for(seconds(20), [this] { return is_over(); });  // who sleeps wakes up
        world_.run_for(seconds(60), [this] { return is_over() || is_divided(); });
        if (!is_over() && !is_divided())
            model_.wrong("G4: 60 s after all was healed the group is not divided");
        const auto before = states_;
        const std::uint64_t commits = model_.commits;
        world_.run_for(seconds(20), [this] { return is_over(); });
        for (std::size_t i = 0; i < kMembers && !is_over(); ++i) {
            if (states_[i].owns != before[i].owns || states_[i].generation != before[i].generation)
                model_.wrong("G4: without a reason the group was divided anew");
        }
        if (!is_over() && model_.commits == commits) model_.wrong("G4: nobody commits any more");
    }

    bool is_divided() const {
        std::set<int> owned;
        std::size_t count = 0;
        for (const MemberState& state : states_) {
            if (state.generation != states_[0].generation || state.owns.empty()) return false;
            owned.insert(state.owns.begin(), state.owns.end());
            count += state.owns.size();
        }
        return count == GroupModel::kPartitions && owned.size() == count;
    }

    World world_;
    SeededRandom random_;
    GroupModel model_;
    std::array<MemberState, kMembers> states_;
    ProcessId node_ = 0;
    NodeLife life_;
    Outcome outcome_;
};

TEST(NodeGroups, KeepWhatWasCommittedAndComeToRest) {
    Seeds seeds(1000, 60);
    const std::uint64_t last = seeds.last();
    Outcome sum;
    for (std::uint64_t seed = seeds.first(); seed <= last; ++seed) {
        const Outcome one = Story(seed, seeds.sink()).go();
        if (!one.violation.empty()) ADD_FAILURE() << "seed " << seed << ": " << one.violation;
        sum.deaths += one.deaths;
        sum.stops += one.stops;
        sum.commits += one.commits;
        sum.refused_commits += one.refused_commits;
        sum.parts += one.parts;
        sum.fetched += one.fetched;
    }
    fmt::print("seeds={} deaths={} stops={} commits={} refused_commits={} parts={} fetched={}\n",
               seeds.count(), sum.deaths, sum.stops, sum.commits, sum.refused_commits, sum.parts,
               sum.fetched);
    if (seeds.is_one()) return;
    EXPECT_GT(sum.deaths, last) << "the test has lost its deaths";
    EXPECT_GT(sum.stops, last / 4) << "the test has lost its stops";
    EXPECT_GT(sum.commits, 20 * last) << "hardly anything was committed";
    EXPECT_GT(sum.refused_commits, last / 20) << "no commit came too late";
}

TEST(NodeGroups, OneSeedIsOneHistory) {
    for (std::uint64_t seed = 1; seed <= 5; ++seed)
        EXPECT_EQ(Story(seed, nullptr).go().digest, Story(seed, nullptr).go().digest) << seed;
}

}  // namespace
}  // namespace moldau::sim
