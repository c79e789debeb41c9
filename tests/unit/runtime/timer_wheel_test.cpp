#include "moldau/runtime/timer_wheel.hpp"

#include <gtest/gtest.h>

#include <deque>
#include <limits>
#include <map>
#include <random>
#include <vector>

namespace moldau::runtime {
namespace {

using std::chrono::hours;
using std::chrono::milliseconds;
using std::chrono::seconds;

struct Recorded {
    explicit Recorded(std::vector<int>& into, int number)
        : fired(into),
          id(number),
          timer(
              [](void* owner) {
                  auto& self = *static_cast<Recorded*>(owner);
                  self.fired.push_back(self.id);
              },
              this) {}
    std::vector<int>& fired;
    int id;
    Timer timer;
};

constexpr MonoTime kStart{hours(7)};

TEST(TimerWheel, HasNoDeadlineWhenNothingIsArmed) {
    TimerWheel wheel(kStart);
    EXPECT_EQ(wheel.next_deadline(), kForever);
    EXPECT_EQ(wheel.advance(kStart + hours(100)), 0U);
}

TEST(TimerWheel, FiresNeverBeforeTheDeadlineAndAtMostOneTickLate) {
    for (const Duration wait : {Duration(1), Duration(milliseconds(1)), Duration(seconds(3)),
                                Duration(hours(5)), Duration(hours(24 * 365))}) {
        TimerWheel wheel(kStart);
        std::vector<int> fired;
        Recorded one(fired, 1);
        wheel.arm(one.timer, kStart + wait);
        wheel.advance(kStart + wait - Duration(1));
        EXPECT_TRUE(fired.empty()) << wait.count();
        wheel.advance(kStart + wait + TimerWheel::kTick);
        EXPECT_EQ(fired.size(), 1U) << wait.count();
        EXPECT_FALSE(one.timer.armed());
    }
}

TEST(TimerWheel, FiresWhatIsAlreadyDueAtTheNextAdvance) {
    TimerWheel wheel(kStart);
    std::vector<int> fired;
    Recorded one(fired, 1);
    wheel.arm(one.timer, kStart - seconds(5));
    EXPECT_LE(wheel.next_deadline(), kStart);
    EXPECT_EQ(wheel.advance(kStart), 1U);
}

TEST(TimerWheel, ForgetsADisarmedTimerAndOneThatIsGone) {
    TimerWheel wheel(kStart);
    std::vector<int> fired;
    Recorded one(fired, 1);
    wheel.arm(one.timer, kStart + seconds(1));
    wheel.disarm(one.timer);
    {
        Recorded gone(fired, 2);
        wheel.arm(gone.timer, kStart + seconds(1));
    }
    EXPECT_EQ(wheel.next_deadline(), kForever);
    EXPECT_EQ(wheel.advance(kStart + seconds(2)), 0U);
}

TEST(TimerWheel, MovesATimerThatIsArmedAgain) {
    TimerWheel wheel(kStart);
    std::vector<int> fired;
    Recorded one(fired, 1);
    wheel.arm(one.timer, kStart + seconds(1));
    wheel.arm(one.timer, kStart + seconds(10));
    EXPECT_EQ(wheel.advance(kStart + seconds(9)), 0U);
    wheel.arm(one.timer, kForever);
    EXPECT_EQ(wheel.advance(kStart + seconds(11)), 0U);
}

struct Rearming {
    explicit Rearming(TimerWheel& of)
        : wheel(of),
          timer(
              [](void* owner) {
                  auto& self = *static_cast<Rearming*>(owner);
                  ++self.count;
                  self.wheel.arm(self.timer, kStart);
              },
              this) {}
    TimerWheel& wheel;
    Timer timer;
    int count = 0;
};

TEST(TimerWheel, ATimerThatRearmsItselfForThePastFiresOnceAnAdvance) {
    TimerWheel wheel(kStart);
    Rearming one(wheel);
    wheel.arm(one.timer, kStart);
    EXPECT_EQ(wheel.advance(kStart + seconds(1)), 1U);
    EXPECT_EQ(wheel.advance(kStart + seconds(1)), 1U);
    EXPECT_EQ(one.count, 2);
}

struct Disarming {
    Disarming(TimerWheel& of, Timer& other)
        : wheel(of),
          victim(other),
          timer(
              [](void* owner) {
                  auto& self = *static_cast<Disarming*>(owner);
                  self.wheel.disarm(self.victim);
              },
              this) {}
    TimerWheel& wheel;
    Timer& victim;
    Timer timer;
};

TEST(TimerWheel, ATimerThatFiresMayDisarmOneThatIsDueWithIt) {
    TimerWheel wheel(kStart);
    std::vector<int> fired;
    Recorded victim(fired, 1);
    Disarming first(wheel, victim.timer);
    wheel.arm(first.timer, kStart + seconds(1));
    wheel.arm(victim.timer, kStart + seconds(1));
    EXPECT_EQ(wheel.advance(kStart + seconds(2)), 1U);
    EXPECT_TRUE(fired.empty());
}

// Law: against a plain ordered map, over random arming, moving and disarming, with time moved
// either by random steps or as next_deadline() says.
TEST(TimerWheel, AgreesWithAnOrderedMapOverRandomUse) {
    for (std::uint32_t seed = 1; seed <= 30; ++seed) {
        SCOPED_TRACE(seed);
        std::mt19937_64 random(seed);
        TimerWheel wheel(kStart);
        std::vector<int> fired;
        std::deque<Recorded> timers;
        for (int id = 0; id < 50; ++id) timers.emplace_back(fired, id);
        std::map<int, MonoTime> model;
        MonoTime now = kStart;
        for (int step = 0; step < 2000; ++step) {
            const int id = static_cast<int>(random() % timers.size());
            auto& timer = timers[static_cast<std::size_t>(id)].timer;
            if (random() % 4 == 0) {
                wheel.disarm(timer);
                model.erase(id);
            } else {
                const MonoTime at =
                    now + Duration(static_cast<std::int64_t>(random() >> (20 + random() % 40)));
                wheel.arm(timer, at);
                model[id] = at;
            }
            MonoTime first = kForever;
            for (const auto& [_, at] : model) first = std::min(first, at);
            const MonoTime next = wheel.next_deadline();
            ASSERT_EQ(next == kForever, first == kForever);
            if (next != kForever) ASSERT_LE(next, std::max(first, now) + TimerWheel::kTick);
            now = random() % 2 == 0 && next != kForever && next < now + hours(24)
                      ? std::max(now, next)
                      : now + Duration(static_cast<std::int64_t>(random() % 50'000'000));
            fired.clear();
            wheel.advance(now);
            for (const int each : fired) {
                ASSERT_LE(model.at(each), now);
                model.erase(each);
            }
            for (const auto& [_, at] : model) ASSERT_GT(at + TimerWheel::kTick, now);
        }
    }
}

}  // namespace
}  // namespace moldau::runtime
