#include "moldau/controller/directories.hpp"

#include "cluster_fixture.hpp"

#include "moldau/controller/elections.hpp"

#include <gmock/gmock.h>

namespace moldau::controller {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

constexpr Uuid kFirst{88, 1}, kSecond{88, 2};

class Directories : public ClusterFixture {
protected:
    void SetUp() override {
        feature(metadata::kMetadataVersion, 30);
        feature(metadata::kElrVersion, 1);
        join_with_two(1);
        join(2);
    }
    void join_with_two(std::int32_t id, std::uint64_t incarnation = 1, bool is_own_node = false) {
        auto request = registration(id, incarnation);
        request.log_dirs = {kFirst, kSecond};
        register_now(request, is_own_node);
        beat(id);
    }
    std::int64_t epoch(std::int32_t id) { return image().brokers.find(BrokerId{id})->epoch; }

    auto request(const Uuid& directory, const Uuid& topic, std::int32_t partition = 0) {
        protocol::AssignReplicasToDirsRequest request;
        request.broker_id = 1;
        request.broker_epoch = epoch(1);
        auto& told = request.directories.emplace_back();
        told.id = directory;
        told.topics.emplace_back().topic_id = topic;
        told.topics[0].partitions.emplace_back().partition_index = partition;
        return request;
    }
    /// The error of the only partition.
    ErrorCode assign(const Uuid& directory, const Uuid& topic, std::int32_t number = 0) {
        const auto decision =
            assign_replicas_to_dirs(image(), {}, request(directory, topic, number));
        EXPECT_EQ(decision.reply.error_code, ErrorCode::none);
        append(decision.records);
        const auto& told = decision.reply.directories.at(0);
        EXPECT_EQ(told.id, directory);
        EXPECT_EQ(told.topics.at(0).topic_id, topic);
        EXPECT_EQ(told.topics[0].partitions.at(0).partition_index, number);
        return told.topics[0].partitions[0].error_code;
    }
    void go_offline(std::vector<Uuid> directories) {
        protocol::BrokerHeartbeatRequest request;
        request.broker_id = 1;
        request.broker_epoch = epoch(1);
        request.current_metadata_offset = end_.value;
        request.offline_log_dirs = std::move(directories);
        append(heartbeat(image(), {}, request).records);
    }
    const std::vector<Uuid>& online() { return image().brokers.find(BrokerId{1})->directories; }
};

TEST_F(Directories, AreToldOfTheReplicasThatLieInThem) {
    const Uuid id = topic("t", {2, 1});
    const auto before = partition(id);
    EXPECT_EQ(assign(kSecond, id), ErrorCode::none);
    EXPECT_THAT(partition(id).directories, ElementsAre(metadata::kMigratingDirectory, kSecond));
    EXPECT_EQ(partition(id).leader, before.leader);
    EXPECT_EQ(partition(id).leader_epoch, before.leader_epoch);
    EXPECT_EQ(partition(id).isr, before.isr);
    EXPECT_THAT(assign_replicas_to_dirs(image(), {}, request(kSecond, id)).records, IsEmpty())
        << "it is known";
    EXPECT_EQ(assign(kFirst, id), ErrorCode::none);
    EXPECT_EQ(partition(id).directories.at(1), kFirst) << "it has moved";
}

TEST_F(Directories, AreNotToldOfWhatIsNotTheBrokers) {
    const Uuid others = topic("t", {2});
    EXPECT_EQ(assign(kFirst, others), ErrorCode::not_leader_or_follower);
    EXPECT_EQ(assign(kFirst, others, 7), ErrorCode::unknown_topic_or_partition);
    EXPECT_EQ(assign(kFirst, Uuid{1, 2}), ErrorCode::unknown_topic_id);
    auto stale = request(kFirst, others);
    --stale.broker_epoch;
    auto nobodys = request(kFirst, others);
    nobodys.broker_id = 7;
    for (const auto& refused : {stale, nobodys}) {
        const auto decision = assign_replicas_to_dirs(image(), {}, refused);
        EXPECT_EQ(decision.reply.error_code, ErrorCode::stale_broker_epoch);
        EXPECT_THAT(decision.reply.directories, IsEmpty());
        EXPECT_THAT(decision.records, IsEmpty());
    }
}

TEST_F(Directories, ThatGoOfflineTakeTheirReplicasOutOfLeadershipAndIsrAndNoOthers) {
    const Uuid shared = topic("shared", {1, 2});
    const Uuid alone = topic("alone", {1});
    const Uuid elsewhere = topic("elsewhere", {1});
    const Uuid unassigned = topic("unassigned", {1});
    assign(kSecond, shared);
    assign(kSecond, alone);
    assign(kFirst, elsewhere);
    const auto untouched = partition(elsewhere);

    go_offline({kSecond});
    EXPECT_THAT(online(), ElementsAre(kFirst));
    EXPECT_TRUE(is_active(image(), BrokerId{1}));
    EXPECT_EQ(partition(shared).leader, BrokerId{2});
    EXPECT_THAT(partition(shared).isr, ElementsAre(BrokerId{2}));
    EXPECT_EQ(partition(alone).leader, metadata::kNoLeader);
    EXPECT_THAT(partition(alone).isr, IsEmpty());
    EXPECT_THAT(partition(alone).elr, ElementsAre(BrokerId{1}));
    EXPECT_EQ(partition(elsewhere), untouched);
    EXPECT_EQ(partition(unassigned).leader, BrokerId{1});

    const Offset told = end_;
    go_offline({kSecond});
    EXPECT_EQ(end_, told) << "it is known";
}

TEST_F(Directories, ThatAreOfflineHaveNoReplicaElected) {
    const Uuid shared = topic("shared", {1, 2});
    assign(kSecond, shared);
    go_offline({kSecond});
    append(fence(image(), BrokerId{2}, {}));
    EXPECT_EQ(partition(shared).leader, metadata::kNoLeader) << "the only one left is offline";
    protocol::ElectLeadersRequest unclean;
    unclean.election_type = static_cast<std::int8_t>(ElectionKind::unclean);
    unclean.topic_partitions = std::nullopt;
    append(elect_leaders(image(), {}, unclean).records);
    EXPECT_EQ(partition(shared).leader, metadata::kNoLeader);
}

TEST_F(Directories, ThatAreBackAtTheNextStartHaveTheirReplicasLeadAgain) {
    const Uuid alone = topic("alone", {1});
    assign(kSecond, alone);
    go_offline({kSecond});
    join_with_two(1, 2, true);
    EXPECT_THAT(online(), ElementsAre(kFirst, kSecond));
    EXPECT_EQ(partition(alone).leader, BrokerId{1});
    EXPECT_THAT(partition(alone).isr, ElementsAre(BrokerId{1}));
}

TEST_F(Directories, ThatAreGoneAtTheNextStartKeepTheirReplicasFromLeading) {
    const Uuid alone = topic("alone", {1});
    assign(kSecond, alone);
    auto request = registration(1, 2);
    request.log_dirs = {kFirst};
    register_now(request, true);
    beat(1);
    EXPECT_EQ(partition(alone).leader, metadata::kNoLeader);
    EXPECT_EQ(assign(kFirst, alone), ErrorCode::none);
    EXPECT_EQ(partition(alone).leader, BrokerId{1}) << "it has found another place";
}

TEST_F(Directories, ThatAreOfflineAlreadyTakeWhatIsFoundToLieInThem) {
    const Uuid alone = topic("alone", {1});
    go_offline({kSecond});
    EXPECT_EQ(partition(alone).leader, BrokerId{1}) << "nobody knew";
    EXPECT_EQ(assign(kSecond, alone), ErrorCode::none);
    EXPECT_THAT(partition(alone).directories, ElementsAre(kSecond));
    EXPECT_EQ(partition(alone).leader, metadata::kNoLeader);
    EXPECT_EQ(assign(kFirst, alone), ErrorCode::none);
    EXPECT_EQ(partition(alone).leader, BrokerId{1});
}

TEST_F(Directories, TheLastOfThemTakesItsReplicasAlongAndStaysInTheRegistration) {
    const Uuid alone = topic("alone", {1});
    assign(kSecond, alone);
    go_offline({kFirst, kSecond});
    EXPECT_THAT(online(), ElementsAre(kFirst, kSecond)) << "such a broker stops by itself";
    EXPECT_EQ(partition(alone).leader, metadata::kNoLeader);
    const Offset told = end_;
    go_offline({kFirst, kSecond});
    EXPECT_EQ(end_, told);
}

}  // namespace
}  // namespace moldau::controller
