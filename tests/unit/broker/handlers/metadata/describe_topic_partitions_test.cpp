#include "handlers/metadata/describe_topic_partitions.hpp"

#include "broker/image_fixture.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace moldau::broker {
namespace {

using testing::ElementsAre;
using Request = protocol::DescribeTopicPartitionsRequest;
using Response = protocol::DescribeTopicPartitionsResponse;

struct DescribeTopicPartitionsFixture : testing::Test, ImageFixture {
    std::int32_t partitions_max = 2000;

    DescribeTopicPartitionsFixture() {
        broker(1);
        broker(2, true);
        const metadata::Partition one = partition({1}, 1);
        topic("b", {one, one, one});
        topic("a", {one, one});
        topic("c", {one});
    }
    Response ask(const Request& request) const {
        return describe_topic_partitions(image, asked, partitions_max, request);
    }
    static Request of(const std::vector<std::string>& names, std::int32_t limit = 2000) {
        Request request;
        for (const std::string& name : names) request.topics.emplace_back().name = name;
        request.response_partition_limit = limit;
        return request;
    }
    static Request from(Request request, std::string topic, std::int32_t partition) {
        request.cursor.emplace();
        request.cursor->topic_name = std::move(topic);
        request.cursor->partition_index = partition;
        return request;
    }
    /// "a:0,1 b:0 -> b:1"
    static std::string shown(const Response& response) {
        std::string text;
        for (const auto& topic : response.topics) {
            text += *topic.name + ":";
            for (const auto& each : topic.partitions)
                text += std::to_string(each.partition_index) + ",";
            text.back() = ' ';
        }
        if (response.next_cursor) {
            text += "-> " + response.next_cursor->topic_name + ":" +
                    std::to_string(response.next_cursor->partition_index);
        }
        return text;
    }
};

TEST_F(DescribeTopicPartitionsFixture, GivesEligibleLeadersToo) {
    metadata::Partition partition = ImageFixture::partition({1, 2, 3}, metadata::kNoLeader.value);
    partition.isr = {};
    partition.elr = ids({2});
    partition.last_known_elr = ids({3});
    const Uuid id = topic("elr", {partition});
    const Response response = ask(of({"elr"}));
    ASSERT_EQ(response.topics.size(), 1U);
    EXPECT_EQ(response.topics[0].topic_id, id);
    EXPECT_EQ(response.topics[0].topic_authorized_operations, 0x0df8);
    const auto& told = response.topics[0].partitions.at(0);
    EXPECT_EQ(told.error_code, ErrorCode::none);
    EXPECT_EQ(told.leader_id, -1);
    EXPECT_EQ(told.leader_epoch, 5);
    EXPECT_THAT(told.replica_nodes, ElementsAre(1, 2, 3));
    EXPECT_TRUE(told.isr_nodes.empty());
    EXPECT_THAT(told.eligible_leader_replicas.value(), ElementsAre(2));
    EXPECT_THAT(told.last_known_elr.value(), ElementsAre(3));
    EXPECT_THAT(told.offline_replicas, ElementsAre(2, 3));
}

TEST_F(DescribeTopicPartitionsFixture, GivesTopicsInTheOrderOfTheirNamesEachOnce) {
    EXPECT_EQ(shown(ask(of({"c", "a", "c"}))), "a:0,1 c:0 ");
    EXPECT_EQ(shown(ask(of({}))), "a:0,1 b:0,1,2 c:0 ");
}

TEST_F(DescribeTopicPartitionsFixture, EndsAPageAtTheLimitAndGoesOnFromItsCursor) {
    EXPECT_EQ(shown(ask(of({}, 3))), "a:0,1 b:0 -> b:1");
    EXPECT_EQ(shown(ask(from(of({}, 3), "b", 1))), "b:1,2 c:0 ");
    EXPECT_EQ(shown(ask(of({}, 2))), "a:0,1 -> b:0") << "a full page before the next topic";
    EXPECT_EQ(shown(ask(from(of({"b", "a", "c"}, 2), "b", 0))), "b:0,1 -> b:2");
    EXPECT_EQ(shown(ask(of({}, 6))), "a:0,1 b:0,1,2 c:0 ");
}

TEST_F(DescribeTopicPartitionsFixture, GivesAtLeastOnePartitionAndNoMoreThanTheBrokerDoes) {
    EXPECT_EQ(shown(ask(of({}, 0))), "a:0 -> a:1");
    EXPECT_EQ(shown(ask(of({}, -1))), "a:0 -> a:1");
    partitions_max = 4;
    EXPECT_EQ(shown(ask(of({}))), "a:0,1 b:0,1 -> b:2");
}

TEST_F(DescribeTopicPartitionsFixture, GoesOnBehindATopicThatWentMeanwhile) {
    EXPECT_EQ(shown(ask(from(of({}), "aa", 7))), "b:0,1,2 c:0 ");
    EXPECT_EQ(shown(ask(from(of({}), "b", 9))), "b c:0 ");
}

TEST_F(DescribeTopicPartitionsFixture, SaysWhichTopicsAreUnknown) {
    const Response response = ask(of({"a/b", "nope", "c"}));
    ASSERT_EQ(response.topics.size(), 3U);
    EXPECT_EQ(response.topics[0].error_code, ErrorCode::invalid_topic_exception);
    EXPECT_EQ(response.topics[1].error_code, ErrorCode::none);
    EXPECT_EQ(response.topics[2].error_code, ErrorCode::unknown_topic_or_partition);
}

TEST_F(DescribeTopicPartitionsFixture, RefusesACursorThatCannotBe) {
    for (const Request& request : {from(of({"a"}), "a", -1), from(of({"a"}), "b", 0)}) {
        const Response response = ask(request);
        ASSERT_EQ(response.topics.size(), 1U);
        EXPECT_EQ(response.topics[0].error_code, ErrorCode::invalid_request);
        EXPECT_EQ(response.topics[0].name, "a");
    }
    EXPECT_TRUE(ask(from(of({}), "a", -1)).topics.empty());
}

TEST_F(DescribeTopicPartitionsFixture, CanBeWritten) {
    EXPECT_TRUE(ask(of({"a", "nope"}, 1)).encoded_size(0));
}

}  // namespace
}  // namespace moldau::broker
