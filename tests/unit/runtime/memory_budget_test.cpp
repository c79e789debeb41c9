#include "moldau/runtime/memory_budget.hpp"

#include "support/lone_shard.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <vector>

namespace moldau::runtime {
namespace {

using std::chrono::seconds;
using support::LoneShard;
using testing::ElementsAre;

TEST(MemoryBudget, RefusesWhatDoesNotFitAndTakesNothingThen) {
    MemoryBudget budget(100);
    MemoryBudget::Holder a(budget);
    MemoryBudget::Holder b(budget);
    EXPECT_TRUE(a.try_reserve(60));
    EXPECT_FALSE(b.try_reserve(41));
    EXPECT_EQ(b.held(), 0U);
    EXPECT_TRUE(b.try_reserve(40));
    EXPECT_FALSE(b.try_reserve(~0ULL)) << "no overflow";
    EXPECT_EQ(budget.bytes_used(), 100U);
}

TEST(MemoryBudget, GetsBackWhatAHolderHeldWhenItGoes) {
    MemoryBudget budget(100);
    {
        MemoryBudget::Holder a(budget);
        EXPECT_TRUE(a.try_reserve(60));
        a.release(10);
        EXPECT_EQ(budget.bytes_used(), 50U);
    }
    EXPECT_EQ(budget.bytes_used(), 0U);
}

TEST(MemoryBudgetDeathTest, CannotBeGivenMoreThanWasTaken) {
    MemoryBudget budget(100);
    MemoryBudget::Holder a(budget);
    EXPECT_TRUE(a.try_reserve(60));
    EXPECT_DEATH(a.release(61), "held=60");
}

Task<> reserves(BudgetWaiters& waiters, MemoryBudget::Holder& holder, std::uint64_t bytes,
                std::vector<Waited>& outcomes, MonoTime deadline) {
    outcomes.push_back(co_await waiters.reserve(holder, bytes, deadline));
}

TEST(MemoryBudget, WakesAWaiterOfAnotherShardWhenBytesComeBack) {
    LoneShard first;
    LoneShard second;
    MemoryBudget budget(100);
    BudgetWaiters of_first(budget, first.shard);
    BudgetWaiters of_second(budget, second.shard);
    MemoryBudget::Holder big(budget);
    ASSERT_TRUE(big.try_reserve(90));
    MemoryBudget::Holder a(budget);
    MemoryBudget::Holder b(budget);
    std::vector<Waited> outcomes;
    spawn(second.shard, "a", reserves(of_second, a, 50, outcomes, kForever));
    spawn(second.shard, "b", reserves(of_second, b, 50, outcomes, kForever));
    second.run();
    big.release(30);
    second.run();
    EXPECT_TRUE(outcomes.empty()) << "not room enough yet";
    big.release(20);
    second.run();
    EXPECT_THAT(outcomes, ElementsAre(Waited::ready));
    a.release(50);
    second.run();
    EXPECT_THAT(outcomes, ElementsAre(Waited::ready, Waited::ready));
    EXPECT_EQ(b.held(), 50U);
}

TEST(MemoryBudget, AWaitEndsAtItsDeadline) {
    LoneShard lone;
    MemoryBudget budget(100);
    BudgetWaiters waiters(budget, lone.shard);
    MemoryBudget::Holder a(budget);
    std::vector<Waited> outcomes;
    spawn(lone.shard, "a", reserves(waiters, a, 101, outcomes, lone.shard.now() + seconds(1)));
    lone.pass(seconds(2));
    EXPECT_THAT(outcomes, ElementsAre(Waited::deadline_passed));
    EXPECT_EQ(budget.bytes_used(), 0U);
}

}  // namespace
}  // namespace moldau::runtime
