#include "handlers/cluster/cluster_description.hpp"

#include "broker/image_fixture.hpp"

#include <gtest/gtest.h>

namespace moldau::broker {
namespace {

struct ClusterDescriptionFixture : testing::Test, ImageFixture {
    bool is_controller_listener = false;
    protocol::DescribeClusterRequest request;

    ClusterDescriptionFixture() {
        broker(1);
        broker(2, true);
        broker(3, false, "REPLICATION");
    }
    protocol::DescribeClusterResponse ask(int version) const {
        return cluster_description({.image = image,
                                    .cluster_id = "dc0SommNRky8xRHHDNW4tg",
                                    .asked = asked,
                                    .is_controller_listener = is_controller_listener,
                                    .active_controller = BrokerId{100},
                                    .version = static_cast<std::int16_t>(version)},
                                   request);
    }
};

TEST_F(ClusterDescriptionFixture, GivesTheBrokersAsTheyAreAdvertisedOnTheListener) {
    const auto response = ask(2);
    EXPECT_EQ(response.error_code, ErrorCode::none);
    EXPECT_EQ(response.endpoint_type, 1);
    EXPECT_EQ(response.cluster_id, "dc0SommNRky8xRHHDNW4tg");
    EXPECT_EQ(response.controller_id, 1);
    ASSERT_EQ(response.brokers.size(), 1U);
    EXPECT_EQ(response.brokers[0].host, "broker-1");
    EXPECT_EQ(response.brokers[0].port, 9092);
    EXPECT_EQ(response.brokers[0].rack, "rack-1");
    EXPECT_FALSE(response.brokers[0].is_fenced);
    EXPECT_EQ(response.cluster_authorized_operations, INT32_MIN) << "not asked for";
}

TEST_F(ClusterDescriptionFixture, AdvertisesTheAddressThatTheClientUsedWhereNothingIsAdvertised) {
    asked.advertises_address_used = true;
    EXPECT_EQ(ask(0).brokers.at(0).host, "127.0.0.1");
}

TEST_F(ClusterDescriptionFixture, GivesTheBitsOfAllOperationsWhenAskedFor) {
    request.include_cluster_authorized_operations = true;
    // As Apache Kafka 4.3.1 answers without an authorizer.
    EXPECT_EQ(ask(0).cluster_authorized_operations, 0x1fa0);
}

TEST_F(ClusterDescriptionFixture, ListsFencedBrokersOnlyWhenAskedFor) {
    request.include_fenced_brokers = true;
    const auto response = ask(2);
    ASSERT_EQ(response.brokers.size(), 2U);
    EXPECT_EQ(response.brokers[1].broker_id, 2);
    EXPECT_TRUE(response.brokers[1].is_fenced);
}

TEST_F(ClusterDescriptionFixture, GivesControllersOnTheirListener) {
    is_controller_listener = true;
    asked.listener = "CONTROLLER";
    request.endpoint_type = 2;
    for (const std::int32_t id : {100, 101}) {
        metadata::ControllerRegistration controller;
        controller.endpoints = {{.name = id == 100 ? "CONTROLLER" : "OTHER",
                                 .host = "controller",
                                 .port = 9093,
                                 .security_protocol = 0}};
        image.controllers.set(id, std::move(controller));
    }
    const auto response = ask(1);
    EXPECT_EQ(response.error_code, ErrorCode::none);
    EXPECT_EQ(response.endpoint_type, 2);
    EXPECT_EQ(response.controller_id, 100);
    ASSERT_EQ(response.brokers.size(), 1U);
    EXPECT_EQ(response.brokers[0].port, 9093);
    image.controllers.erase(100);
    EXPECT_EQ(ask(1).controller_id, -1) << "not in the list";
}

TEST_F(ClusterDescriptionFixture, RefusesTheOtherEndpointTypeAndOneThatDoesNotExist) {
    request.endpoint_type = 2;
    EXPECT_EQ(ask(1).error_code, ErrorCode::mismatched_endpoint_type);
    for (const std::int8_t type : std::initializer_list<std::int8_t>{0, 3, -1}) {
        request.endpoint_type = type;
        EXPECT_EQ(ask(1).error_code, ErrorCode::unsupported_endpoint_type);
    }
    is_controller_listener = true;
    request.endpoint_type = 1;  // what version 0 always asks for
    EXPECT_EQ(ask(0).error_code, ErrorCode::invalid_request);
    EXPECT_EQ(ask(1).error_code, ErrorCode::mismatched_endpoint_type);
}

}  // namespace
}  // namespace moldau::broker
