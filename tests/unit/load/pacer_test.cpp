#include "pacer.hpp"

#include <gtest/gtest.h>

#include <random>

namespace moldau::load {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

const MonoTime kStart{seconds(1000)};

TEST(Pacer, SharesLeaveNothingOver) {
    for (const std::uint64_t total : {0U, 1U, 7U, 100U}) {
        std::uint64_t sum = 0;
        for (std::uint64_t i = 0; i < 3; ++i) sum += part_of(total, {.index = i, .of = 3});
        EXPECT_EQ(sum, total);
    }
    EXPECT_EQ(part_of(7, {.index = 0, .of = 3}), 3U);
    EXPECT_EQ(part_of(7, {.index = 2, .of = 3}), 2U);
}

TEST(Pacer, GivesRecordsEvenlyFromTheStartOn) {
    const Pacer pacer(kStart, 4, {});
    EXPECT_EQ(pacer.time_of(0), kStart);
    EXPECT_EQ(pacer.time_of(1), kStart + milliseconds(250));
    EXPECT_EQ(pacer.time_of(8), kStart + seconds(2));
    EXPECT_EQ(pacer.due(kStart - Duration(1)), 0U);
    EXPECT_EQ(pacer.due(kStart), 1U);
    EXPECT_EQ(pacer.due(kStart + milliseconds(249)), 1U);
    EXPECT_EQ(pacer.due(kStart + milliseconds(250)), 2U);
}

TEST(Pacer, DealsTheRateOutToProducersInTurn) {
    const Pacer first(kStart, 4, {.index = 0, .of = 2});
    const Pacer second(kStart, 4, {.index = 1, .of = 2});
    EXPECT_EQ(second.time_of(0), kStart + milliseconds(250));
    EXPECT_EQ(first.time_of(1), kStart + milliseconds(500));
    EXPECT_EQ(second.due(kStart), 0U);
    EXPECT_EQ(first.due(kStart + seconds(10)) + second.due(kStart + seconds(10)), 41U);
}

TEST(Pacer, HasDueExactlyTheRecordsWhoseTimeHasComeAlsoAfterDays) {
    std::mt19937_64 random(3);
    for (int i = 0; i < 20'000; ++i) {
        const std::uint64_t of = 1 + random() % 5;
        const Pacer pacer(kStart, 1 + random() % 1'000'000'000, {.index = random() % of, .of = of});
        const MonoTime now =
            kStart + Duration(static_cast<std::int64_t>(random() % (30ULL * 86'400'000'000'000)));
        const std::uint64_t due = pacer.due(now);
        if (due > 0) {
            ASSERT_LE(pacer.time_of(due - 1), now);
        }
        ASSERT_GT(pacer.time_of(due), now);
    }
}

}  // namespace
}  // namespace moldau::load
