// With threads: run under ThreadSanitizer too.
#include "moldau/runtime/shards.hpp"

#include "support/lone_shard.hpp"

#include "moldau/runtime/memory_budget.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <atomic>
#include <future>
#include <stdexcept>
#include <sys/resource.h>

namespace moldau::runtime {
namespace {

using std::chrono::hours;
using std::chrono::microseconds;

struct Started {
    explicit Started(std::size_t count, std::size_t mailbox_jobs_max = 1000)
        : shards(
              {.count = count, .mailbox_jobs_max = mailbox_jobs_max}, clock,
              [](std::size_t) { return std::make_unique<support::CountingRandom>(); }, sink) {}
    support::SteadyClock clock;
    support::LinesSink sink;
    Shards shards;
};

TEST(Shards, RunOneForEachCoreUnlessTold) {
    Started started(0);
    EXPECT_EQ(started.shards.size(), usable_cores());
    Started three(3);
    EXPECT_EQ(three.shards.size(), 3U);
}

TEST(Shards, RunOnReturnsWhenTheJobHasRunOnThatShardsThread) {
    Started started(2);
    std::string name;
    ASSERT_TRUE(started.shards.run_on(1, [&name] {
        std::array<char, 16> text{};
        pthread_getname_np(pthread_self(), text.data(), text.size());
        name = text.data();
    }));
    EXPECT_EQ(name, "shard-1");
}

TEST(Shards, RunOnEndsWithAnErrorWhenTheJobThrows) {
    Started started(1);
    const Result<> ran = started.shards.run_on(0, [] { throw std::runtime_error("broken"); });
    ASSERT_FALSE(ran);
    EXPECT_EQ(ran.error().code, ErrorCode::broker_not_available);
    EXPECT_TRUE(started.shards.run_on(0, [] {})) << "the shard goes on";
}

Task<> counts_round(Shards& shards, std::size_t own, int rounds, std::atomic<int>& total) {
    for (int i = 0; i < rounds; ++i) {
        const std::size_t to = (own + 1) % shards.size();
        const Result<int> answer = co_await call(shards[own], shards[to], [] { return 1; });
        if (answer) total += *answer;
    }
}

TEST(Shards, AskEachOtherFromAllSidesWithoutLosingAnAnswer) {
    Started started(3);
    std::atomic<int> total = 0;
    for (std::size_t own = 0; own < 3; ++own) {
        ASSERT_TRUE(started.shards.run_on(own, [&started, own, &total] {
            for (int task = 0; task < 10; ++task)
                spawn(started.shards[own], "asker", counts_round(started.shards, own, 200, total));
        }));
    }
    for (std::size_t own = 0; own < 3; ++own) {
        bool busy = true;
        while (busy)
            ASSERT_TRUE(started.shards.run_on(
                own, [&] { busy = !started.shards[own].task_names().empty(); }));
    }
    EXPECT_EQ(total, 3 * 10 * 200);
}

Task<> sleeps_long(Shard& shard, std::atomic<int>& ended) {
    if (co_await sleep_until(shard, shard.now() + hours(1)) == Waited::cancelled) ++ended;
}

TEST(Shards, StopEndsEveryTaskAndReturnsWhenNothingRuns) {
    std::atomic<int> ended = 0;
    Started started(3);
    for (std::size_t own = 0; own < 3; ++own) {
        ASSERT_TRUE(started.shards.run_on(own, [&started, own, &ended] {
            for (int task = 0; task < 10; ++task)
                spawn(started.shards[own], "sleeper", sleeps_long(started.shards[own], ended));
        }));
    }
    started.shards.stop();
    EXPECT_EQ(ended, 30);
    EXPECT_FALSE(started.shards.run_on(0, [] {}));
}

Task<> sleeps_short(Shard& shard, std::promise<MonoTime>& woken) {
    co_await sleep_until(shard, shard.now() + microseconds(300));
    woken.set_value(shard.now());
}

TEST(Shards, SleepOnTheKernelsTimerNeverTooShort) {
    Started started(1);
    std::promise<MonoTime> woken;
    MonoTime before;
    ASSERT_TRUE(started.shards.run_on(0, [&] {
        before = started.shards[0].now();
        spawn(started.shards[0], "sleeper", sleeps_short(started.shards[0], woken));
    }));
    EXPECT_GE(woken.get_future().get() - before, microseconds(300));
}

Task<> takes_turns(Shard& shard, BudgetWaiters& waiters, MemoryBudget& budget, int rounds,
                   std::atomic<int>& running) {
    MemoryBudget::Holder holder(budget);
    for (int i = 0; i < rounds; ++i) {
        if (co_await waiters.reserve(holder, 60) != Waited::ready) break;
        co_await sleep_until(shard, shard.now());
        holder.release(60);
    }
    --running;
}

TEST(Shards, ShareABudgetWithoutLosingAWakeUp) {
    MemoryBudget budget(100);
    Started started(2);
    BudgetWaiters first(budget, started.shards[0]);
    BudgetWaiters second(budget, started.shards[1]);
    std::atomic<int> running = 8;
    for (std::size_t own = 0; own < 2; ++own) {
        ASSERT_TRUE(started.shards.run_on(own, [&, own] {
            for (int task = 0; task < 4; ++task)
                spawn(started.shards[own], "taker",
                      takes_turns(started.shards[own], own == 0 ? first : second, budget, 100,
                                  running));
        }));
    }
    while (running > 0) ASSERT_TRUE(started.shards.run_on(0, [] {}));
    EXPECT_EQ(budget.bytes_used(), 0U);
    started.shards.stop();  // before the waiters, whose tasks it ends
}

TEST(OpenFiles, LimitIsRaisedToTheHardLimit) {
    rlimit limit{};
    ASSERT_EQ(getrlimit(RLIMIT_NOFILE, &limit), 0);
    const Result<std::uint64_t> raised = raise_open_files_limit();
    ASSERT_TRUE(raised);
    EXPECT_EQ(*raised, limit.rlim_max);
}

}  // namespace
}  // namespace moldau::runtime
