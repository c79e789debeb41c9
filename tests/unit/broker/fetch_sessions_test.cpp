#include "fetch_sessions.hpp"

#include "support/lone_shard.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <limits>
#include <string>
#include <utility>
#include <vector>

namespace moldau::broker {
namespace {

using protocol::FetchRequest;
using protocol::FetchResponse;
using std::chrono::minutes;
using testing::ElementsAre;
using testing::IsEmpty;

constexpr std::int16_t kByName = 12;
constexpr std::int16_t kById = 13;

struct Fixture {
    explicit Fixture(FetchSessions::Rules rules = {}) : sessions(lone.shard, rules) {}

    static FetchRequest request(std::int32_t session, std::int32_t epoch,
                                const std::vector<std::pair<std::string, std::int32_t>>& wanted) {
        FetchRequest request;
        request.session_id = session;
        request.session_epoch = epoch;
        for (const auto& [topic, partition] : wanted) {
            request.topics.push_back({.topic = topic, .topic_id = {}, .partitions = {}});
            request.topics.back().partitions.push_back({.partition = partition});
        }
        return request;
    }
    std::int32_t open(const std::vector<std::pair<std::string, std::int32_t>>& wanted) {
        const FetchPlan plan = sessions.plan(request(0, 0, wanted), kByName);
        return plan.session == nullptr ? 0 : plan.session->id();
    }
    static std::vector<std::string> names(const FetchPlan& plan) {
        std::vector<std::string> names;
        for (const FetchTarget& target : plan.targets)
            names.push_back(target.topic + "-" + std::to_string(target.partition));
        return names;
    }

    support::LoneShard lone;
    FetchSessions sessions;
};

TEST(FetchSessions, ARequestOutsideOfSessionsLeavesNothingBehind) {
    Fixture f;
    const FetchPlan plan = f.sessions.plan(Fixture::request(0, -1, {{"a", 0}}), kByName);
    EXPECT_EQ(plan.session, nullptr);
    EXPECT_FALSE(plan.is_incremental);
    EXPECT_THAT(Fixture::names(plan), ElementsAre("a-0"));
    EXPECT_EQ(f.sessions.size(), 0U);
}

TEST(FetchSessions, AnIncrementalRequestMeansAllThatTheSessionKnows) {
    Fixture f;
    const std::int32_t id = f.open({{"a", 0}, {"b", 1}});
    ASSERT_NE(id, 0);
    FetchRequest second = Fixture::request(id, 1, {{"c", 2}});
    second.topics.front().partitions.front().fetch_offset = 7;
    second.forgotten_topics_data.push_back({.topic = "a", .topic_id = {}, .partitions = {0}});
    const FetchPlan plan = f.sessions.plan(second, kByName);
    EXPECT_EQ(plan.error, ErrorCode::none);
    EXPECT_TRUE(plan.is_incremental);
    EXPECT_THAT(Fixture::names(plan), ElementsAre("b-1", "c-2"));
    EXPECT_EQ(plan.targets.back().fetch_offset, 7);
}

TEST(FetchSessions, RefusesAnEpochOutOfOrderASessionThatIsGoneAndAChangeOfTopicNaming) {
    Fixture f;
    const std::int32_t id = f.open({{"a", 0}});
    EXPECT_EQ(f.sessions.plan(Fixture::request(id, 2, {}), kByName).error,
              ErrorCode::invalid_fetch_session_epoch);
    EXPECT_EQ(f.sessions.plan(Fixture::request(id + 1, 1, {}), kByName).error,
              ErrorCode::fetch_session_id_not_found);
    EXPECT_EQ(f.sessions.plan(Fixture::request(id, 1, {}), kById).error,
              ErrorCode::fetch_session_topic_id_error);
    EXPECT_EQ(f.sessions.plan(Fixture::request(id, 1, {}), kByName).error, ErrorCode::none);
    EXPECT_EQ(f.sessions.plan(Fixture::request(id, 1, {}), kByName).error,
              ErrorCode::invalid_fetch_session_epoch)
        << "an epoch counts once";
}

TEST(FetchSessions, EndsWhenTheClientSaysSoAndWhenNothingIsLeftInIt) {
    Fixture f;
    std::int32_t id = f.open({{"a", 0}});
    EXPECT_EQ(f.sessions.plan(Fixture::request(id, -1, {{"a", 0}}), kByName).session, nullptr);
    EXPECT_EQ(f.sessions.size(), 0U);

    id = f.open({{"a", 0}});
    FetchRequest last = Fixture::request(id, 1, {});
    last.forgotten_topics_data.push_back({.topic = "a", .topic_id = {}, .partitions = {0}});
    const FetchPlan plan = f.sessions.plan(last, kByName);
    EXPECT_EQ(plan.error, ErrorCode::none);
    EXPECT_EQ(plan.session, nullptr);
    EXPECT_THAT(plan.targets, IsEmpty());
    EXPECT_EQ(f.sessions.size(), 0U);
}

TEST(FetchSessions, TellsOfAPartitionOnlyWhatIsNew) {
    Fixture f;
    const FetchPlan plan = f.sessions.plan(Fixture::request(0, 0, {{"a", 0}, {"b", 0}}), kByName);
    const FetchTarget a = plan.targets[0];
    FetchResponse::PartitionData data;
    data.high_watermark = 5;
    data.log_start_offset = 0;
    data.records.reset();
    EXPECT_TRUE(plan.session->has_to_tell(a, data));
    EXPECT_TRUE(plan.session->has_to_tell(a, data)) << "that is not telling it";
    EXPECT_TRUE(plan.session->tell(a, data)) << "the first time";
    EXPECT_FALSE(plan.session->has_to_tell(a, data));
    EXPECT_FALSE(plan.session->tell(a, data));
    data.high_watermark = 6;
    EXPECT_TRUE(plan.session->tell(a, data));
    data.log_start_offset = 1;
    EXPECT_TRUE(plan.session->tell(a, data));
    EXPECT_FALSE(plan.session->tell(a, data));
    data.diverging_epoch.epoch = 3;
    EXPECT_TRUE(plan.session->tell(a, data));
    EXPECT_TRUE(plan.session->tell(a, data)) << "until the client has cut its log";
    data.diverging_epoch = {};

    data.error_code = ErrorCode::kafka_storage_error;
    EXPECT_TRUE(plan.session->tell(a, data));
    data.error_code = ErrorCode::none;
    EXPECT_TRUE(plan.session->tell(a, data)) << "that the error is over";
    EXPECT_FALSE(plan.session->tell(a, data));
}

TEST(FetchSessions, ThePartitionThatHadRecordsIsTheLastNextTime) {
    Fixture f;
    const FetchPlan plan = f.sessions.plan(Fixture::request(0, 0, {{"a", 0}, {"b", 0}}), kByName);
    FetchResponse::PartitionData data;
    data.records = as_bytes("records");
    EXPECT_TRUE(plan.session->tell(plan.targets[0], data));
    EXPECT_THAT(
        Fixture::names(f.sessions.plan(Fixture::request(plan.session->id(), 1, {}), kByName)),
        ElementsAre("b-0", "a-0"));
}

TEST(FetchSessions, WhenThereIsNoRoomTheOldestGoesIfItIsIdleLongEnough) {
    Fixture f({.sessions_max = 2});
    const std::int32_t first = f.open({{"a", 0}});
    f.lone.pass(minutes(1));
    const std::int32_t second = f.open({{"a", 0}});
    EXPECT_EQ(f.open({{"a", 0}}), 0) << "served without a session";
    EXPECT_EQ(f.sessions.size(), 2U);
    f.lone.pass(minutes(1));
    EXPECT_NE(f.open({{"a", 0}}), 0);
    EXPECT_EQ(f.sessions.plan(Fixture::request(first, 1, {}), kByName).error,
              ErrorCode::fetch_session_id_not_found);
    EXPECT_EQ(f.sessions.plan(Fixture::request(second, 1, {}), kByName).error, ErrorCode::none);
}

TEST(FetchSessions, HoldNoMoreMemoryThanTheirPartOfTheBudget) {
    Fixture measured;
    measured.open({{"a", 0}});
    const std::size_t one = measured.sessions.bytes();
    ASSERT_GT(one, sizeof(FetchTarget));

    Fixture f({.shards = 2, .bytes_max = 2 * (3 * one)});
    EXPECT_EQ(f.open({{"a", 0}, {"b", 0}, {"c", 0}, {"d", 0}}), 0) << "served without a session";
    EXPECT_EQ(f.sessions.bytes(), 0U);
    const std::int32_t first = f.open({{"a", 0}, {"b", 0}});
    ASSERT_NE(first, 0);
    EXPECT_EQ(f.sessions.bytes(), 2 * one);
    EXPECT_EQ(f.sessions.partitions(), 2U);
    EXPECT_EQ(f.open({{"a", 0}, {"b", 0}}), 0) << "the other one is in use";
    f.lone.pass(minutes(3));
    const std::int32_t second = f.open({{"a", 0}, {"b", 0}});
    ASSERT_NE(second, 0) << "in the place of the idle one";
    EXPECT_EQ(f.sessions.bytes(), 2 * one);

    EXPECT_EQ(f.sessions.plan(Fixture::request(second, 1, {{"c", 0}}), kByName).error,
              ErrorCode::none);
    EXPECT_EQ(f.sessions.bytes(), 3 * one);
    EXPECT_EQ(f.sessions.plan(Fixture::request(second, 2, {{"d", 0}}), kByName).error,
              ErrorCode::fetch_session_id_not_found)
        << "the client begins anew";
    EXPECT_EQ(f.sessions.bytes(), 0U);
    EXPECT_EQ(f.sessions.size(), 0U);
}

TEST(FetchSessions, GiveBackTheMemoryOfWhatIsForgotten) {
    Fixture f;
    const std::int32_t id = f.open({{"a", 0}, {"b", 0}});
    const std::size_t two = f.sessions.bytes();
    FetchRequest less = Fixture::request(id, 1, {});
    less.forgotten_topics_data.push_back({.topic = "a", .topic_id = {}, .partitions = {0}});
    EXPECT_EQ(f.sessions.plan(less, kByName).error, ErrorCode::none);
    EXPECT_EQ(f.sessions.bytes(), two / 2);
    f.sessions.plan(Fixture::request(id, -1, {}), kByName);
    EXPECT_EQ(f.sessions.bytes(), 0U);
}

TEST(FetchSessions, OneShardsIdsAreAnothersNever) {
    for (std::size_t shard = 0; shard < 3; ++shard) {
        Fixture f({.shard = shard, .shards = 3, .sessions_max = 100});
        for (int i = 0; i < 20; ++i) {
            const std::int32_t id = f.open({{"a", 0}});
            ASSERT_GT(id, 0);
            EXPECT_EQ(static_cast<std::size_t>(id) % 3, shard);
        }
    }
}

}  // namespace
}  // namespace moldau::broker
