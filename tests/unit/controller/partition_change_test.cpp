#include "moldau/controller/partition_change.hpp"

#include "moldau/metadata/image_builder.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <set>

namespace moldau::controller {
namespace {

using metadata::Partition;
using metadata::RecoveryState;
using testing::ElementsAre;
using testing::IsEmpty;
using Kind = BrokerEvent::Kind;

constexpr Uuid kTopic{1, 1};

Partition led_by_first(std::vector<BrokerId> replicas) {
    Partition partition;
    partition.isr = replicas;
    partition.leader = replicas.at(0);
    partition.leader_epoch = LeaderEpoch{0};
    partition.partition_epoch = 0;
    partition.directories.resize(replicas.size());
    partition.replicas = std::move(replicas);
    return partition;
}

class Changes : public testing::Test {
protected:
    // Applies the event; what is not in `away` is active.
    bool happens(Kind kind, std::int32_t broker) {
        const auto change = partition_change(kTopic, 0, partition, {kind, BrokerId{broker}}, rules,
                                             [&](BrokerId id) { return !away.contains(id.value); });
        if (kind == Kind::comes) {
            away.erase(broker);
        } else {
            away.insert(broker);
        }
        if (!change) return false;
        partition = metadata::changed(partition, *change);
        return true;
    }

    Partition partition = led_by_first({BrokerId{1}, BrokerId{2}, BrokerId{3}});
    ElectionRules rules{.is_elr_enabled = true, .min_insync_replicas = 2};
    std::set<std::int32_t> away;
};

TEST_F(Changes, AnotherMemberOfTheIsrLeadsWhenTheLeaderLeaves) {
    EXPECT_TRUE(happens(Kind::leaves, 1));
    EXPECT_EQ(partition.leader, BrokerId{2});
    EXPECT_THAT(partition.isr, ElementsAre(BrokerId{2}, BrokerId{3}));
    EXPECT_THAT(partition.elr, IsEmpty());  // two are enough
    EXPECT_EQ(partition.leader_epoch, LeaderEpoch{1});
    EXPECT_FALSE(happens(Kind::comes, 1));  // it has a leader; the ISR grows when it has caught up
}

TEST_F(Changes, WhoLeavesAnIsrThatIsTooSmallIsEligibleStill) {
    happens(Kind::leaves, 1);
    happens(Kind::leaves, 2);
    EXPECT_THAT(partition.isr, ElementsAre(BrokerId{3}));
    EXPECT_THAT(partition.elr, ElementsAre(BrokerId{2}));
    happens(Kind::leaves, 3);
    EXPECT_THAT(partition.isr, IsEmpty());
    EXPECT_THAT(partition.elr, ElementsAre(BrokerId{2}, BrokerId{3}));
    EXPECT_EQ(partition.leader, metadata::kNoLeader);
    EXPECT_THAT(partition.last_known_elr, ElementsAre(BrokerId{3}));
    EXPECT_FALSE(happens(Kind::comes, 1));  // it left while others went on
    EXPECT_TRUE(happens(Kind::comes, 2));
    EXPECT_EQ(partition.leader, BrokerId{2});
    EXPECT_THAT(partition.isr, ElementsAre(BrokerId{2}));
    EXPECT_THAT(partition.elr, ElementsAre(BrokerId{3}));
    EXPECT_EQ(partition.recovery, RecoveryState::recovered);
}

TEST_F(Changes, WhoLostItsTailIsNotEligible) {
    happens(Kind::leaves, 1);
    happens(Kind::leaves, 2);
    happens(Kind::leaves, 3);
    EXPECT_TRUE(happens(Kind::lost_its_tail, 2));
    EXPECT_THAT(partition.elr, ElementsAre(BrokerId{3}));
    EXPECT_FALSE(happens(Kind::comes, 2));
    EXPECT_EQ(partition.leader, metadata::kNoLeader);
    EXPECT_TRUE(happens(Kind::comes, 3));
    EXPECT_EQ(partition.leader, BrokerId{3});
}

// As Kafka's log says after kill -9 of its only broker.
TEST_F(Changes, TheOnlyReplicaLeadsAgainAfterAnUncleanStopAndIsRecovering) {
    partition = led_by_first({BrokerId{1}});
    rules.min_insync_replicas = 1;
    happens(Kind::leaves, 1);
    EXPECT_THAT(partition.isr, IsEmpty());
    EXPECT_THAT(partition.elr, ElementsAre(BrokerId{1}));
    EXPECT_THAT(partition.last_known_elr, ElementsAre(BrokerId{1}));
    happens(Kind::lost_its_tail, 1);
    EXPECT_THAT(partition.elr, IsEmpty());
    EXPECT_THAT(partition.last_known_elr, ElementsAre(BrokerId{1}));
    EXPECT_EQ(partition.leader_epoch, LeaderEpoch{1});
    happens(Kind::comes, 1);
    EXPECT_EQ(partition.leader, BrokerId{1});
    EXPECT_THAT(partition.isr, ElementsAre(BrokerId{1}));
    EXPECT_THAT(partition.last_known_elr, IsEmpty());
    EXPECT_EQ(partition.recovery, RecoveryState::recovering);
    EXPECT_EQ(partition.leader_epoch, LeaderEpoch{2});
    EXPECT_EQ(partition.partition_epoch, 3);
}

TEST_F(Changes, TheOnlyReplicaLeadsAgainAfterACleanStopAndIsRecovered) {
    partition = led_by_first({BrokerId{1}});
    happens(Kind::leaves, 1);
    happens(Kind::comes, 1);
    EXPECT_EQ(partition.leader, BrokerId{1});
    EXPECT_THAT(partition.isr, ElementsAre(BrokerId{1}));
    EXPECT_THAT(partition.elr, IsEmpty());
    EXPECT_THAT(partition.last_known_elr, IsEmpty());
    EXPECT_EQ(partition.recovery, RecoveryState::recovered);
}

TEST_F(Changes, WithoutElrTheLastMemberStaysInTheIsr) {
    rules.is_elr_enabled = false;
    partition = led_by_first({BrokerId{1}});
    happens(Kind::leaves, 1);
    EXPECT_THAT(partition.isr, ElementsAre(BrokerId{1}));
    EXPECT_EQ(partition.leader, metadata::kNoLeader);
    EXPECT_THAT(partition.elr, IsEmpty());
    EXPECT_FALSE(happens(Kind::lost_its_tail, 1));
    EXPECT_TRUE(happens(Kind::comes, 1));
    EXPECT_EQ(partition.leader, BrokerId{1});
    EXPECT_EQ(partition.recovery, RecoveryState::recovered);
}

TEST_F(Changes, AnybodyLeadsOnlyWhereUncleanElectionIsAllowed) {
    rules.is_elr_enabled = false;
    partition = led_by_first({BrokerId{1}, BrokerId{2}});
    happens(Kind::leaves, 2);
    happens(Kind::leaves, 1);
    EXPECT_FALSE(happens(Kind::comes, 2));
    away.insert(2);
    rules.is_unclean_allowed = true;
    EXPECT_TRUE(happens(Kind::comes, 2));
    EXPECT_EQ(partition.leader, BrokerId{2});
    EXPECT_THAT(partition.isr, ElementsAre(BrokerId{2}));
    EXPECT_EQ(partition.recovery, RecoveryState::recovering);
}

TEST(ElectionRules, AreTheTopicsThenTheClustersThenTheStaticOnes) {
    metadata::ImageBuilder builder;
    const auto config = [&](std::int8_t type, std::string resource, std::string value) {
        protocol::ConfigRecord record;
        record.resource_type = type;
        record.resource_name = std::move(resource);
        record.name = "min.insync.replicas";
        record.value = std::move(value);
        builder.apply({.value = std::move(record), .version = 0});
    };
    const auto min_isr = [&] {
        return election_rules(builder.image(), "t", {.min_insync_replicas = 7}).min_insync_replicas;
    };
    EXPECT_EQ(min_isr(), 7);
    config(4, "", "2");
    EXPECT_EQ(min_isr(), 2);
    config(2, "t", "3");
    EXPECT_EQ(min_isr(), 3);
    config(2, "t", "none");  // what cannot be is not followed
    EXPECT_EQ(min_isr(), 7);
}

}  // namespace
}  // namespace moldau::controller
