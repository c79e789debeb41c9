// A whole node on two shards under clients that create topics, produce idempotently and consume,
// while it is killed, loses its power, and its disk fails and fills up; all from one seed.
#include "node_clients.hpp"
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
    std::uint64_t deleted_records = 0;  // requests that were acknowledged
    std::uint64_t read_while_full = 0;
    std::uint64_t audits = 0;  // of the metadata
    std::uint64_t stops_in_order = 0;
    std::uint64_t moves = 0;
    std::uint64_t copies = 0;

    void add(const Outcome& one);
};

void Outcome::add(const Outcome& one) {
    for (std::size_t i = 0; i < kTroubles; ++i) troubles[i] += one.troubles[i];
    deaths += one.deaths;
    starts_in_vain += one.starts_in_vain;
    acknowledged += one.acknowledged;
    duplicates += one.duplicates;
    seen += one.seen;
    deleted_records += one.deleted_records;
    read_while_full += one.read_while_full;
    audits += one.audits;
    stops_in_order += one.stops_in_order;
    moves += one.moves;
    copies += one.copies;
}

/// How many log directories the node has; with two replicas are moved between them.
enum class Directories : std::uint8_t { one, two };

class Story {
public:
    Story(std::uint64_t seed, LogSink* sink, Directories directories = Directories::one)
        : world_({.seed = seed, .disk = {}, .network = kNetwork, .sink = sink}),
          random_(world_.random("troubles")) {
        if (directories == Directories::two)
            overlays_.push_back({.key = "log.dirs", .value = "/data,/more", .source = "test"});
        node_ = world_.add_process("node", 2, [this](Process& process) {
            return std::make_unique<NodeProgram>(process, life_, overlays_);
        });
        add("admin", make_admin);
        add("producer-0", make_producer);
        add("producer-1", make_producer);
        add("consumer-0", make_consumer);
        add("consumer-1", make_consumer);
        if (directories == Directories::two) add("mover", make_mover);
    }

    Outcome go() {
        start();
        const std::uint64_t rounds = random_.between(2, 5);
        for (std::uint64_t i = 0; i < rounds && model_.violation.empty(); ++i) trouble();
        heal();
        if (model_.violation.empty()) bring_to_an_end();
        outcome_.violation = model_.violation;
        outcome_.acknowledged = model_.acknowledged;
        outcome_.duplicates = model_.duplicates;
        outcome_.seen = model_.seen;
        outcome_.deleted_records = model_.deleted_records;
        outcome_.read_while_full = model_.read_while_full;
        outcome_.moves = model_.moves_seen;
        outcome_.copies = model_.copies_seen;
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
                if (life_.program != nullptr && life_.is_serving) life_.program->stop();
                kind_ = random_.chance(500'000) ? CrashKind::power : CrashKind::process;
                if (random_.chance(300'000))
                    world_.crash_at_call(node_, random_.between(1, 300), kind_);
                break;
            case Trouble::failing_disk:
                ++model_.disk_troubles;
                is_disk_sick_ = was_disk_sick_ = model_.has_disk_failed = true;
                world_.set_faults(DiskFaults{.write_error = 5'000,
                                             .read_error = 2'000,
                                             .sync_error = 10'000,
                                             .open_error = 5'000,
                                             .cold_read = 200'000});
                break;
            case Trouble::full_disk:
                ++model_.disk_troubles;
                is_disk_sick_ = was_disk_sick_ = model_.is_disk_full = true;
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
        model_.is_disk_full = false;
        look_at_node();
        after_trouble(what);
    }

    bool is_over() const {
        return !world_.running(node_) || !life_.gave_up.empty() || life_.has_stopped ||
               !model_.violation.empty();
    }

    void look_at_node() {
        if (life_.is_serving && std::exchange(epoch_of_life_, model_.life) != model_.life) {
            if (life_.broker_epoch <= broker_epoch_)
                model_.wrong(fmt::format("P11: broker epoch {}, in an earlier life {}",
                                         life_.broker_epoch, broker_epoch_));
            broker_epoch_ = life_.broker_epoch;
        }
        if (!world_.running(node_) || !life_.has_stopped || !model_.violation.empty()) return;
        ++outcome_.stops_in_order;
        if (const std::string left = left_of(world_, node_, life_); !left.empty())
            model_.wrong(left);
    }

    /// R8, while nothing is wrong with the disk.
    void audit() {
        if (!model_.violation.empty()) return;
        world_.run_for(seconds(10), [this] { return is_over() || life_.is_serving; });
        if (life_.program == nullptr || !life_.is_serving)
            return model_.wrong("S4: the node does not serve");
        life_.program->audit();
        world_.run_for(seconds(10), [this] { return is_over() || life_.audit != "-"; });
        if (!life_.audit.empty()) model_.wrong(life_.audit);
        ++outcome_.audits;
    }

    /// A failing disk stays so for the next start sometimes, a full one mostly gets room again.
    void after_trouble(Trouble what) {
        if (!world_.running(node_)) {
            ++outcome_.deaths;
            if (kind_ == CrashKind::power || model_.has_disk_failed) model_.lose();
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
        if (model_.has_disk_failed) model_.lose();
        ++outcome_.deaths;
    }

    void start() {
        was_disk_sick_ = is_disk_sick_;
        model_.has_disk_failed = is_disk_sick_;
        ++model_.life;
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
        audit();
        if (!model_.violation.empty()) return;
        // Once more, from a directory that was left in order, or not.
        if (random_.chance(500'000)) {
            life_.program->stop();
            world_.run_for(seconds(30), [this] { return life_.has_stopped; });
            if (!life_.has_stopped) model_.wrong("S4: the node does not stop");
            look_at_node();
            world_.crash(node_, CrashKind::power);
        } else {
            world_.crash(node_, CrashKind::power);
            model_.lose();
        }
        start();
        check_whole("after one more start");
        look_at_node();
        audit();
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
    std::vector<config::Overlay> overlays_;
    SeededRandom random_;
    NodeModel model_;
    Orders orders_;
    std::vector<std::unique_ptr<ClientState>> states_;
    ProcessId node_ = 0;
    NodeLife life_;
    CrashKind kind_ = CrashKind::process;
    bool is_disk_sick_ = false;        // it fails or is full now
    bool was_disk_sick_ = false;       // … since the node's start
    std::int64_t broker_epoch_ = -1;   // the last one
    std::uint64_t epoch_of_life_ = 0;  // the life that had it
    Outcome outcome_;
};

TEST(NodeUnderCrashes, KeepsWhatItAcknowledgedAndAlwaysStarts) {
    Seeds seeds(1200, 100);
    const std::uint64_t last = seeds.last();
    Outcome sum;
    for (std::uint64_t seed = seeds.first(); seed <= last; ++seed) {
        const Outcome one = Story(seed, seeds.sink()).go();
        if (!one.violation.empty()) ADD_FAILURE() << "seed " << seed << ": " << one.violation;
        sum.add(one);
    }
    fmt::print(
        "seeds={} deaths={} crashes={} power_cuts={} stops={} failing_disks={} full_disks={} "
        "networks={} starts_in_vain={} acknowledged={} duplicates={} read={} read_while_full={} "
        "deleted_records={} audits={} stops_in_order={}\n",
        seeds.count(), sum.deaths, sum.troubles[0], sum.troubles[1], sum.troubles[2],
        sum.troubles[3], sum.troubles[4], sum.troubles[5], sum.starts_in_vain, sum.acknowledged,
        sum.duplicates, sum.seen, sum.read_while_full, sum.deleted_records, sum.audits,
        sum.stops_in_order);
    if (seeds.is_one()) return;
    EXPECT_GT(sum.deaths, last / 2) << "the test has lost its crashes";
    EXPECT_GT(sum.acknowledged, last * 20) << "the test has lost its producers";
    EXPECT_GT(sum.seen, last * 20) << "the test has lost its consumers";
    EXPECT_GT(sum.duplicates, last / 20) << "nothing was sent twice";
    EXPECT_GT(sum.read_while_full, last) << "nothing was read while the disk was full";
    EXPECT_GT(sum.deleted_records, last / 2) << "no records were deleted";
    EXPECT_GT(sum.audits, last) << "nobody has looked at the metadata";
    EXPECT_GT(sum.stops_in_order, last / 4) << "the test has lost its stops";
}

TEST(NodeUnderCrashes, KeepsWhatItAcknowledgedWhileReplicasMoveBetweenLogDirectories) {
    Seeds seeds(400, 30);
    Outcome sum;
    for (std::uint64_t seed = seeds.first(); seed <= seeds.last(); ++seed) {
        const Outcome one = Story(seed, seeds.sink(), Directories::two).go();
        if (!one.violation.empty()) ADD_FAILURE() << "seed " << seed << ": " << one.violation;
        sum.add(one);
    }
    fmt::print("seeds={} deaths={} acknowledged={} read={} moves={} copies={}\n", seeds.count(),
               sum.deaths, sum.acknowledged, sum.seen, sum.moves, sum.copies);
    if (seeds.is_one()) return;
    EXPECT_GT(sum.acknowledged, seeds.count() * 20) << "the test has lost its producers";
    EXPECT_GT(sum.moves, seeds.count()) << "no replica has moved";
    EXPECT_GT(sum.copies, seeds.count() / 10) << "nobody has seen one on its way";
}

TEST(NodeUnderCrashes, OneSeedIsOneHistory) {
    for (std::uint64_t seed = 1; seed <= 10; ++seed)
        EXPECT_EQ(Story(seed, nullptr).go().digest, Story(seed, nullptr).go().digest) << seed;
    EXPECT_NE(Story(1, nullptr).go().digest, Story(2, nullptr).go().digest);
}

}  // namespace
}  // namespace moldau::sim
