#include "handlers/admin/other_brokers.hpp"

#include <gtest/gtest.h>

namespace moldau::broker {
namespace {

protocol::IncrementalAlterConfigsRequest of(
    const std::vector<std::pair<int, std::string>>& resources) {
    protocol::IncrementalAlterConfigsRequest request;
    for (const auto& [type, name] : resources) {
        auto& resource = request.resources.emplace_back();
        resource.resource_type = static_cast<std::int8_t>(type);
        resource.resource_name = name;
    }
    return request;
}

TEST(RefuseOtherBrokers, LeavesTheControllerWhatThisBrokerMayAskItFor) {
    auto request = of({{2, "topic"}, {4, "1"}, {4, ""}, {32, "99"}, {8, "99"}});
    EXPECT_TRUE(refuse_other_brokers(BrokerId{1}, request).empty());
    EXPECT_EQ(request.resources.size(), 5U);
}

TEST(RefuseOtherBrokers, TakesOutTheOthersAndNamesThatOnesOwnNumberWrong) {
    auto request = of({{4, "99"}, {2, "topic"}, {4, "abc"}, {4, "1x"}, {4, "01"}, {4, "-1"}});
    const auto refusals = refuse_other_brokers(BrokerId{1}, request);
    ASSERT_EQ(refusals.size(), 5U);
    for (const auto& refusal : refusals) {
        EXPECT_EQ(refusal.error_code, ErrorCode::invalid_request);
        EXPECT_EQ(refusal.resource_type, 4);
    }
    EXPECT_EQ(refusals[0].resource_name, "99");
    EXPECT_EQ(refusals[0].error_message, "this is broker 1: ask broker 99 itself, by that number");
    EXPECT_EQ(refusals[1].error_message, "a broker is named by its number");
    ASSERT_EQ(request.resources.size(), 1U);
    EXPECT_EQ(request.resources[0].resource_name, "topic");
}

TEST(RefuseOtherBrokers, LooksAtFullChangesToo) {
    protocol::AlterConfigsRequest request;
    for (const std::string name : {"1", "99", ""}) {
        auto& resource = request.resources.emplace_back();
        resource.resource_type = 4;
        resource.resource_name = name;
    }
    const auto refusals = refuse_other_brokers(BrokerId{1}, request);
    ASSERT_EQ(refusals.size(), 1U);
    EXPECT_EQ(refusals[0].resource_name, "99");
    EXPECT_EQ(refusals[0].error_code, ErrorCode::invalid_request);
    EXPECT_EQ(request.resources.size(), 2U);
}

}  // namespace
}  // namespace moldau::broker
