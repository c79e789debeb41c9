#include "handlers/admin/list_config_resources.hpp"

#include "broker/config_fixture.hpp"
#include "broker/image_fixture.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace moldau::broker {
namespace {

using metadata::ResourceType;
using testing::ElementsAre;
using testing::IsEmpty;
using testing::Pair;

struct ListConfigResources : testing::Test, ImageFixture {
    ListConfigResources() {
        broker(1);
        broker(2);
        broker(3, true);
        topic("b", {});
        topic("a", {});
        set_config(image, ResourceType::topic, "a", "retention.ms", "1");
        set_config(image, ResourceType::group, "g", "share.auto.offset.reset", "earliest");
        set_config(image, ResourceType::client_metrics, "cm", "interval.ms", "1000");
        set_config(image, ResourceType::broker, "", "log.cleaner.threads", "2");
    }
    protocol::ListConfigResourcesResponse ask(std::vector<std::int8_t> types,
                                              std::int16_t version = 1) const {
        protocol::ListConfigResourcesRequest request;
        request.resource_types = std::move(types);
        auto response = list_config_resources(image, Viewpoint(image, asked), version, request);
        for (std::int16_t v = 0; v <= 1; ++v) EXPECT_TRUE(response.encoded_size(v)) << v;
        return response;
    }
    std::vector<std::pair<int, std::string>> names(std::vector<std::int8_t> types,
                                                   std::int16_t version = 1) const {
        std::vector<std::pair<int, std::string>> all;
        const auto response = ask(std::move(types), version);
        EXPECT_EQ(response.error_code, ErrorCode::none);
        for (const auto& each : response.config_resources)
            all.emplace_back(each.resource_type, each.resource_name);
        return all;
    }
};

TEST_F(ListConfigResources, GivesAllThatAreThereWhereNoKindIsNamed) {
    EXPECT_THAT(names({}), ElementsAre(Pair(2, "a"), Pair(2, "b"), Pair(4, "1"), Pair(4, "2"),
                                       Pair(8, "1"), Pair(8, "2"), Pair(16, "cm"), Pair(32, "g")));
}

TEST_F(ListConfigResources, GivesEachKindOnce) {
    EXPECT_THAT(names({32}), ElementsAre(Pair(32, "g")));
    EXPECT_THAT(names({16, 2, 16}), ElementsAre(Pair(2, "a"), Pair(2, "b"), Pair(16, "cm")));
}

TEST_F(ListConfigResources, OfVersionZeroAreSubscriptionsOfClientMetrics) {
    EXPECT_THAT(names({}, 0), ElementsAre(Pair(16, "cm")));
}

TEST_F(ListConfigResources, RefusesAKindThatHasNoConfigs) {
    for (const std::int8_t type : {std::int8_t{0}, std::int8_t{1}, std::int8_t{99}}) {
        const auto response = ask({2, type});
        EXPECT_EQ(response.error_code, ErrorCode::unsupported_version);
        EXPECT_THAT(response.config_resources, IsEmpty());
    }
}

}  // namespace
}  // namespace moldau::broker
