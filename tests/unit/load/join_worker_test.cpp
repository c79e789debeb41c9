// Against a scripted coordinator in the simulated world.
#include "join_worker.hpp"

#include "group_broker.hpp"
#include "load_broker.hpp"

#include <gmock/gmock.h>

namespace moldau::load {
namespace {

using client::ScriptedBroker;
using client::ScriptedCluster;
using runtime::Shard;
using runtime::Task;
using std::chrono::milliseconds;
using std::chrono::seconds;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::SizeIs;

Task<> work(Shard& shard, Worker& worker, Outcome& outcome) {
    Result<> ended = co_await worker.prepare();
    if (ended) ended = co_await worker.run(shard.now() + milliseconds(1));
    co_await worker.stop();
    outcome.figures = worker.figures();
    outcome.ended = std::move(ended);
}

Task<> join_once(Shard& shard, Transport& transport, JoinOptions options, Outcome& outcome) {
    client::Cluster cluster(shard, transport, {.bootstrap = {{"broker-0", ScriptedBroker::kPort}}});
    JoinWorker worker(cluster, transport, "g", options);
    co_await work(shard, worker, outcome);
    cluster.close();
}

Outcome join(GroupBroker& broker, const JoinOptions& options) {
    ScriptedCluster cluster({broker.script()});
    Outcome outcome;
    cluster.run([&](Shard& shard, Transport& transport) {
        return join_once(shard, transport, options, outcome);
    });
    EXPECT_TRUE(outcome.ended) << "run() has not come to its end";
    return outcome;
}

TEST(JoinWorker, EndsWhenAllMembersHaveTheirPartAndLeavesNothingBehind) {
    GroupBroker broker;
    broker.unavailable = 2;
    const Outcome outcome = join(broker, {.group = {.members = 7}});
    ASSERT_TRUE(*outcome.ended) << outcome.ended->error().detail;
    EXPECT_EQ(outcome.figures.done, 7U);
    EXPECT_EQ(outcome.figures.latency.count(), 7U);
    EXPECT_EQ(outcome.figures.failed, 0U);
    EXPECT_EQ(outcome.figures.batches, 1U);
    EXPECT_EQ(broker.joins, 7);
    EXPECT_THAT(broker.members, SizeIs(0));
    EXPECT_THAT(broker.deleted, ElementsAre("g"));
}

TEST(JoinWorker, JoinsAgainUntilAllAreInTheSameGeneration) {
    GroupBroker broker;
    // The last one comes when the group has gone on: the others hear of it by a heartbeat.
    int tries = 0;
    broker.join_verdict = [&](const std::string& member) {
        if (member != "member-4") return ErrorCode::none;
        if (++tries == 20) broker.generation = 2;
        if (tries == 39) return ErrorCode::unknown_member_id;
        return tries < 40 ? ErrorCode::coordinator_load_in_progress : ErrorCode::none;
    };
    const Outcome outcome = join(broker, {.group = {.members = 4}});
    ASSERT_TRUE(*outcome.ended) << outcome.ended->error().detail;
    EXPECT_EQ(outcome.figures.done, 4U);
    EXPECT_EQ(outcome.figures.batches, 2U);
    // A heartbeat comes after three seconds.
    EXPECT_GT(outcome.figures.latency.max(), Duration(seconds(2)).count());
    EXPECT_GT(broker.heartbeats, 0);
}

TEST(JoinWorker, TellsHowManyWereThereWhenItsPatienceIsOver) {
    GroupBroker broker;
    broker.join_verdict = [](const std::string&) { return ErrorCode::rebalance_in_progress; };
    const Outcome outcome = join(broker, {.group = {.members = 2}, .patience = seconds(5)});
    ASSERT_FALSE(*outcome.ended);
    EXPECT_THAT(outcome.ended->error().detail, HasSubstr("0 of 2 members"));
    EXPECT_EQ(outcome.figures.done, 0U);
    EXPECT_EQ(outcome.figures.failed, 2U);
}

TEST(JoinWorker, EndsWithWhatAMemberCannotMend) {
    GroupBroker broker;
    broker.join_verdict = [](const std::string& member) {
        return member == "member-2" ? ErrorCode::group_max_size_reached : ErrorCode::none;
    };
    const Outcome outcome = join(broker, {.group = {.members = 3}});
    ASSERT_FALSE(*outcome.ended);
    EXPECT_EQ(outcome.ended->error().code, ErrorCode::group_max_size_reached);
    EXPECT_THAT(outcome.ended->error().detail, HasSubstr("GROUP_MAX_SIZE_REACHED"));
}

}  // namespace
}  // namespace moldau::load
