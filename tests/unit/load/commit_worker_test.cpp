// Against a scripted coordinator in the simulated world.
#include "commit_worker.hpp"

#include "group_broker.hpp"
#include "worker_life.hpp"

#include <gmock/gmock.h>

namespace moldau::load {
namespace {

using client::ScriptedCluster;
using std::chrono::seconds;
using testing::ElementsAre;

Outcome commit(ScriptedCluster& cluster, const CommitOptions& options, Share share = {}) {
    return life_of(cluster, [=](client::Cluster& brokers, Transport& transport) {
        return std::make_unique<CommitWorker>(brokers, transport, "g", options, share);
    });
}

Outcome commit(GroupBroker& broker, const CommitOptions& options, Share share = {}) {
    ScriptedCluster cluster({broker.script()});
    return commit(cluster, options, share);
}

CommitOptions some_commits(std::uint64_t commits) {
    return {.topic = "t", .group = {.members = 3}, .commits = commits};
}

TEST(CommitWorker, CommitsAsOftenAsItIsToldEachMemberItsPartitions) {
    GroupBroker broker;
    broker.partitions = 6;
    CommitOptions options = some_commits(100);
    options.partitions = 2;
    const Outcome outcome = commit(broker, options);
    ASSERT_TRUE(*outcome.ended) << outcome.ended->error().detail;
    EXPECT_EQ(outcome.figures.done, 100U);
    EXPECT_EQ(outcome.figures.latency.count(), 100U);
    EXPECT_EQ(broker.commits, 100);
    EXPECT_EQ(broker.committed.size(), 6U);
    EXPECT_EQ(broker.committed[0], 33);  // the first of three has one more
    EXPECT_EQ(broker.committed[5], 32);
    EXPECT_THAT(broker.deleted, ElementsAre("g"));
}

TEST(CommitWorker, SharesTheCommitsOutToGroups) {
    std::uint64_t sum = 0;
    for (std::uint64_t i = 0; i < 4; ++i) {
        GroupBroker broker;
        sum += commit(broker, some_commits(50), {.index = i, .of = 4}).figures.done;
    }
    EXPECT_EQ(sum, 50U);
}

TEST(CommitWorker, KeepsToItsRateAndCountsFromTheMomentThatItGives) {
    GroupBroker broker;
    ScriptedCluster cluster({broker.script()});
    cluster.world.after(seconds(2), [&] { cluster.world.pause(cluster.brokers[0], seconds(2)); });
    const Outcome outcome = commit(
        cluster, {.topic = "t", .group = {.members = 2}, .rate = 100, .duration = seconds(5)});
    ASSERT_TRUE(*outcome.ended);
    EXPECT_EQ(outcome.figures.done, 500U);
    EXPECT_EQ(outcome.figures.unsent, 0U);
    // Two of five seconds stand still, and what they gave waits for as long as was left of them.
    EXPECT_NEAR(static_cast<double>(outcome.figures.latency.max()) * 1e-9, 2.0, 0.2);
    EXPECT_NEAR(static_cast<double>(outcome.figures.latency.quantile(0.8)) * 1e-9, 1.0, 0.4);
    EXPECT_EQ(outcome.figures.send_delay.count(), 500U);
}

TEST(CommitWorker, TellsWhatTheRateGaveAndNobodySent) {
    GroupBroker broker;
    const Outcome outcome = commit(
        broker, {.topic = "t", .group = {.members = 1}, .rate = 100'000, .duration = seconds(2)});
    ASSERT_TRUE(*outcome.ended);
    EXPECT_GT(outcome.figures.unsent, 100'000U);
    EXPECT_EQ(outcome.figures.unsent + outcome.figures.done, 200'000U);
}

TEST(CommitWorker, CountsCommitsThatAreRefusedAndGoesOn) {
    GroupBroker broker;
    broker.commit_verdict = [](int commit) {
        return commit % 10 == 9 ? ErrorCode::illegal_generation : ErrorCode::none;
    };
    const Outcome outcome = commit(broker, some_commits(100));
    ASSERT_TRUE(*outcome.ended);
    EXPECT_EQ(outcome.figures.done, 90U);
    EXPECT_EQ(outcome.figures.failed, 10U);
    EXPECT_EQ(outcome.figures.errors.at("ILLEGAL_GENERATION"), 10U);
}

TEST(CommitWorker, SaysThatTheTopicHasTooFewPartitions) {
    GroupBroker broker;
    CommitOptions options = some_commits(10);
    options.partitions = 5;
    const Outcome outcome = commit(broker, options);
    ASSERT_FALSE(*outcome.ended);
    EXPECT_EQ(outcome.ended->error().detail, "--offsets 5: topic 't' has 4 partitions");
}

}  // namespace
}  // namespace moldau::load
