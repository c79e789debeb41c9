#include "moldau/runtime/shard.hpp"

#include "support/lone_shard.hpp"

#include <boost/asio/io_context.hpp>
#include <boost/asio/post.hpp>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <memory>
#include <stdexcept>
#include <string>
#include <vector>

namespace moldau::runtime {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;
using support::LoneShard;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::SizeIs;

using Lines = std::vector<std::string>;

std::string text_of(Waited waited) {
    switch (waited) {
        case Waited::ready:
            return "ready";
        case Waited::deadline_passed:
            return "deadline passed";
        case Waited::cancelled:
            return "cancelled";
    }
    return "?";
}

Task<> sleeps(Shard& shard, Duration time, Lines& lines, std::string name) {
    const Waited waited = co_await sleep_until(shard, shard.now() + time);
    lines.push_back(name + " " + text_of(waited));
}

Task<> waits_for(Signal& signal, Lines& lines, std::string name, MonoTime deadline = kForever) {
    const Waited waited = co_await signal.wait(deadline);
    lines.push_back(name + " " + text_of(waited));
}

Task<> throws(Shard& shard) {
    co_await sleep_until(shard, shard.now());
    throw std::runtime_error("the sky has fallen");
}

TEST(Shard, RunsJobsInTheOrderOfPostingAndNeverInsideThePost) {
    LoneShard lone;
    Lines lines;
    EXPECT_TRUE(lone.shard.post([&] { lines.emplace_back("a"); }));
    EXPECT_TRUE(lone.shard.post([&] { lines.emplace_back("b"); }));
    EXPECT_TRUE(lines.empty());
    lone.run();
    EXPECT_THAT(lines, ElementsAre("a", "b"));
}

Task<> brings_about(Shard& shard, Signal& signal, Lines& lines) {
    (void)co_await signal.wait();
    lines.emplace_back("woken");
    (void)shard.post([&] { lines.emplace_back("posted by the woken"); });
}

TEST(Shard, DoesInOneTurnWhatJobsAndTasksBringAbout) {
    LoneShard lone;
    Lines lines;
    Signal signal(lone.shard);
    spawn(lone.shard, "waits", brings_about(lone.shard, signal, lines));
    lone.run();
    EXPECT_TRUE(lone.shard.post([&] {
        lines.emplace_back("job");
        signal.set();
    }));
    EXPECT_TRUE(lone.shard.poll_one());
    EXPECT_THAT(lines, ElementsAre("job", "woken", "posted by the woken"));
    lone.run();
}

TEST(Shard, AJobThatPostsItselfAgainLeavesTheLoopToOthers) {
    LoneShard lone;
    int ran = 0;
    Job again = [&] {
        ++ran;
        (void)lone.shard.post([&] { again(); });
    };
    EXPECT_TRUE(lone.shard.post([&] { again(); }));
    EXPECT_TRUE(lone.shard.poll_one());
    const int in_one_turn = ran;
    EXPECT_LT(in_one_turn, 100);
    EXPECT_TRUE(lone.shard.poll_one());
    EXPECT_GT(ran, in_one_turn) << "it goes on in the next turn";
}

TEST(Shard, RefusesAJobWhenTheMailboxIsFullAndTakesJobsAgainWhenItIsEmptied) {
    LoneShard lone(2);
    int ran = 0;
    const auto job = [&ran] { ++ran; };
    EXPECT_TRUE(lone.shard.post(job));
    EXPECT_TRUE(lone.shard.post(job));
    const Result<> third = lone.shard.post(job);
    ASSERT_FALSE(third);
    EXPECT_EQ(third.error().code, ErrorCode::throttling_quota_exceeded);
    EXPECT_TRUE(lone.shard.post_answer(job)) << "answers have been paid for by their questions";
    lone.run();
    EXPECT_EQ(ran, 3);
    EXPECT_TRUE(lone.shard.post(job));
}

TEST(Shard, GoesOnAfterAJobThatThrows) {
    LoneShard lone;
    bool ran = false;
    EXPECT_TRUE(lone.shard.post([] { throw std::runtime_error("a job broke"); }));
    EXPECT_TRUE(lone.shard.post([&] { ran = true; }));
    lone.run();
    EXPECT_TRUE(ran);
    EXPECT_THAT(lone.sink.lines(), ElementsAre(HasSubstr("a job broke")));
}

TEST(Shard, StartsATaskFromTheLoopAndNotInsideSpawn) {
    LoneShard lone;
    Lines lines;
    spawn(lone.shard, "sleeper", sleeps(lone.shard, Duration(0), lines, "task"));
    EXPECT_THAT(lone.shard.task_names(), ElementsAre("sleeper"));
    EXPECT_TRUE(lines.empty());
    lone.pass(milliseconds(1));
    EXPECT_THAT(lines, ElementsAre("task deadline passed"));
    EXPECT_THAT(lone.shard.task_names(), SizeIs(0));
}

TEST(Shard, WakesSleepersInTheOrderOfTheirDeadlines) {
    LoneShard lone;
    Lines lines;
    spawn(lone.shard, "late", sleeps(lone.shard, seconds(5), lines, "late"));
    spawn(lone.shard, "early", sleeps(lone.shard, seconds(1), lines, "early"));
    lone.pass(seconds(2));
    EXPECT_THAT(lines, ElementsAre("early deadline passed"));
    lone.pass(seconds(4));
    EXPECT_THAT(lines, ElementsAre("early deadline passed", "late deadline passed"));
}

TEST(Shard, LogsWhatEscapesATaskWithItsNameAndGoesOn) {
    LoneShard lone;
    Lines lines;
    spawn(lone.shard, "replica-fetcher 3→7", throws(lone.shard));
    spawn(lone.shard, "other", sleeps(lone.shard, seconds(1), lines, "other"));
    lone.pass(seconds(2));
    EXPECT_THAT(lone.sink.lines(), ElementsAre(testing::AllOf(HasSubstr("replica-fetcher 3→7"),
                                                              HasSubstr("the sky has fallen"))));
    EXPECT_THAT(lines, SizeIs(1));
}

TEST(Shard, StopCancelsAllTasksAndEndsTheRunWhenTheLastHasEnded) {
    LoneShard lone;
    Lines lines;
    spawn(lone.shard, "a", sleeps(lone.shard, seconds(100), lines, "a"));
    lone.run();
    lone.shard.stop();
    lone.shard.run();  // returns
    EXPECT_THAT(lines, ElementsAre("a cancelled"));
    const Result<> posted = lone.shard.post([] {});
    ASSERT_FALSE(posted);
    EXPECT_EQ(posted.error().code, ErrorCode::broker_not_available);
}

struct Witness {
    explicit Witness(Lines& into, std::string with) : lines(into), name(std::move(with)) {}
    Witness(const Witness&) = delete;
    Witness& operator=(const Witness&) = delete;
    ~Witness() { lines.push_back(name + " destroyed"); }
    Lines& lines;
    std::string name;
};

Task<> holds(Shard& shard, Lines& lines, std::string name) {
    const Witness witness(lines, name);
    co_await sleep_until(shard, shard.now() + seconds(100));
    lines.push_back(name + " went on");
}

Task<> owns_a_child(Shard& shard, Lines& lines) {
    const Witness witness(lines, "parent");
    TaskGroup group(shard);
    group.spawn("child", holds(shard, lines, "child"));
    co_await group.join();
    lines.emplace_back("parent went on");
}

TEST(Shard, KillDestroysTasksWhereTheyWaitTheNewestFirst) {
    Lines lines;
    {
        LoneShard lone;
        spawn(lone.shard, "parent", owns_a_child(lone.shard, lines));
        lone.run();
        spawn(lone.shard, "unborn", holds(lone.shard, lines, "unborn"));
        lone.shard.kill();
        EXPECT_THAT(lines, ElementsAre("child destroyed", "parent destroyed"));
        EXPECT_FALSE(lone.shard.post([] {}));
        EXPECT_FALSE(lone.shard.poll_one());
    }
    EXPECT_THAT(lines, SizeIs(2));
}

TEST(TaskGroup, CancelsItsOwnTasksOnlyAndJoinsThem) {
    LoneShard lone;
    Lines lines;
    TaskGroup mine(lone.shard);
    mine.spawn("mine", sleeps(lone.shard, seconds(100), lines, "mine"));
    spawn(lone.shard, "other", sleeps(lone.shard, seconds(1), lines, "other"));
    lone.run();
    EXPECT_EQ(mine.size(), 1U);
    mine.cancel();
    EXPECT_FALSE(mine.empty()) << "cancelling is asking: the task ends in the loop";
    lone.run();
    EXPECT_TRUE(mine.empty());
    EXPECT_THAT(lines, ElementsAre("mine cancelled"));
    lone.pass(seconds(2));
    EXPECT_THAT(lines, ElementsAre("mine cancelled", "other deadline passed"));
}

Task<> ignores_cancellation_once(Shard& shard, Lines& lines) {
    for (int i = 0; i < 3; ++i) {
        const Waited waited = co_await sleep_until(shard, shard.now() + seconds(100));
        lines.push_back(text_of(waited));
    }
}

TEST(TaskGroup, EveryFurtherWaitOfACancelledTaskAnswersAtOnce) {
    LoneShard lone;
    Lines lines;
    TaskGroup group(lone.shard);
    group.spawn("stubborn", ignores_cancellation_once(lone.shard, lines));
    lone.run();
    group.cancel();
    lone.run();
    EXPECT_THAT(lines, ElementsAre("cancelled", "cancelled", "cancelled"));
    EXPECT_TRUE(group.empty());
}

Task<> takes_turns(Shard& shard, Lines& lines, std::string name) {
    for (int i = 0; i < 3; ++i) {
        lines.push_back(name);
        if (co_await next_turn(shard) == Waited::cancelled) {
            lines.push_back(name + " cancelled");
            co_return;
        }
    }
}

TEST(NextTurn, LeavesTheLoopToWhatElseIsReady) {
    LoneShard lone;
    Lines lines;
    spawn(lone.shard, "a", takes_turns(lone.shard, lines, "a"));
    spawn(lone.shard, "b", takes_turns(lone.shard, lines, "b"));
    EXPECT_TRUE(lone.shard.poll_one());
    for (std::size_t before = 0; lone.shard.poll_one(); before = lines.size())
        EXPECT_LE(lines.size() - before, 2U) << "each once in a step of the loop";
    EXPECT_THAT(lines, ElementsAre("a", "b", "a", "b", "a", "b"));
}

TEST(NextTurn, LetsWhatHasComeMeanwhileGoFirst) {
    LoneShard lone;
    Lines lines;
    spawn(lone.shard, "turns", takes_turns(lone.shard, lines, "turn"));
    EXPECT_TRUE(lone.shard.poll_one());  // the task is begun
    EXPECT_TRUE(lone.shard.poll_one());
    EXPECT_THAT(lines, ElementsAre("turn"));
    boost::asio::post(lone.shard.io(), [&] { lines.emplace_back("other"); });
    lone.run();
    EXPECT_THAT(lines, ElementsAre("turn", "turn", "other", "turn"));
}

TEST(NextTurn, EndsWithItsTask) {
    Lines lines;
    {
        LoneShard lone;
        TaskGroup group(lone.shard);
        group.spawn("cancelled", takes_turns(lone.shard, lines, "a"));
        EXPECT_TRUE(lone.shard.poll_one());
        EXPECT_TRUE(lone.shard.poll_one());
        group.cancel();
        lone.run();
        EXPECT_THAT(lines, ElementsAre("a", "a cancelled"));
        EXPECT_TRUE(group.empty());
        spawn(lone.shard, "killed", takes_turns(lone.shard, lines, "b"));
        EXPECT_TRUE(lone.shard.poll_one());
        EXPECT_TRUE(lone.shard.poll_one());
        lone.shard.kill();
    }
    EXPECT_THAT(lines, ElementsAre("a", "a cancelled", "b"));
}

TEST(Signal, WakesAllThatWait) {
    LoneShard lone;
    Lines lines;
    Signal signal(lone.shard);
    spawn(lone.shard, "a", waits_for(signal, lines, "a"));
    spawn(lone.shard, "b", waits_for(signal, lines, "b"));
    lone.run();
    EXPECT_TRUE(lines.empty());
    signal.set();
    EXPECT_TRUE(lines.empty()) << "who sets does not run the others";
    lone.run();
    EXPECT_THAT(lines, ElementsAre("a ready", "b ready"));
}

TEST(Signal, StaysSetForTheNextWhenNobodyWaits) {
    LoneShard lone;
    Lines lines;
    Signal signal(lone.shard);
    signal.set();
    spawn(lone.shard, "a", waits_for(signal, lines, "a"));
    spawn(lone.shard, "b", waits_for(signal, lines, "b", lone.shard.now() + seconds(1)));
    lone.pass(seconds(2));
    EXPECT_THAT(lines, ElementsAre("a ready", "b deadline passed"));
}

TEST(Signal, CountsTheFirstOfSignalAndDeadline) {
    LoneShard lone;
    Lines lines;
    Signal signal(lone.shard);
    spawn(lone.shard, "a", waits_for(signal, lines, "a", lone.shard.now() + seconds(1)));
    lone.run();
    signal.set();
    lone.pass(seconds(5));
    EXPECT_THAT(lines, ElementsAre("a ready"));
}

Task<> asks(Shard& from, Shard& to, Lines& lines) {
    const Result<int> answer = co_await call(from, to, [] { return 42; });
    lines.push_back(answer ? std::to_string(*answer) : answer.error().detail);
    const Result<> refused = co_await call(
        from, to, []() -> Result<> { return Error{ErrorCode::invalid_record, "no"}; });
    lines.push_back(refused ? "?" : refused.error().detail);
}

TEST(Call, ComesBackWithTheAnswerOrTheError) {
    LoneShard from;
    LoneShard to;
    Lines lines;
    spawn(from.shard, "asker", asks(from.shard, to.shard, lines));
    for (int turn = 0; turn < 5; ++turn) {
        from.run();
        to.run();
    }
    EXPECT_THAT(lines, ElementsAre("42", "no"));
    Lines own;
    spawn(from.shard, "asker of itself", asks(from.shard, from.shard, own));
    from.run();
    EXPECT_THAT(own, ElementsAre("42", "no"));
}

TEST(Call, FailsWhenTheMailboxIsFullAndWhenTheOtherShardStops) {
    LoneShard from;
    LoneShard to(1);
    Lines lines;
    EXPECT_TRUE(to.shard.post([] {}));
    spawn(from.shard, "asker", asks(from.shard, to.shard, lines));
    from.run();
    EXPECT_THAT(lines, ElementsAre(HasSubstr("full"), HasSubstr("full")));
    to.run();
    lines.clear();
    spawn(from.shard, "asker", asks(from.shard, to.shard, lines));
    from.run();
    to.shard.kill();
    from.run();
    EXPECT_THAT(lines, ElementsAre(HasSubstr("stopped"), HasSubstr("stopped")));
}

}  // namespace
}  // namespace moldau::runtime
