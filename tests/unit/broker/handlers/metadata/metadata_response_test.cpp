#include "handlers/metadata/metadata_response.hpp"

#include "broker/image_fixture.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace moldau::broker {
namespace {

using protocol::MetadataRequest;
using testing::ElementsAre;
using testing::IsEmpty;
using Topic = protocol::MetadataResponse::MetadataResponseTopic;

MetadataRequest named(const std::vector<std::string>& names) {
    MetadataRequest request;
    request.topics.emplace();
    for (const std::string& name : names) request.topics->emplace_back().name = name;
    return request;
}

MetadataRequest by_id(const std::vector<Uuid>& ids) {
    MetadataRequest request;
    request.topics.emplace();
    for (const Uuid& id : ids) {
        request.topics->emplace_back().topic_id = id;
        request.topics->back().name = std::nullopt;
    }
    return request;
}

MetadataRequest all_topics() {
    MetadataRequest request;
    request.topics = std::nullopt;
    return request;
}

struct MetadataFixture : testing::Test, ImageFixture {
    bool auto_create_topics = true;

    MetadataFixture() {
        broker(1);
        broker(2);
    }
    MetadataAnswer ask(int version, const MetadataRequest& request) const {
        return metadata_response({.image = image,
                                  .cluster_id = "dc0SommNRky8xRHHDNW4tg",
                                  .asked = asked,
                                  .auto_create_topics = auto_create_topics,
                                  .version = static_cast<std::int16_t>(version)},
                                 request);
    }
    protocol::MetadataResponse::MetadataResponsePartition told(int version) const {
        return ask(version, named({"t"})).response.topics.at(0).partitions.at(0);
    }
};

TEST_F(MetadataFixture, GivesTheBrokersOfTheListenerThatAreNotFenced) {
    broker(3, true);
    broker(4, false, "REPLICATION");
    const auto response = ask(9, named({})).response;
    EXPECT_EQ(response.cluster_id, "dc0SommNRky8xRHHDNW4tg");
    EXPECT_EQ(response.controller_id, 1);
    ASSERT_EQ(response.brokers.size(), 2U);
    EXPECT_EQ(response.brokers[1].node_id, 2);
    EXPECT_EQ(response.brokers[1].host, "broker-2");
    EXPECT_EQ(response.brokers[1].port, 9092);
    EXPECT_EQ(response.brokers[1].rack, "rack-2");
    EXPECT_THAT(response.topics, IsEmpty());
}

TEST_F(MetadataFixture, NamesAnotherBrokerForTheControllerWhileThisOneIsFenced) {
    broker(1, true);
    EXPECT_EQ(ask(9, named({})).response.controller_id, 2);
    broker(2, true);
    EXPECT_EQ(ask(9, named({})).response.controller_id, -1);
}

TEST_F(MetadataFixture, TellsTheAddressThatTheClientUsedWhereNothingIsAdvertised) {
    broker(1, false, "ANOTHER");
    asked.advertises_address_used = true;
    const auto response = ask(9, named({})).response;
    ASSERT_EQ(response.brokers.size(), 2U);
    EXPECT_EQ(response.brokers[0].host, "127.0.0.1");
    EXPECT_EQ(response.brokers[1].host, "broker-2");
}

TEST_F(MetadataFixture, GivesATopicsPartitions) {
    metadata::Partition second = partition({2, 1}, 2);
    second.isr = ids({2});
    const Uuid id = topic("t", {partition({1, 2}, 1), second});
    const auto response = ask(12, named({"t"})).response;
    ASSERT_EQ(response.topics.size(), 1U);
    const Topic& told = response.topics[0];
    EXPECT_EQ(told.error_code, ErrorCode::none);
    EXPECT_EQ(told.name, "t");
    EXPECT_EQ(told.topic_id, id);
    EXPECT_FALSE(told.is_internal);
    ASSERT_EQ(told.partitions.size(), 2U);
    EXPECT_EQ(told.partitions[1].error_code, ErrorCode::none);
    EXPECT_EQ(told.partitions[1].partition_index, 1);
    EXPECT_EQ(told.partitions[1].leader_id, 2);
    EXPECT_EQ(told.partitions[1].leader_epoch, 5);
    EXPECT_THAT(told.partitions[1].replica_nodes, ElementsAre(2, 1));
    EXPECT_THAT(told.partitions[1].isr_nodes, ElementsAre(2));
    EXPECT_THAT(told.partitions[1].offline_replicas, IsEmpty());
}

TEST_F(MetadataFixture, GivesAllTopicsForNoListAndInVersion0ForAnEmptyOne) {
    topic("b", {partition({1}, 1)});
    topic("a", {partition({1}, 1)});
    EXPECT_EQ(ask(1, all_topics()).response.topics.size(), 2U);
    EXPECT_EQ(ask(0, named({})).response.topics.size(), 2U);
    EXPECT_EQ(ask(1, named({})).response.topics.size(), 0U);
    EXPECT_EQ(ask(1, all_topics()).response.topics[0].name, "a");
}

TEST_F(MetadataFixture, FindsATopicByItsIdAndMarksTheInternalOnes) {
    const Uuid id = topic("__consumer_offsets", {partition({1}, 1)});
    const auto topics = ask(12, by_id({id, Uuid{1, 2}, id})).response.topics;
    ASSERT_EQ(topics.size(), 2U);
    EXPECT_EQ(topics[0].name, "__consumer_offsets");
    EXPECT_TRUE(topics[0].is_internal);
    EXPECT_EQ(topics[1].error_code, ErrorCode::unknown_topic_id);
    EXPECT_EQ(topics[1].topic_id, (Uuid{1, 2}));
    EXPECT_FALSE(topics[1].name);
}

TEST_F(MetadataFixture, HasNoTopicYetWhosePartitionsHaveNotCome) {
    const Uuid id = topic("t", {});
    EXPECT_EQ(ask(12, named({"t"})).response.topics.at(0).error_code,
              ErrorCode::unknown_topic_or_partition);
    EXPECT_EQ(ask(12, by_id({id})).response.topics.at(0).error_code, ErrorCode::unknown_topic_id);
    EXPECT_THAT(ask(12, all_topics()).response.topics, IsEmpty());
}

TEST_F(MetadataFixture, SaysWhyAPartitionHasNoLeader) {
    topic("t", {partition({2}, 2)});
    EXPECT_EQ(told(9).error_code, ErrorCode::none);
    broker(2, false, "REPLICATION");  // it leads, but not on this listener
    EXPECT_EQ(told(6).error_code, ErrorCode::listener_not_found);
    EXPECT_EQ(told(5).error_code, ErrorCode::leader_not_available);
    EXPECT_EQ(told(6).leader_id, -1);
    EXPECT_THAT(told(6).offline_replicas, ElementsAre(2));
    EXPECT_THAT(told(6).replica_nodes, ElementsAre(2));
    image.brokers.erase(BrokerId{2});
    EXPECT_EQ(told(6).error_code, ErrorCode::leader_not_available);
}

TEST_F(MetadataFixture, CallsAPartitionWithoutALeaderNotAvailable) {
    topic("t", {partition({1, 2}, metadata::kNoLeader.value)});
    EXPECT_EQ(told(9).error_code, ErrorCode::leader_not_available);
    EXPECT_EQ(told(9).leader_id, -1);
    EXPECT_EQ(told(9).leader_epoch, 5);
}

TEST_F(MetadataFixture, TellsWhichReplicasAreOffline) {
    broker(3, true);
    metadata::Partition some = partition({1, 2, 3, 4}, 1);
    topic("t", {some});
    EXPECT_THAT(told(9).offline_replicas, ElementsAre(3, 4)) << "fenced, and not registered";
    some.directories = {directory_of(1), metadata::kLostDirectory, directory_of(3),
                        directory_of(4)};
    topic("t", {some});
    EXPECT_THAT(told(9).offline_replicas, ElementsAre(2, 3, 4));
    some.directories[1] = Uuid{9, 9};  // one that broker 2 has no more
    topic("t", {some});
    EXPECT_THAT(told(9).offline_replicas, ElementsAre(2, 3, 4));
    some.directories[1] = metadata::kUnassignedDirectory;
    topic("t", {some});
    EXPECT_THAT(told(9).offline_replicas, ElementsAre(3, 4));
}

TEST_F(MetadataFixture, Version0LeavesOutWhoIsNotThereAndSaysSo) {
    broker(2, true);
    topic("t", {partition({1, 2}, 1)});
    EXPECT_EQ(told(0).error_code, ErrorCode::replica_not_available);
    EXPECT_EQ(told(0).leader_id, 1);
    EXPECT_THAT(told(0).replica_nodes, ElementsAre(1));
    EXPECT_THAT(told(0).isr_nodes, ElementsAre(1));
    EXPECT_EQ(told(1).error_code, ErrorCode::none);
    EXPECT_THAT(told(1).isr_nodes, ElementsAre(1, 2));
}

TEST_F(MetadataFixture, SaysWhetherATopicIsUnknownOrHasANameThatNoneCanHave) {
    const std::pair<std::string, ErrorCode> rows[] = {
        {"orders", ErrorCode::unknown_topic_or_partition},
        {"", ErrorCode::invalid_topic_exception},
        {"..", ErrorCode::invalid_topic_exception},
        {"../x", ErrorCode::invalid_topic_exception},
        {std::string("a\0b", 3), ErrorCode::invalid_topic_exception},
        {std::string(249, 'x'), ErrorCode::unknown_topic_or_partition},
        {std::string(250, 'x'), ErrorCode::invalid_topic_exception},
    };
    for (const auto& [name, code] : rows) {
        SCOPED_TRACE(name);
        const auto topics = ask(4, named({name})).response.topics;
        ASSERT_EQ(topics.size(), 1U);
        EXPECT_EQ(topics[0].error_code, code);
        EXPECT_EQ(topics[0].name, name);
    }
}

TEST_F(MetadataFixture, AsksForTheCreationOfWhatTheClientMayAndTheBrokerDoesCreate) {
    topic("there", {partition({1}, 1)});
    MetadataRequest request = named({"new", "there", "a/b", "new", "newer"});
    EXPECT_THAT(ask(4, request).to_create, ElementsAre("new", "newer"));
    EXPECT_EQ(ask(4, request).response.topics.at(0).error_code,
              ErrorCode::unknown_topic_or_partition);
    request.allow_auto_topic_creation = false;
    EXPECT_THAT(ask(4, request).to_create, IsEmpty());
    request.allow_auto_topic_creation = true;
    auto_create_topics = false;
    EXPECT_THAT(ask(4, request).to_create, IsEmpty());
    auto_create_topics = true;
    EXPECT_THAT(ask(4, all_topics()).to_create, IsEmpty());
    EXPECT_THAT(ask(12, by_id({Uuid{1, 2}})).to_create, IsEmpty());
}

TEST_F(MetadataFixture, RefusesTheWholeRequestWhereATopicIsAskedForInAWayThatIsNone) {
    const MetadataRequest nothing = by_id({Uuid{}});
    MetadataRequest id = named({"t"});
    id.topics->back().topic_id = Uuid{1, 2};
    const std::pair<int, const MetadataRequest*> rows[] = {
        {10, &nothing}, {11, &nothing}, {12, &nothing}, {13, &nothing}, {10, &id}, {11, &id},
    };
    for (const auto& [version, request] : rows) {
        SCOPED_TRACE(version);
        const auto response = ask(version, *request).response;
        EXPECT_EQ(response.error_code, ErrorCode::invalid_request);
        ASSERT_EQ(response.topics.size(), 1U);
        EXPECT_EQ(response.topics[0].error_code, ErrorCode::invalid_request);
        EXPECT_TRUE(response.encoded_size(static_cast<std::int16_t>(version)));
    }
}

TEST_F(MetadataFixture, GivesTheOperationsOnlyWhenAskedFor) {
    topic("t", {partition({1}, 1)});
    MetadataRequest request = named({"t"});
    EXPECT_EQ(ask(8, request).response.cluster_authorized_operations, INT32_MIN);
    EXPECT_EQ(ask(8, request).response.topics.at(0).topic_authorized_operations, INT32_MIN);
    request.include_cluster_authorized_operations = true;
    request.include_topic_authorized_operations = true;
    // As Apache Kafka 4.3.1 answers without an authorizer.
    EXPECT_EQ(ask(8, request).response.cluster_authorized_operations, 0x1fa0);
    EXPECT_EQ(ask(8, request).response.topics.at(0).topic_authorized_operations, 0x0df8);
}

TEST_F(MetadataFixture, AnswersInEveryVersion) {
    topic("t", {partition({1}, 1)});
    for (int version = 0; version <= 13; ++version) {
        SCOPED_TRACE(version);
        EXPECT_TRUE(ask(version, named({"t", "u"}))
                        .response.encoded_size(static_cast<std::int16_t>(version)));
    }
}

}  // namespace
}  // namespace moldau::broker
