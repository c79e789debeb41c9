#include "moldau/sim/world.hpp"

#include "world_fixture.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <set>
#include <string>
#include <vector>

namespace moldau::sim {
namespace {

using runtime::Shard;
using runtime::Task;
using std::chrono::hours;
using std::chrono::milliseconds;
using std::chrono::minutes;
using std::chrono::seconds;
using testing::ElementsAre;

Task<> ticks(Shard& shard, std::vector<std::string>& lines, std::string name) {
    for (;;) {
        const MonoTime next = shard.now() + seconds(1);
        co_await runtime::sleep_until(shard, next);
        lines.push_back(name + (shard.now() < next ? " too early" : ""));
    }
}

TEST(World, PassesTimeWithoutWaitingForIt) {
    World world({.clock_drift_max = 100'000});
    std::vector<std::string> lines;
    const auto a = add(world, "a", [&](Process& p) {
        runtime::spawn(p.shard(0), "ticks", ticks(p.shard(0), lines, "a"));
    });
    world.start(a);
    world.run_for(hours(1));
    EXPECT_NEAR(static_cast<double>(lines.size()), 3600, 400) << "its clock drifts";
    EXPECT_EQ(std::set<std::string>(lines.begin(), lines.end()), std::set<std::string>{"a"});
}

TEST(World, ACrashEndsEveryTaskAndARestartBeginsAnew) {
    World world({});
    std::vector<std::string> lines;
    int starts = 0;
    const auto a = add(world, "a", [&](Process& p) {
        runtime::spawn(p.shard(0), "ticks",
                       ticks(p.shard(0), lines, "life " + std::to_string(++starts)));
    });
    world.start(a);
    world.run_for(milliseconds(1500));
    world.crash(a, CrashKind::process);
    EXPECT_FALSE(world.running(a));
    world.run_for(minutes(1));
    EXPECT_THAT(lines, ElementsAre("life 1"));
    world.start(a);
    world.run_for(milliseconds(1500));
    EXPECT_THAT(lines, ElementsAre("life 1", "life 2"));
}

Task<> writes_for_ever(Shard& shard, Disk& disk, int& written) {
    auto file = disk.open("/log", OpenMode::create_if_none);
    while (file) {
        const std::array pieces{as_bytes("x")};
        if ((*file)->write(0, pieces)) ++written;
        co_await runtime::sleep_until(shard, shard.now() + milliseconds(1));
    }
}

TEST(World, ACrashAtACallEndsTheProcessThere) {
    World world({});
    int written = 0;
    const auto a = add(world, "a", [&](Process& p) {
        runtime::spawn(p.shard(0), "writes", writes_for_ever(p.shard(0), p.disk(0), written));
    });
    world.start(a);
    world.run_for(milliseconds(0));
    EXPECT_EQ(written, 1);
    world.crash_at_call(a, 5, CrashKind::power);
    world.run_for(seconds(1));
    EXPECT_FALSE(world.running(a));
    EXPECT_THAT(written, testing::AnyOf(5, 6)) << "before or after the fifth call's effect";
}

Task<> tells_time(Shard& shard, std::vector<std::int64_t>& walls) {
    for (;;) {
        walls.push_back(shard.clock().wall().ms);
        co_await runtime::sleep_until(shard, shard.now() + seconds(1));
    }
}

TEST(World, AWallClockMayJumpAndNoTimerNoticesIt) {
    World world({});
    std::vector<std::int64_t> walls;
    const auto a = add(world, "a", [&](Process& p) {
        runtime::spawn(p.shard(0), "time", tells_time(p.shard(0), walls));
    });
    world.start(a);
    world.run_for(milliseconds(1500));
    world.jump_wall_clock(a, -hours(10));
    world.run_for(seconds(1));
    ASSERT_EQ(walls.size(), 3U);
    EXPECT_NEAR(static_cast<double>(walls[2] - walls[1]), -36'000'000 + 1000, 2);
}

TEST(World, APausedProcessDoesNothingAndThenFindsItsTimersLate) {
    World world({});
    std::vector<std::string> lines;
    const auto a = add(world, "a", [&](Process& p) {
        runtime::spawn(p.shard(0), "ticks", ticks(p.shard(0), lines, "a"));
    });
    world.start(a);
    world.run_for(milliseconds(1500));
    world.pause(a, seconds(10));
    world.run_for(milliseconds(9900));
    EXPECT_EQ(lines.size(), 1U);
    world.run_for(milliseconds(1200));
    EXPECT_EQ(lines.size(), 3U) << "late at once, and then a second later";
}

Task<> logs_random(Shard& shard) {
    for (;;) {
        shard.log().info("drawn value={}", shard.random().below(1000));
        co_await runtime::sleep_until(shard, shard.now() + seconds(1));
    }
}

std::uint64_t digest_of(std::uint64_t seed) {
    World world({.seed = seed});
    const auto a = add(world, "a", [](Process& p) {
        runtime::spawn(p.shard(0), "logs", logs_random(p.shard(0)));
    });
    world.start(a);
    world.run_for(minutes(1));
    return world.digest();
}

TEST(World, HasOneDigestForEachSeed) {
    EXPECT_EQ(digest_of(1), digest_of(1));
    EXPECT_NE(digest_of(1), digest_of(2));
}

TEST(World, HasADigestThatSeesOneDrawMore) {
    World one({.seed = 7});
    World other({.seed = 7});
    one.note("seen", 1);
    other.note("seen", 2);
    EXPECT_NE(one.digest(), other.digest());
}

TEST(SeededRandom, GivesUnrelatedStreamsForEveryName) {
    SeededRandom a(1, "a");
    SeededRandom again(1, "a");
    SeededRandom b(1, "b");
    SeededRandom next(2, "a");
    const std::uint64_t first = a.next();
    EXPECT_EQ(first, again.next());
    EXPECT_NE(first, b.next());
    EXPECT_NE(first, next.next());
    for (int i = 0; i < 1000; ++i) {
        const std::uint64_t drawn = a.between(3, 5);
        ASSERT_TRUE(drawn >= 3 && drawn <= 5);
    }
}

Task<> asks_other_shard(Shard& from, Shard& to, std::vector<std::string>& lines) {
    const Result<std::size_t> answer =
        co_await runtime::call(from, to, [&to] { return to.index(); });
    lines.push_back(answer ? "shard " + std::to_string(*answer) : answer.error().detail);
}

TEST(World, RunsSeveralShardsOfAProcess) {
    World world({});
    std::vector<std::string> lines;
    const auto a = add(
        world, "a",
        [&](Process& p) {
            runtime::spawn(p.shard(0), "asks", asks_other_shard(p.shard(0), p.shard(1), lines));
        },
        2);
    world.start(a);
    world.run_for(seconds(1));
    EXPECT_THAT(lines, ElementsAre("shard 1"));
}

}  // namespace
}  // namespace moldau::sim
