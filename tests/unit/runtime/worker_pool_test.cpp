#include "moldau/runtime/worker_pool.hpp"

#include <gtest/gtest.h>

#include <atomic>
#include <future>

namespace moldau::runtime {
namespace {

TEST(WorkerPool, RunsAllThatWasSubmittedBeforeItStops) {
    std::atomic<int> ran = 0;
    WorkerPool pool({.name = "test", .threads = 3});
    for (int i = 0; i < 1000; ++i) EXPECT_TRUE(pool.submit([&ran] { ++ran; }));
    pool.stop();
    EXPECT_EQ(ran, 1000);
    const Result<> late = pool.submit([&ran] { ++ran; });
    ASSERT_FALSE(late);
    EXPECT_EQ(late.error().code, ErrorCode::broker_not_available);
}

TEST(WorkerPool, RefusesJobsBeyondItsBoundAndTakesThemAgainLater) {
    WorkerPool pool({.name = "test", .threads = 1, .jobs_max = 2});
    std::promise<void> begun;
    std::promise<void> go_on;
    ASSERT_TRUE(pool.submit([&] {
        begun.set_value();
        go_on.get_future().wait();
    }));
    begun.get_future().wait();
    EXPECT_TRUE(pool.submit([] {}));
    EXPECT_TRUE(pool.submit([] {}));
    const Result<> third = pool.submit([] {});
    ASSERT_FALSE(third);
    EXPECT_EQ(third.error().code, ErrorCode::throttling_quota_exceeded);
    EXPECT_EQ(pool.waiting(), 2U);
    EXPECT_GT(pool.oldest_running(), Duration(0));
    std::promise<void> last;
    go_on.set_value();
    while (!pool.submit([&last] { last.set_value(); })) std::this_thread::yield();
    last.get_future().wait();
}

}  // namespace
}  // namespace moldau::runtime
