#include "moldau/base/duration_histogram.hpp"

#include <gtest/gtest.h>

#include <limits>

namespace moldau {
namespace {

using Histogram = DurationHistogram;

TEST(DurationHistogram, CountsADurationInTheFirstBucketThatIsNotBelowIt) {
    for (std::size_t i = 0; i < Histogram::kBounds; ++i) {
        const Duration bound = Histogram::bound_of(i);
        SCOPED_TRACE(bound.count());
        EXPECT_EQ(Histogram::bucket_of(bound), i);
        EXPECT_EQ(Histogram::bucket_of(bound + Duration(1)), i + 1);
        if (i > 0) {
            EXPECT_GT(bound, Histogram::bound_of(i - 1));
            EXPECT_LE(bound.count(), Histogram::bound_of(i - 1).count() * 3 / 2);
        }
    }
    EXPECT_EQ(Histogram::bound_of(0), Duration(1024));
    EXPECT_EQ(Histogram::bound_of(Histogram::kBounds - 1), Duration(std::int64_t{1} << 36U));
}

TEST(DurationHistogram, KeepsWhatIsOutOfAllBounds) {
    Histogram histogram;
    histogram.record(Duration(-5));
    histogram.record(Duration(0));
    histogram.record(Duration(std::numeric_limits<Duration::rep>::max()));
    EXPECT_EQ(histogram.counts().front(), 2U);
    EXPECT_EQ(histogram.counts().back(), 1U);
    EXPECT_EQ(histogram.count(), 3U);
}

TEST(DurationHistogram, AddsUp) {
    Histogram first;
    Histogram second;
    first.record(std::chrono::microseconds(1));
    second.record(std::chrono::microseconds(1));
    second.record(std::chrono::seconds(2));
    first.add(second);
    EXPECT_EQ(first.counts().front(), 2U);
    EXPECT_EQ(first.count(), 3U);
    EXPECT_EQ(first.sum(), std::chrono::seconds(2) + std::chrono::microseconds(2));
}

}  // namespace
}  // namespace moldau
