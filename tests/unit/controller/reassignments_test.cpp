#include "moldau/controller/reassignments.hpp"

#include "cluster_fixture.hpp"

#include <gmock/gmock.h>

namespace moldau::controller {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;
using testing::SizeIs;

class Reassignments : public ClusterFixture {
protected:
    void SetUp() override {
        feature(metadata::kMetadataVersion, 30);
        feature(metadata::kElrVersion, 1);
        for (const std::int32_t id : {1, 2, 3}) join(id);
        id_ = topic("t", {1, 2});
    }
    auto decide(std::string topic, std::int32_t number,
                std::optional<std::vector<std::int32_t>> replicas, bool other_factor = true) {
        protocol::AlterPartitionReassignmentsRequest request;
        request.allow_replication_factor_change = other_factor;
        auto& one = request.topics.emplace_back();
        one.name = std::move(topic);
        auto& partition = one.partitions.emplace_back();
        partition.partition_index = number;
        partition.replicas = std::move(replicas);
        auto decision = alter_partition_reassignments(image(), {}, request);
        for (std::int16_t v = 0; v <= 1; ++v) EXPECT_TRUE(decision.reply.encoded_size(v)) << v;
        append(decision.records);
        return decision;
    }
    ErrorCode move(std::optional<std::vector<std::int32_t>> replicas, bool other_factor = true) {
        return decide("t", 0, std::move(replicas), other_factor)
            .reply.responses.at(0)
            .partitions.at(0)
            .error_code;
    }
    static std::vector<BrokerId> ids(const std::vector<std::int32_t>& numbers) {
        std::vector<BrokerId> all;
        for (const std::int32_t number : numbers) all.push_back(BrokerId{number});
        return all;
    }
    auto under_way(std::optional<std::vector<std::string>> topics = std::nullopt) {
        protocol::ListPartitionReassignmentsRequest request;
        request.topics = std::nullopt;
        if (topics) {
            request.topics.emplace();
            for (const std::string& name : *topics) {
                auto& one = request.topics->emplace_back();
                one.name = name;
                one.partition_indexes = {0, 1};
            }
        }
        auto response = list_partition_reassignments(image(), request);
        EXPECT_TRUE(response.encoded_size(0));
        return response.topics;
    }
    const metadata::Partition& now() const { return partition(id_); }
    void in_sync(std::vector<std::int32_t> isr) {
        protocol::PartitionChangeRecord change;
        change.topic_id = id_;
        change.partition_id = 0;
        change.isr = std::move(isr);
        append_one(std::move(change), 2);
    }

    Uuid id_;
};

TEST_F(Reassignments, BeginWithAllReplicasAndSayWhichComeAndWhichGo) {
    EXPECT_EQ(move({{3, 2}}), ErrorCode::none);
    EXPECT_EQ(now().replicas, ids({3, 2, 1}));
    EXPECT_EQ(now().adding_replicas, ids({3}));
    EXPECT_EQ(now().removing_replicas, ids({1}));
    EXPECT_EQ(now().leader, BrokerId{1});
    EXPECT_EQ(now().leader_epoch, LeaderEpoch{0});
    const Uuid before = metadata::kMigratingDirectory;
    EXPECT_THAT(now().directories, ElementsAre(Uuid(77, 3), before, before))
        << "a new replica has its broker's only directory, the others keep theirs";
    const auto listed = under_way();
    ASSERT_THAT(listed, SizeIs(1));
    EXPECT_EQ(listed[0].name, "t");
    const auto& one = listed[0].partitions.at(0);
    EXPECT_THAT(one.replicas, ElementsAre(3, 2, 1));
    EXPECT_THAT(one.adding_replicas, ElementsAre(3));
    EXPECT_THAT(one.removing_replicas, ElementsAre(1));
    EXPECT_THAT(under_way({{"none"}}), IsEmpty());
    EXPECT_THAT(under_way({{"t"}}), SizeIs(1));
}

TEST_F(Reassignments, ToReplicasThatAreInSyncAreCompleteAtOnce) {
    EXPECT_EQ(move({{2, 1}}), ErrorCode::none);
    EXPECT_EQ(now().replicas, ids({2, 1}));
    EXPECT_EQ(now().leader, BrokerId{1});
    EXPECT_THAT(under_way(), IsEmpty());
    EXPECT_EQ(move({{2}}), ErrorCode::none);
    EXPECT_EQ(now().replicas, ids({2}));
    EXPECT_EQ(now().isr, ids({2}));
    EXPECT_EQ(now().leader, BrokerId{2});
    EXPECT_EQ(now().leader_epoch, LeaderEpoch{1});
    EXPECT_THAT(under_way(), IsEmpty());
}

TEST_F(Reassignments, ThatChangeNothingMakeNoRecord) {
    const auto decision = decide("t", 0, {{1, 2}});
    EXPECT_EQ(decision.reply.responses.at(0).partitions.at(0).error_code, ErrorCode::none);
    EXPECT_THAT(decision.records, IsEmpty());
}

TEST_F(Reassignments, GiveAReplicaThatGoesANewLeaderEpochThoughTheLeaderStays) {
    EXPECT_EQ(move({{1}}), ErrorCode::none);
    EXPECT_EQ(now().leader, BrokerId{1});
    EXPECT_EQ(now().leader_epoch, LeaderEpoch{1});
}

TEST_F(Reassignments, AreCalledOffAndAllIsAsBefore) {
    EXPECT_EQ(move(std::nullopt), ErrorCode::no_reassignment_in_progress);
    EXPECT_EQ(move({{3, 2}}), ErrorCode::none);
    EXPECT_EQ(move(std::nullopt), ErrorCode::none);
    EXPECT_EQ(now().replicas, ids({2, 1}));
    EXPECT_EQ(now().isr, ids({1, 2}));
    EXPECT_EQ(now().leader, BrokerId{1});
    EXPECT_THAT(under_way(), IsEmpty());
}

TEST_F(Reassignments, AreNotCalledOffWhereThatLosesRecordsUnlessTheTopicAllowsIt) {
    EXPECT_EQ(move({{3}}), ErrorCode::none);
    in_sync({3});
    EXPECT_EQ(move(std::nullopt), ErrorCode::invalid_replica_assignment);
    config(metadata::ResourceType::topic, "t", "unclean.leader.election.enable", "true");
    EXPECT_EQ(move(std::nullopt), ErrorCode::none);
    EXPECT_EQ(now().leader, BrokerId{1});
    EXPECT_EQ(now().recovery, metadata::RecoveryState::recovering);
}

TEST_F(Reassignments, ThatReplaceOneUnderWayKeepWhatThatWasAboutToDo) {
    EXPECT_EQ(move({{1, 3}}), ErrorCode::none);
    EXPECT_EQ(move({{3}}), ErrorCode::none);
    EXPECT_EQ(now().adding_replicas, ids({3}));
    EXPECT_EQ(now().removing_replicas, ids({1, 2}));
}

TEST_F(Reassignments, ToBrokersThatAreNotThereAreRefused) {
    EXPECT_EQ(move({{9}}), ErrorCode::invalid_replica_assignment);
    EXPECT_EQ(move({{1, 1}}), ErrorCode::invalid_replica_assignment);
    EXPECT_EQ(move({{-1}}), ErrorCode::invalid_replica_assignment);
    EXPECT_EQ(move({{}}), ErrorCode::invalid_replica_assignment);
    for (const auto& [name, number] : {std::pair("none", 0), std::pair("t", 1)}) {
        const auto decision = decide(name, number, {{1}});
        const auto& result = decision.reply.responses.at(0).partitions.at(0);
        EXPECT_EQ(result.error_code, ErrorCode::unknown_topic_or_partition);
        EXPECT_TRUE(result.error_message);
    }
}

TEST_F(Reassignments, KeepTheNumberOfReplicasWhereTheRequestSaysSo) {
    EXPECT_EQ(move({{1}}, false), ErrorCode::invalid_replication_factor);
    EXPECT_EQ(move({{3, 1}}, false), ErrorCode::none);
    EXPECT_EQ(move({{2, 1, 3}}, false), ErrorCode::invalid_replication_factor)
        << "three are there while it is under way, two when it ends";
    EXPECT_EQ(move({{2, 3}}, false), ErrorCode::none);
}

}  // namespace
}  // namespace moldau::controller
