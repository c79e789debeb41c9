#include "moldau/io/system_clock.hpp"
#include "moldau/io/system_random.hpp"

#include <gtest/gtest.h>

#include <chrono>
#include <set>

namespace moldau::io {
namespace {

TEST(SystemClock, NeverGoesBackAndTellsTheDate) {
    const SystemClock clock;
    const MonoTime first = clock.now();
    EXPECT_LE(first, clock.now());
    const auto wall = std::chrono::duration_cast<std::chrono::milliseconds>(
        std::chrono::system_clock::now().time_since_epoch());
    EXPECT_NEAR(static_cast<double>(clock.wall().ms), static_cast<double>(wall.count()), 10'000);
}

TEST(SystemRandom, DiffersBetweenGeneratorsAndSpreadsOverAllBits) {
    std::set<std::uint64_t> seen;
    std::uint64_t ones = 0;
    std::uint64_t zeros = 0;
    for (int generator = 0; generator < 4; ++generator) {
        SystemRandom random;
        for (int i = 0; i < 1000; ++i) {
            const std::uint64_t value = random.next();
            seen.insert(value);
            ones |= value;
            zeros |= ~value;
        }
    }
    EXPECT_EQ(seen.size(), 4000U);
    EXPECT_EQ(ones, ~0ULL);
    EXPECT_EQ(zeros, ~0ULL);
}

TEST(SystemRandom, BelowStaysBelowAndReachesAll) {
    SystemRandom random;
    std::set<std::uint64_t> seen;
    for (int i = 0; i < 1000; ++i) seen.insert(random.below(7));
    EXPECT_EQ(seen.size(), 7U);
    EXPECT_EQ(*seen.rbegin(), 6U);
}

}  // namespace
}  // namespace moldau::io
