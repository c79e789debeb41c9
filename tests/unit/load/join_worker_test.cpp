// Against a scripted coordinator in the simulated world.
#include "join_worker.hpp"

#include "group_broker.hpp"
#include "worker_life.hpp"

#include <gmock/gmock.h>

namespace moldau::load {
namespace {

using std::chrono::seconds;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::SizeIs;

Outcome join(GroupBroker& broker, const JoinOptions& options) {
    client::ScriptedCluster cluster({broker.script()});
    return life_of(cluster, [=](client::Cluster& brokers, Transport& transport) {
        return std::make_unique<JoinWorker>(brokers, transport, "g", options);
    });
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
