#include "handlers/admin/describe_quorum.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace moldau::broker {
namespace {

using testing::IsEmpty;
using testing::SizeIs;

constexpr Uuid kDirectory{5, 6};

raft::Quorum quorum(std::int16_t kraft_version) {
    raft::Voters voters{.kraft_version = kraft_version, .record = std::nullopt, .is_in_log = true};
    if (kraft_version > 0) {
        voters.record.emplace();
        auto& voter = voters.record->voters.emplace_back();
        voter.voter_id = 3;
        voter.voter_directory_id = kDirectory;
        auto& endpoint = voter.endpoints.emplace_back();
        endpoint.name = "CONTROLLER";
        endpoint.host = "node-3";
        endpoint.port = 9093;
    }
    raft::Quorum made({.self = {.id = 3, .directory = kDirectory},
                       .stored = std::nullopt,
                       .voters = std::move(voters),
                       .static_voters = {3},
                       .log_end = Offset{10},
                       .last_epoch = LeaderEpoch{4}});
    EXPECT_TRUE(made.start());
    (void)made.persisted(Timestamp{1});
    (void)made.persisted(Timestamp{1});
    (void)made.flushed(made.end_offset());
    return made;
}

protocol::DescribeQuorumRequest of(std::string topic, std::vector<std::int32_t> partitions) {
    protocol::DescribeQuorumRequest request;
    auto& one = request.topics.emplace_back();
    one.topic_name = std::move(topic);
    for (const std::int32_t partition : partitions)
        one.partitions.emplace_back().partition_index = partition;
    return request;
}

protocol::DescribeQuorumResponse ask(std::int16_t kraft_version,
                                     const protocol::DescribeQuorumRequest& request,
                                     const metadata::ClusterImage& image = {}) {
    const auto response = describe_quorum(quorum(kraft_version), image, Timestamp{777}, request);
    EXPECT_TRUE(response.encoded_size(2));
    auto old = response;
    forget_directories(old);
    for (std::int16_t v = 0; v <= 1; ++v) EXPECT_TRUE(old.encoded_size(v)) << v;
    return response;
}

TEST(DescribeQuorum, TellsOfTheOnlyVoterWhichLeads) {
    const auto response = ask(1, of("__cluster_metadata", {0}));
    EXPECT_EQ(response.error_code, ErrorCode::none);
    EXPECT_EQ(response.error_message, std::nullopt);
    const auto& partition = response.topics.at(0).partitions.at(0);
    EXPECT_EQ(partition.error_code, ErrorCode::none);
    EXPECT_EQ(partition.leader_id, 3);
    EXPECT_EQ(partition.leader_epoch, 5);
    EXPECT_GT(partition.high_watermark, 10);
    EXPECT_THAT(partition.observers, IsEmpty());
    ASSERT_THAT(partition.current_voters, SizeIs(1));
    const auto& self = partition.current_voters[0];
    EXPECT_EQ(self.replica_id, 3);
    EXPECT_EQ(self.replica_directory_id, kDirectory);
    EXPECT_EQ(self.log_end_offset, partition.high_watermark);
    EXPECT_EQ(self.last_fetch_timestamp, 777);
    EXPECT_EQ(self.last_caught_up_timestamp, 777);
    ASSERT_THAT(response.nodes, SizeIs(1));
    EXPECT_EQ(response.nodes[0].node_id, 3);
    EXPECT_EQ(response.nodes[0].listeners.at(0).host, "node-3");
    EXPECT_EQ(response.nodes[0].listeners.at(0).port, 9093);
}

TEST(DescribeQuorum, KnowsNoDirectoriesWhereTheVotersStandInTheSettings) {
    const auto response = ask(0, of("__cluster_metadata", {0}));
    const auto& partition = response.topics.at(0).partitions.at(0);
    EXPECT_TRUE(partition.current_voters.at(0).replica_directory_id.is_zero());
    EXPECT_THAT(response.nodes.at(0).listeners, IsEmpty());
}

TEST(DescribeQuorum, TellsWhereTheVoterIsNowRatherThanWhereItWas) {
    metadata::ClusterImage image;
    metadata::ControllerRegistration registration;
    registration.endpoints = {{.name = "CONTROLLER", .host = "node-3", .port = 50007}};
    image.controllers.set(3, registration);
    for (const std::int16_t kraft_version : {std::int16_t{0}, std::int16_t{1}}) {
        const auto response = ask(kraft_version, of("__cluster_metadata", {0}), image);
        ASSERT_THAT(response.nodes.at(0).listeners, SizeIs(1));
        EXPECT_EQ(response.nodes[0].listeners[0].port, 50007);
    }
}

TEST(DescribeQuorum, IsAboutTheMetadataLogAlone) {
    auto two = of("__cluster_metadata", {0});
    two.topics.push_back(two.topics[0]);
    for (const auto& request : {of("orders", {0}), of("__cluster_metadata", {1}),
                                of("__cluster_metadata", {0, 1}), two}) {
        const auto response = ask(1, request);
        ASSERT_EQ(response.topics.size(), request.topics.size());
        for (std::size_t i = 0; i < request.topics.size(); ++i) {
            EXPECT_EQ(response.topics[i].topic_name, request.topics[i].topic_name);
            ASSERT_EQ(response.topics[i].partitions.size(), request.topics[i].partitions.size());
            for (const auto& partition : response.topics[i].partitions)
                EXPECT_EQ(partition.error_code, ErrorCode::unknown_topic_or_partition);
        }
    }
}

}  // namespace
}  // namespace moldau::broker
