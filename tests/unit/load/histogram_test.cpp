#include "histogram.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <random>
#include <vector>

namespace moldau::load {
namespace {

TEST(Histogram, KeepsSmallValuesExactly) {
    Histogram histogram;
    for (std::int64_t value = 0; value < 256; ++value) histogram.record(value);
    EXPECT_EQ(histogram.quantile(0.5), 127);
    EXPECT_EQ(histogram.quantile(1.0 / 256), 0);
    EXPECT_EQ(histogram.quantile(1), 255);
    EXPECT_EQ(histogram.count(), 256U);
    EXPECT_DOUBLE_EQ(histogram.mean(), 127.5);
}

TEST(Histogram, IsNeverBelowTheTrueQuantileNorMoreThanAHundredAndTwentyEighthAboveIt) {
    std::mt19937_64 random(5);
    for (int round = 0; round < 20; ++round) {
        Histogram histogram;
        std::vector<std::int64_t> values(1 + random() % 3000);
        for (std::int64_t& value : values) {
            value = static_cast<std::int64_t>(random() >> (1 + random() % 60));
            histogram.record(value);
        }
        std::ranges::sort(values);
        for (const double share : {0.0, 0.01, 0.5, 0.9, 0.99, 0.999, 1.0}) {
            const double rank =
                std::max(1.0, std::ceil(share * static_cast<double>(values.size())));
            const std::int64_t truth = values[static_cast<std::size_t>(rank) - 1];
            const std::int64_t told = histogram.quantile(share);
            EXPECT_GE(told, truth) << "share=" << share;
            EXPECT_LE(told - truth, truth / 128) << "share=" << share;
        }
    }
}

TEST(Histogram, HoldsTheLargestValueThereIs) {
    constexpr std::int64_t kMost = std::numeric_limits<std::int64_t>::max();
    Histogram histogram;
    histogram.record(1);
    histogram.record(kMost);
    EXPECT_EQ(histogram.max(), kMost);
    EXPECT_EQ(histogram.quantile(1), kMost);
    EXPECT_EQ(histogram.quantile(0.5), 1);
}

TEST(Histogram, CountsNegativeValuesAsZero) {
    Histogram histogram;
    histogram.record(-7);
    EXPECT_EQ(histogram.quantile(0.5), 0);
    EXPECT_EQ(histogram.count(), 1U);
}

TEST(Histogram, MergedSaysTheSameAsOneThatSawEverything) {
    std::mt19937_64 random(9);
    Histogram all;
    Histogram first;
    Histogram second;
    for (int i = 0; i < 5000; ++i) {
        const auto value = static_cast<std::int64_t>(random() >> (20 + random() % 40));
        const std::uint64_t count = random() % 3;
        all.record(value, count);
        (i % 3 == 0 ? first : second).record(value, count);
    }
    first.merge(second);
    EXPECT_EQ(first.count(), all.count());
    EXPECT_EQ(first.max(), all.max());
    EXPECT_NEAR(first.mean(), all.mean(), all.mean() * 1e-12);
    for (double share = 0; share <= 1; share += 0.001)
        ASSERT_EQ(first.quantile(share), all.quantile(share)) << "share=" << share;
}

TEST(Histogram, TellsWhatCameSinceItWasAnother) {
    std::mt19937_64 random(11);
    Histogram all;
    Histogram earlier;
    Histogram later;
    for (int i = 0; i < 4000; ++i) {
        const auto value = static_cast<std::int64_t>(random() >> (30 + random() % 30));
        all.record(value);
        (i < 2500 ? earlier : later).record(value);
    }
    const Histogram since = all.since(earlier);
    EXPECT_EQ(since.count(), 1500U);
    EXPECT_NEAR(since.mean(), later.mean(), later.mean() * 1e-9);
    EXPECT_GE(since.max(), later.max());
    EXPECT_LE(since.max(), later.max() + later.max() / 128);
    for (double share = 0; share < 1; share += 0.01)
        ASSERT_EQ(since.quantile(share), later.quantile(share)) << "share=" << share;
    EXPECT_EQ(all.since(all).count(), 0U);
    EXPECT_EQ(all.since(all).max(), 0);
}

TEST(Histogram, ShowsItsBucketsToTheLastThatHoldsSomething) {
    Histogram histogram;
    EXPECT_TRUE(histogram.counts().empty());
    histogram.record(0);
    histogram.record(3, 5);
    ASSERT_EQ(histogram.counts().size(), 4U);
    EXPECT_EQ(histogram.counts()[0], 1U);
    EXPECT_EQ(histogram.counts()[3], 5U);
    histogram.record(257);  // shares a bucket with 256
    EXPECT_EQ(histogram.counts().size(), 257U);
}

TEST(Histogram, SaysZeroWhenNothingWasRecorded) {
    Histogram histogram;
    histogram.record(1000, 0);
    EXPECT_EQ(histogram.quantile(0.99), 0);
    EXPECT_EQ(histogram.max(), 0);
    EXPECT_EQ(histogram.mean(), 0);
}

}  // namespace
}  // namespace moldau::load
