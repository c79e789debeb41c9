#include "moldau/metadata/image_builder.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace moldau::metadata {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

constexpr Uuid kTopicId{1, 2};

class ImageBuilderTest : public testing::Test {
protected:
    template <class Record>
    void apply(Record record, std::int16_t version = 0) {
        builder.apply({.value = std::move(record), .version = version});
    }
    void topic(std::string name, Uuid id = kTopicId) {
        protocol::TopicRecord record;
        record.name = std::move(name);
        record.topic_id = id;
        apply(record);
    }
    void partition(std::int32_t number, Uuid id = kTopicId) {
        protocol::PartitionRecord record;
        record.partition_id = number;
        record.topic_id = id;
        record.replicas = {1, 2};
        record.isr = {1, 2};
        record.leader = 1;
        record.leader_epoch = 0;
        record.partition_epoch = 0;
        record.directories = {Uuid{5, 1}, Uuid{5, 2}};
        apply(record, 2);
    }
    void config(std::string name, std::optional<std::string> value) {
        protocol::ConfigRecord record;
        record.resource_type = 2;
        record.resource_name = "t";
        record.name = std::move(name);
        record.value = std::move(value);
        apply(record);
    }
    void feature(std::string name, std::int16_t level) {
        protocol::FeatureLevelRecord record;
        record.name = std::move(name);
        record.feature_level = level;
        apply(record);
    }
    const Partition& partition_now(std::int32_t number = 0) {
        return *builder.image().find_partition(kTopicId, number);
    }

    ImageBuilder builder;
};

TEST_F(ImageBuilderTest, AChangeOfAPartitionLeavesWhatItDoesNotName) {
    topic("t");
    partition(0);
    protocol::PartitionChangeRecord change;
    change.partition_id = 0;
    change.topic_id = kTopicId;
    change.isr = {{2}};
    apply(change, 2);
    EXPECT_THAT(partition_now().isr, ElementsAre(BrokerId{2}));
    EXPECT_THAT(partition_now().replicas, ElementsAre(BrokerId{1}, BrokerId{2}));
    EXPECT_EQ(partition_now().leader, BrokerId{1});
    EXPECT_EQ(partition_now().leader_epoch, LeaderEpoch{0});  // no leader was named
    EXPECT_EQ(partition_now().partition_epoch, 1);

    change = {};
    change.partition_id = 0;
    change.topic_id = kTopicId;
    change.leader = 1;  // the same one, but named
    change.leader_recovery_state = 1;
    apply(change, 2);
    EXPECT_EQ(partition_now().leader_epoch, LeaderEpoch{1});
    EXPECT_EQ(partition_now().partition_epoch, 2);
    EXPECT_EQ(partition_now().recovery, RecoveryState::recovering);
    EXPECT_THAT(partition_now().isr, ElementsAre(BrokerId{2}));
}

TEST_F(ImageBuilderTest, ReplicasWithoutDirectoriesAreMigrating) {
    topic("t");
    partition(0);
    protocol::PartitionChangeRecord change;
    change.partition_id = 0;
    change.topic_id = kTopicId;
    change.replicas = {{1, 2, 3}};
    apply(change, 2);
    EXPECT_THAT(partition_now().directories,
                ElementsAre(kMigratingDirectory, kMigratingDirectory, kMigratingDirectory));
}

TEST_F(ImageBuilderTest, ClearingElrRaisesTheEpochOfThosePartitionsThatHadOne) {
    topic("t");
    partition(0);
    partition(1);
    protocol::PartitionChangeRecord change;
    change.partition_id = 1;
    change.topic_id = kTopicId;
    change.eligible_leader_replicas = {{2}};
    change.last_known_elr = {{1}};
    apply(change, 2);
    protocol::ClearElrRecord clear;
    clear.topic_name = "t";
    apply(clear);
    EXPECT_THAT(partition_now(1).elr, IsEmpty());
    EXPECT_THAT(partition_now(1).last_known_elr, IsEmpty());
    EXPECT_EQ(partition_now(1).partition_epoch, 2);
    EXPECT_EQ(partition_now(0).partition_epoch, 0);
}

TEST_F(ImageBuilderTest, ATopicThatGoesTakesItsConfigsAlong) {
    topic("t");
    config("retention.ms", "5");
    protocol::RemoveTopicRecord remove;
    remove.topic_id = kTopicId;
    apply(remove);
    EXPECT_EQ(builder.image().find_topic("t"), nullptr);
    EXPECT_TRUE(builder.image().topics.empty());
    EXPECT_TRUE(builder.image().configs.empty());
    topic("t", Uuid{3, 4});  // the name is free again
    EXPECT_EQ(builder.contradictions().count, 0U);
    EXPECT_TRUE(builder.image().configs_of({ResourceType::topic, "t"}).empty());
}

TEST_F(ImageBuilderTest, AConfigWithoutAValueIsRemoved) {
    topic("t");
    config("a", "1");
    config("b", "2");
    config("a", std::nullopt);
    EXPECT_FALSE(builder.image().configs_of({ResourceType::topic, "t"}).contains("a"));
    config("b", std::nullopt);
    EXPECT_TRUE(builder.image().configs.empty());
}

TEST_F(ImageBuilderTest, AFeatureAtLevelZeroIsNotFinalized) {
    feature("group.version", 1);
    EXPECT_EQ(builder.image().feature_level("group.version"), 1);
    feature("group.version", 0);
    EXPECT_EQ(builder.image().feature_level("group.version"), std::nullopt);
}

TEST_F(ImageBuilderTest, ABrokerIsFencedAndUnfencedOnlyByItsEpoch) {
    protocol::RegisterBrokerRecord broker;
    broker.broker_id = 1;
    broker.broker_epoch = 15;
    apply(broker, 4);
    EXPECT_TRUE(builder.image().brokers.find(BrokerId{1})->fenced);
    protocol::BrokerRegistrationChangeRecord unfence;
    unfence.broker_id = 1;
    unfence.broker_epoch = 14;
    unfence.fenced = -1;
    apply(unfence);
    EXPECT_TRUE(builder.image().brokers.find(BrokerId{1})->fenced);
    EXPECT_EQ(builder.contradictions().count, 1U);
    unfence.broker_epoch = 15;
    apply(unfence);
    EXPECT_FALSE(builder.image().brokers.find(BrokerId{1})->fenced);
    protocol::FenceBrokerRecord fence;
    fence.id = 1;
    fence.epoch = 15;
    apply(fence);
    EXPECT_TRUE(builder.image().brokers.find(BrokerId{1})->fenced);
    protocol::UnregisterBrokerRecord gone;
    gone.broker_id = 1;
    gone.broker_epoch = 15;
    apply(gone);
    EXPECT_TRUE(builder.image().brokers.empty());
}

TEST_F(ImageBuilderTest, ATransactionIsSeenWhenItEndsAndNotBefore) {
    feature("a", 1);
    builder.end_batch({Offset{1}, LeaderEpoch{1}, Timestamp{10}});
    (void)builder.take_changes();
    apply(protocol::BeginTransactionRecord());
    feature("a", 2);
    topic("t");
    builder.end_batch({Offset{4}, LeaderEpoch{1}, Timestamp{20}});
    EXPECT_TRUE(builder.is_in_transaction());
    EXPECT_EQ(builder.image().feature_level("a"), 1);
    EXPECT_EQ(builder.newest().feature_level("a"), 2);
    EXPECT_EQ(builder.image().provenance.end_offset, Offset{1});
    EXPECT_TRUE(builder.take_changes().empty());
    apply(protocol::EndTransactionRecord());
    builder.end_batch({Offset{5}, LeaderEpoch{1}, Timestamp{30}});
    EXPECT_FALSE(builder.is_in_transaction());
    EXPECT_EQ(builder.image().feature_level("a"), 2);
    EXPECT_NE(builder.image().find_topic("t"), nullptr);
    EXPECT_EQ(builder.image().provenance.end_offset, Offset{5});
    const ImageChanges changes = builder.take_changes();
    EXPECT_TRUE(changes.features);
    EXPECT_THAT(changes.topics, ElementsAre(kTopicId));
    EXPECT_EQ(builder.contradictions().count, 0U);
}

TEST_F(ImageBuilderTest, AnAbortedTransactionLeavesNothing) {
    feature("a", 1);
    const ClusterImage before = builder.image();
    apply(protocol::BeginTransactionRecord());
    feature("a", 2);
    builder.apply({.value = UnknownRecord{99, as_bytes("x")}, .version = 0});
    apply(protocol::AbortTransactionRecord());
    EXPECT_EQ(builder.image(), before);
    EXPECT_FALSE(builder.is_in_transaction());
}

TEST_F(ImageBuilderTest, WhatContradictsTheImageChangesNothingAndIsCounted) {
    const ClusterImage before = builder.image();
    partition(0);
    protocol::PartitionChangeRecord change;
    change.partition_id = 0;
    change.topic_id = kTopicId;
    apply(change, 2);
    protocol::RemoveTopicRecord remove;
    remove.topic_id = kTopicId;
    apply(remove);
    protocol::ClearElrRecord clear;
    clear.topic_name = "t";
    apply(clear);
    apply(protocol::EndTransactionRecord());
    apply(protocol::AbortTransactionRecord());
    EXPECT_EQ(builder.contradictions().count, 6U);
    EXPECT_THAT(builder.contradictions().first, testing::HasSubstr("no topic"));
    EXPECT_EQ(builder.image(), before);
}

TEST_F(ImageBuilderTest, ATopicsNameOrIdIsNotGivenTwice) {
    topic("t");
    topic("t", Uuid{9, 9});
    topic("u");
    EXPECT_EQ(builder.contradictions().count, 2U);
    EXPECT_EQ(builder.image().topics.size(), 1U);
    EXPECT_EQ(*builder.image().topic_ids.find("t"), kTopicId);
}

TEST_F(ImageBuilderTest, WhatIsNotKnownIsKeptInItsOrder) {
    builder.apply({.value = UnknownRecord{99, as_bytes("x")}, .version = 3});
    builder.apply({.value = UnknownRecord{98, as_bytes("y")}, .version = 0});
    std::vector<std::int16_t> types;
    for (const auto& [number, kept] : builder.image().kept_records) types.push_back(kept.type);
    EXPECT_THAT(types, ElementsAre(99, 98));
    EXPECT_EQ(builder.image().kept_records.find(0)->version, 3);
}

TEST_F(ImageBuilderTest, AnImageThatWasSharedStaysAsItWas) {
    topic("t");
    partition(0);
    const std::shared_ptr<const ClusterImage> shared = builder.share();
    partition(1);
    config("a", "1");
    EXPECT_EQ(shared->find_topic("t")->partitions.size(), 1U);
    EXPECT_TRUE(shared->configs.empty());
    EXPECT_EQ(builder.image().find_topic("t")->partitions.size(), 2U);
}

}  // namespace
}  // namespace moldau::metadata
