#include "handlers/metadata/metadata.hpp"

#include "broker/request_fixture.hpp"

#include <gtest/gtest.h>

namespace moldau::broker {
namespace {

using protocol::ApiKey;
using protocol::MetadataRequest;

MetadataRequest named(std::vector<std::string> names) {
    MetadataRequest request;
    request.topics.emplace();
    for (std::string& name : names) {
        request.topics->emplace_back();
        request.topics->back().name = std::move(name);
    }
    return request;
}

TEST(Metadata, GivesBrokersControllerAndClusterId) {
    const RequestFixture at;
    const auto response = handle_metadata(at.context(ApiKey::metadata, 9), named({}));
    EXPECT_EQ(response.cluster_id, "dc0SommNRky8xRHHDNW4tg");
    EXPECT_EQ(response.controller_id, 1);
    ASSERT_EQ(response.brokers.size(), 1U);
    EXPECT_EQ(response.brokers[0].host, "broker.example");
    EXPECT_EQ(response.brokers[0].rack, "north");
    EXPECT_TRUE(response.topics.empty());
}

TEST(Metadata, ANullListAndInVersion0AnEmptyOneAskForAllTopics) {
    const RequestFixture at;
    MetadataRequest all;
    all.topics.reset();
    EXPECT_TRUE(handle_metadata(at.context(ApiKey::metadata, 1), all).topics.empty());
    EXPECT_TRUE(handle_metadata(at.context(ApiKey::metadata, 0), named({})).topics.empty());
}

TEST(Metadata, SaysWhetherATopicIsUnknownOrHasANameThatNoneCanHave) {
    const RequestFixture at;
    struct Row {
        std::string name;
        ErrorCode code;
    };
    for (const Row& row : {Row{"orders", ErrorCode::unknown_topic_or_partition},
                           Row{"", ErrorCode::invalid_topic_exception},
                           Row{"..", ErrorCode::invalid_topic_exception},
                           Row{"../x", ErrorCode::invalid_topic_exception},
                           Row{std::string("a\0b", 3), ErrorCode::invalid_topic_exception},
                           Row{std::string(249, 'x'), ErrorCode::unknown_topic_or_partition},
                           Row{std::string(250, 'x'), ErrorCode::invalid_topic_exception}}) {
        SCOPED_TRACE(row.name);
        const auto response = handle_metadata(at.context(ApiKey::metadata, 4), named({row.name}));
        ASSERT_EQ(response.topics.size(), 1U);
        EXPECT_EQ(response.topics[0].error_code, row.code);
        EXPECT_EQ(response.topics[0].name, row.name);
    }
}

TEST(Metadata, ATopicNamedTwiceIsAnsweredOnce) {
    const RequestFixture at;
    EXPECT_EQ(
        handle_metadata(at.context(ApiKey::metadata, 1), named({"a", "a", "b"})).topics.size(), 2U);
}

TEST(Metadata, AnUnknownTopicIdComesBackWithoutAName) {
    const RequestFixture at;
    MetadataRequest request;
    request.topics.emplace().emplace_back();
    request.topics->back().topic_id = Uuid{1, 2};
    request.topics->back().name = std::nullopt;
    const auto response = handle_metadata(at.context(ApiKey::metadata, 12), request);
    ASSERT_EQ(response.topics.size(), 1U);
    EXPECT_EQ(response.topics[0].error_code, ErrorCode::unknown_topic_id);
    EXPECT_EQ(response.topics[0].topic_id, (Uuid{1, 2}));
    EXPECT_FALSE(response.topics[0].name);
}

TEST(Metadata, NeitherNameNorIdIsRefusedForTheWholeRequest) {
    const RequestFixture at;
    MetadataRequest request;
    request.topics.emplace().emplace_back();
    request.topics->back().name = std::nullopt;
    for (const int version : {10, 11, 12, 13}) {
        SCOPED_TRACE(version);
        const auto response = handle_metadata(at.context(ApiKey::metadata, version), request);
        ASSERT_EQ(response.topics.size(), 1U);
        EXPECT_EQ(response.topics[0].error_code, ErrorCode::invalid_request);
        EXPECT_TRUE(response.encoded_size(static_cast<std::int16_t>(version)));
    }
}

TEST(Metadata, GivesTheOperationsOnlyWhenAskedFor) {
    const RequestFixture at;
    MetadataRequest request = named({"abc"});
    EXPECT_EQ(
        handle_metadata(at.context(ApiKey::metadata, 8), request).cluster_authorized_operations,
        INT32_MIN);
    request.include_cluster_authorized_operations = true;
    EXPECT_EQ(
        handle_metadata(at.context(ApiKey::metadata, 8), request).cluster_authorized_operations,
        0x1fa0);
}

TEST(Metadata, EveryVersionCanExpressTheAnswer) {
    const RequestFixture at;
    for (int version = 0; version <= 13; ++version) {
        SCOPED_TRACE(version);
        EXPECT_TRUE(handle_metadata(at.context(ApiKey::metadata, version), named({"a"}))
                        .encoded_size(static_cast<std::int16_t>(version)));
    }
}

}  // namespace
}  // namespace moldau::broker
