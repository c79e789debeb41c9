// The numbers are worked out by hand from Kafka's rules, for windows of 11 times one second where
// nothing else is said.
#include "moldau/quota/rate.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <limits>
#include <vector>

namespace moldau::quota {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;
using testing::DoubleNear;
using testing::SizeIs;

MonoTime at(std::int64_t ms) {
    return MonoTime(seconds(1'000'000)) + milliseconds(ms);
}

struct Event {
    std::int64_t ms = 0;
    double value = 0;
};

TEST(Rate, IsTheValueOfTheLastWindowsOverTheTimeThatTheyAreTakenToSpan) {
    struct Row {
        const char* what;
        std::vector<Event> recorded;
        std::int64_t now_ms;
        double per_second, window_seconds;
        Windows windows = {};
    };
    for (const Row& row : {
             Row{"nothing", {}, 0, 0, 10},
             Row{"the first moment counts as ten windows", {{0, 1000}}, 0, 100, 10},
             Row{"what of the newest has passed is added", {{0, 1000}}, 500, 1000 / 10.5, 10.5},
             Row{"two in one window", {{0, 1000}, {500, 1000}}, 500, 2000 / 10.5, 10.5},
             Row{"a pause", {{0, 1000}, {5000, 1000}}, 5000, 200, 10},
             Row{"a pause, and a part", {{0, 1000}, {5700, 1000}}, 5700, 2000 / 10.7, 10.7},
             Row{"ten windows and the newest",
                 {{0, 100},
                  {1000, 100},
                  {2000, 100},
                  {3000, 100},
                  {4000, 100},
                  {5000, 100},
                  {6000, 100},
                  {7000, 100},
                  {8000, 100},
                  {9000, 100},
                  {10000, 100}},
                 10000,
                 110,
                 10},
             Row{"the oldest is over",
                 {{0, 900},
                  {1000, 100},
                  {2000, 100},
                  {3000, 100},
                  {4000, 100},
                  {5000, 100},
                  {6000, 100},
                  {7000, 100},
                  {8000, 100},
                  {9000, 100},
                  {10000, 100},
                  {11000, 100}},
                 11000,
                 110,
                 10},
             Row{"one that reaches into the time looked at counts in full",
                 {{0, 500}, {900, 500}, {11500, 1000}},
                 11500,
                 2000 / 11.5,
                 11.5},
             Row{"all is over", {{0, 1000}, {999, 1000}}, 20000, 0, 10},
             Row{"taken back", {{0, 1000}, {10, 300}, {20, -300}}, 20, 1000 / 10.02, 10.02},
             Row{"one sample: at least a millisecond", {{0, 5}}, 0, 5000, 0.001, {1, seconds(1)}},
             Row{"one sample, later", {{0, 5}}, 500, 10, 0.5, {1, seconds(1)}},
             Row{"two samples of three seconds",
                 {{0, 6}, {2999, 6}, {3000, 6}},
                 4000,
                 4.5,
                 4,
                 {2, seconds(3)}},
         }) {
        SCOPED_TRACE(row.what);
        Rate rate(row.windows);
        for (const Event& each : row.recorded) rate.record(at(each.ms), each.value);
        const Observed observed = observe(row.windows, at(row.now_ms), rate.samples());
        EXPECT_THAT(observed.per_second, DoubleNear(row.per_second, 1e-9));
        EXPECT_THAT(observed.window_seconds, DoubleNear(row.window_seconds, 1e-9));
    }
}

TEST(Rate, AWindowBeginsWithWhatIsRecordedWhenTheOneBeforeIsOver) {
    Rate rate({});
    rate.record(at(0), 1);
    rate.record(at(999), 1);
    rate.record(at(1300), 1);
    rate.record(at(2299), 1);  // within a second of 1300
    rate.record(at(2300), 1);
    ASSERT_THAT(rate.samples(), SizeIs(3));
    EXPECT_EQ(rate.samples()[0].value, 2);
    EXPECT_EQ(rate.samples()[1].start, at(1300));
    EXPECT_EQ(rate.samples()[1].last, at(2299));
    EXPECT_EQ(rate.samples()[2].start, at(2300));
}

TEST(Rate, KeepsOneSampleMoreThanItsWindowsAndThenUsesTheOldestAgain) {
    Rate rate({3, seconds(1)});
    for (int i = 0; i < 9; ++i) rate.record(at(i * 1000), i);
    ASSERT_THAT(rate.samples(), SizeIs(4));
    double sum = 0;
    for (const Sample& each : rate.samples()) sum += each.value;
    EXPECT_EQ(sum, 5 + 6 + 7 + 8);
    EXPECT_EQ(rate.record(at(9000), 9), 1U);
}

TEST(Rate, OfSeveralWritersIsOne) {
    Rate here({});
    Rate there({});
    here.record(at(0), 500);
    there.record(at(2000), 500);
    std::vector<Sample> all(here.samples().begin(), here.samples().end());
    all.insert(all.end(), there.samples().begin(), there.samples().end());
    const Observed observed = observe({}, at(2500), all);
    EXPECT_THAT(observed.window_seconds, DoubleNear(10.5, 1e-9));
    EXPECT_THAT(observed.per_second, DoubleNear(1000 / 10.5, 1e-9));
}

TEST(Rate, IsOverWhenNothingWasRecordedForAllWindows) {
    Rate rate({});
    EXPECT_TRUE(rate.is_over(at(0)));
    rate.record(at(0), 1);
    EXPECT_FALSE(rate.is_over(at(10'999)));
    EXPECT_TRUE(rate.is_over(at(11'000)));
}

TEST(ThrottleTime, IsUntilTheRateWouldBeTheBound) {
    struct Row {
        const char* what;
        double per_second, window_seconds, bound;
        std::int64_t ms;
    };
    for (const Row& row :
         {Row{"below", 99, 10, 100, 0}, Row{"at it", 100, 10, 100, 0},
          Row{"twice", 200, 10, 100, 10'000}, Row{"a tenth above", 110, 10.5, 100, 1050},
          Row{"less than half a millisecond", 100.004, 10, 100, 0},
          Row{"rounded up", 100.006, 10, 100, 1},
          Row{"more than can be told", 1e12, 10, 1, 2'147'483'647},
          Row{"of a bound of nothing", 1, 10, 0, 2'147'483'647}}) {
        SCOPED_TRACE(row.what);
        EXPECT_EQ(throttle_time({row.per_second, row.window_seconds}, row.bound).count(), row.ms);
    }
}

TEST(Windows, SpanAsMuchTimeAsThereIsWhereTheyWouldSpanMore) {
    EXPECT_EQ(Windows{}.span(), seconds(11));
    constexpr std::int32_t kMost = std::numeric_limits<std::int32_t>::max();
    const Windows huge{kMost, seconds(kMost)};
    EXPECT_EQ(huge.span(), Duration::max());
    Rate rate(huge);
    rate.record(at(0), 1);
    EXPECT_GT(observe(huge, at(0), rate.samples()).window_seconds, 1e18);
}

}  // namespace
}  // namespace moldau::quota
