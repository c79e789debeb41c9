#include "handlers/cluster/describe_cluster.hpp"

#include "broker/request_fixture.hpp"

#include <gtest/gtest.h>

namespace moldau::broker {
namespace {

using protocol::ApiKey;

TEST(DescribeCluster, GivesTheBrokersAsTheyAreAdvertisedOnTheListener) {
    const RequestFixture at;
    const auto response = handle_describe_cluster(at.context(ApiKey::describe_cluster, 2), {});
    EXPECT_EQ(response.error_code, ErrorCode::none);
    EXPECT_EQ(response.cluster_id, "dc0SommNRky8xRHHDNW4tg");
    EXPECT_EQ(response.controller_id, 1);
    ASSERT_EQ(response.brokers.size(), 1U);
    EXPECT_EQ(response.brokers[0].host, "broker.example");
    EXPECT_EQ(response.brokers[0].port, 9092);
    EXPECT_EQ(response.brokers[0].rack, "north");
    EXPECT_EQ(response.cluster_authorized_operations, INT32_MIN) << "not asked for";
}

TEST(DescribeCluster, AdvertisesTheAddressThatTheClientUsedWhereNothingIsAdvertised) {
    RequestFixture at;
    at.cluster.brokers[0].advertised.clear();
    const auto response = handle_describe_cluster(at.context(ApiKey::describe_cluster, 0), {});
    EXPECT_EQ(response.brokers[0].host, "127.0.0.1");
}

TEST(DescribeCluster, GivesTheBitsOfAllOperationsWhenAskedFor) {
    const RequestFixture at;
    protocol::DescribeClusterRequest request;
    request.include_cluster_authorized_operations = true;
    // As Apache Kafka 4.3.1 answers without an authorizer.
    EXPECT_EQ(handle_describe_cluster(at.context(ApiKey::describe_cluster, 0), request)
                  .cluster_authorized_operations,
              0x1fa0);
}

TEST(DescribeCluster, ListsFencedBrokersOnlyWhenAskedFor) {
    RequestFixture at;
    at.cluster.brokers[0].fenced = true;
    protocol::DescribeClusterRequest request;
    EXPECT_TRUE(
        handle_describe_cluster(at.context(ApiKey::describe_cluster, 2), request).brokers.empty());
    request.include_fenced_brokers = true;
    const auto response = handle_describe_cluster(at.context(ApiKey::describe_cluster, 2), request);
    ASSERT_EQ(response.brokers.size(), 1U);
    EXPECT_TRUE(response.brokers[0].is_fenced);
}

TEST(DescribeCluster, RefusesTheOtherEndpointTypeAndOneThatDoesNotExist) {
    const RequestFixture at;
    protocol::DescribeClusterRequest request;
    request.endpoint_type = 2;
    EXPECT_EQ(handle_describe_cluster(at.context(ApiKey::describe_cluster, 1), request).error_code,
              ErrorCode::mismatched_endpoint_type);
    EXPECT_EQ(handle_describe_cluster(
                  at.context(ApiKey::describe_cluster, 1, ListenerKind::controller), request)
                  .error_code,
              ErrorCode::none);
    for (const std::int8_t type : std::initializer_list<std::int8_t>{0, 3, -1}) {
        request.endpoint_type = type;
        EXPECT_EQ(
            handle_describe_cluster(at.context(ApiKey::describe_cluster, 1), request).error_code,
            ErrorCode::unsupported_endpoint_type);
    }
}

}  // namespace
}  // namespace moldau::broker
