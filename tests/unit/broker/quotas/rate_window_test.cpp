#include "quotas/rate_window.hpp"

#include <gtest/gtest.h>

#include <atomic>
#include <thread>
#include <vector>

namespace moldau::broker {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

TEST(RateWindow, TellsWhatWasRecorded) {
    RateWindow window({.samples = 3, .size = seconds(1)});
    const MonoTime begun{seconds(100)};
    for (int i = 0; i < 10; ++i) window.record(begun + milliseconds(500 * i), i);
    std::vector<quota::Sample> seen{{.start = begun, .last = begun, .value = 77}};
    window.read(seen);
    ASSERT_EQ(seen.size(), 5U) << "behind what was there, and no more than are kept";
    EXPECT_EQ(seen[0].value, 77);
    double sum = 0;
    for (std::size_t i = 1; i < seen.size(); ++i) {
        EXPECT_EQ(seen[i].last - seen[i].start, milliseconds(500));
        sum += seen[i].value;
    }
    EXPECT_EQ(sum, 2 + 3 + 4 + 5 + 6 + 7 + 8 + 9);
}

// Each sample is seen as it was at one moment: what it holds fits when it began and ended.
TEST(RateWindow, IsNeverSeenHalfWrittenByAnotherThread) {
    RateWindow window({.samples = 3, .size = seconds(1)});
    std::atomic<bool> is_over = false;
    std::atomic<std::uint64_t> seen_samples = 0;
    std::atomic<std::uint64_t> torn = 0;
    std::thread reader([&] {
        std::vector<quota::Sample> seen;
        while (!is_over || seen_samples == 0) {
            seen.clear();
            window.read(seen);
            for (const quota::Sample& each : seen) {
                const auto records = (each.last - each.start) / milliseconds(1) + 1;
                if (each.value != static_cast<double>(records)) ++torn;
            }
            seen_samples += seen.size();
        }
    });
    MonoTime now{seconds(100)};
    for (int i = 0; i < 300'000; ++i) window.record(now += milliseconds(1), 1);
    is_over = true;
    reader.join();
    EXPECT_EQ(torn, 0U);
}

}  // namespace
}  // namespace moldau::broker
