#include "moldau/controller/elections.hpp"

#include "cluster_fixture.hpp"

#include <gmock/gmock.h>

namespace moldau::controller {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;
using testing::SizeIs;

constexpr std::int8_t kPreferred = 0;
constexpr std::int8_t kUnclean = 1;

class Elections : public ClusterFixture {
protected:
    void SetUp() override {
        feature(metadata::kMetadataVersion, 30);
        feature(metadata::kElrVersion, 1);
        for (const std::int32_t id : {1, 2, 3}) join(id);
    }
    auto decide(std::int8_t type, std::optional<std::vector<std::pair<std::string, int>>> wanted) {
        protocol::ElectLeadersRequest request;
        request.election_type = type;
        request.topic_partitions = std::nullopt;
        if (wanted) {
            request.topic_partitions.emplace();
            for (const auto& [topic, partition] : *wanted) {
                auto& one = request.topic_partitions->emplace_back();
                one.topic = topic;
                one.partitions = {partition};
            }
        }
        auto decision = elect_leaders(image(), {}, request);
        for (std::int16_t v = 0; v <= 2; ++v) {
            if (v > 0 || decision.reply.error_code == ErrorCode::none) {
                EXPECT_TRUE(decision.reply.encoded_size(v)) << v;
            }
        }
        append(decision.records);
        return decision;
    }
    ErrorCode elect_one(std::int8_t type, const std::string& topic, std::int32_t number = 0) {
        const auto decision = decide(type, {{{topic, number}}});
        const auto& result = decision.reply.replica_election_results.at(0).partition_result.at(0);
        EXPECT_EQ(result.error_message.has_value(), result.error_code != ErrorCode::none);
        EXPECT_EQ(decision.records.size(), result.error_code == ErrorCode::none ? 1U : 0U);
        return result.error_code;
    }
    /// It goes, and what it led others lead; then it is there again, in no ISR.
    void falls_behind(std::int32_t broker) {
        beat(broker, true);
        beat(broker);
    }
    void in_sync(const Uuid& topic, std::vector<std::int32_t> isr) {
        protocol::PartitionChangeRecord change;
        change.topic_id = topic;
        change.partition_id = 0;
        change.isr = std::move(isr);
        append_one(std::move(change), 2);
    }
};

TEST_F(Elections, GiveThePreferredReplicaTheLeadWhenItIsInSync) {
    const Uuid id = topic("t", {1, 2, 3});
    falls_behind(1);
    ASSERT_EQ(partition(id).leader, BrokerId{2});
    EXPECT_EQ(elect_one(kPreferred, "t"), ErrorCode::preferred_leader_not_available);
    in_sync(id, {2, 3, 1});
    EXPECT_EQ(elect_one(kPreferred, "t"), ErrorCode::none);
    EXPECT_EQ(partition(id).leader, BrokerId{1});
    EXPECT_EQ(partition(id).leader_epoch, LeaderEpoch{2});
    EXPECT_THAT(partition(id).isr, ElementsAre(BrokerId{2}, BrokerId{3}, BrokerId{1}));
}

TEST_F(Elections, AreNotNeededWhereTheLeaderIsTheRightOne) {
    topic("t", {1, 2});
    EXPECT_EQ(elect_one(kPreferred, "t"), ErrorCode::election_not_needed);
    EXPECT_EQ(elect_one(kUnclean, "t"), ErrorCode::election_not_needed);
    EXPECT_EQ(elect_one(kPreferred, "t", 1), ErrorCode::unknown_topic_or_partition);
    EXPECT_EQ(elect_one(kPreferred, "none"), ErrorCode::unknown_topic_or_partition);
}

TEST_F(Elections, ThatAreUncleanGiveTheLeadToWhoeverIsThere) {
    const Uuid id = topic("t", {1, 2});
    in_sync(id, {1});
    beat(1, true);
    ASSERT_EQ(partition(id).leader, metadata::kNoLeader);
    EXPECT_EQ(elect_one(kUnclean, "t"), ErrorCode::none);
    EXPECT_EQ(partition(id).leader, BrokerId{2});
    EXPECT_THAT(partition(id).isr, ElementsAre(BrokerId{2}));
    EXPECT_EQ(partition(id).recovery, metadata::RecoveryState::recovering);
}

TEST_F(Elections, CannotGiveTheLeadToNobody) {
    const Uuid id = topic("t", {1});
    beat(1, true);
    ASSERT_EQ(partition(id).leader, metadata::kNoLeader);
    EXPECT_EQ(elect_one(kPreferred, "t"), ErrorCode::preferred_leader_not_available);
    EXPECT_EQ(elect_one(kUnclean, "t"), ErrorCode::eligible_leaders_not_available);
}

TEST_F(Elections, OfAllPartitionsTellOnlyOfThoseThatWereNeeded) {
    const Uuid moved = topic("moved", {1, 2});
    falls_behind(1);
    in_sync(moved, {2, 1});
    topic("well", {2, 3});
    const auto decision = decide(kPreferred, std::nullopt);
    EXPECT_THAT(decision.records, SizeIs(1));
    EXPECT_FALSE(decision.is_atomic);
    ASSERT_THAT(decision.reply.replica_election_results, SizeIs(2));
    EXPECT_EQ(decision.reply.replica_election_results[0].topic, "moved");
    EXPECT_THAT(decision.reply.replica_election_results[0].partition_result, SizeIs(1));
    EXPECT_THAT(decision.reply.replica_election_results[1].partition_result, IsEmpty());
    EXPECT_EQ(partition(moved).leader, BrokerId{1});
}

TEST_F(Elections, OfAnUnknownKindAreRefusedAsAWhole) {
    topic("t", {1});
    for (const std::int8_t kind : {std::int8_t{2}, std::int8_t{9}, std::int8_t{-1}}) {
        const auto decision = decide(kind, {{{"t", 0}}});
        EXPECT_EQ(decision.reply.error_code, ErrorCode::invalid_request);
        EXPECT_THAT(decision.records, IsEmpty());
    }
}

}  // namespace
}  // namespace moldau::controller
