#include "handlers/cluster/api_versions.hpp"

#include <gtest/gtest.h>

#include <algorithm>

namespace moldau::broker {
namespace {

using protocol::ApiKey;

protocol::ApiVersionsRequest from(std::string name, std::string version) {
    protocol::ApiVersionsRequest request;
    request.client_software_name = std::move(name);
    request.client_software_version = std::move(version);
    return request;
}

protocol::ApiVersionsResponse ask(std::int16_t version,
                                  const protocol::ApiVersionsRequest& request = {},
                                  ListenerKind listener = ListenerKind::broker) {
    metadata::ClusterImage image;
    image.provenance.end_offset = Offset{12};
    image.features.set("metadata.version", 30);
    return api_versions(
        {.image = image, .kraft_version = 1, .listener = listener, .version = version}, request);
}

bool lists(const protocol::ApiVersionsResponse& response, ApiKey key) {
    return std::any_of(response.api_keys.begin(), response.api_keys.end(), [&](const auto& row) {
        return row.api_key == static_cast<std::int16_t>(key);
    });
}

TEST(ApiVersions, ListsWhatIsServedOnTheListenerAndNothingElse) {
    const auto broker = ask(0);
    EXPECT_EQ(broker.error_code, ErrorCode::none);
    EXPECT_TRUE(lists(broker, ApiKey::metadata));
    EXPECT_FALSE(lists(broker, ApiKey::end_txn)) << "advertised without being carried out";
    const auto controller = ask(0, {}, ListenerKind::controller);
    EXPECT_TRUE(lists(controller, ApiKey::api_versions));
    EXPECT_FALSE(lists(controller, ApiKey::metadata));
}

TEST(ApiVersions, TellsOfTelemetryOnlyWhereItIsReceived) {
    const metadata::ClusterImage image;
    VersionsQuestion question{.image = image, .version = 0};
    EXPECT_FALSE(lists(api_versions(question, {}), ApiKey::get_telemetry_subscriptions));
    EXPECT_FALSE(lists(api_versions(question, {}), ApiKey::push_telemetry));
    question.receives_telemetry = true;
    EXPECT_TRUE(lists(api_versions(question, {}), ApiKey::get_telemetry_subscriptions));
    EXPECT_TRUE(lists(api_versions(question, {}), ApiKey::push_telemetry));
    EXPECT_NE(find_api(71, ListenerKind::broker), nullptr) << "served in any case";
    EXPECT_EQ(find_api(71, ListenerKind::controller), nullptr);
}

TEST(ApiVersions, SaysThatProduceBeginsAt0AsKafkaDoes) {
    const auto response = ask(4, from("a", "1"));
    const auto produce = std::ranges::find(response.api_keys, 0,
                                           &protocol::ApiVersionsResponse::ApiVersion::api_key);
    ASSERT_NE(produce, response.api_keys.end());
    EXPECT_EQ(produce->min_version, 0);
    EXPECT_EQ(find_api(0, ListenerKind::broker)->min_version, 3);
}

TEST(ApiVersions, TellsWhatIsFinalizedAndSinceWhen) {
    const auto response = ask(3, from("a", "1"));
    EXPECT_EQ(response.finalized_features_epoch, 11);
    ASSERT_EQ(response.finalized_features.size(), 2U);
    EXPECT_EQ(response.finalized_features[0].name, "metadata.version");
    EXPECT_EQ(response.finalized_features[0].max_version_level, 30);
    EXPECT_EQ(response.finalized_features[0].min_version_level, 30);
    EXPECT_EQ(response.finalized_features[1].name, "kraft.version");
    EXPECT_EQ(response.finalized_features[1].max_version_level, 1);
}

TEST(ApiVersions, KeepsFeaturesWhoseLeastLevelIsZeroFromClientsBeforeVersion4) {
    EXPECT_EQ(ask(3, from("a", "1")).supported_features.size(), 1U);
    EXPECT_EQ(ask(4, from("a", "1")).supported_features.size(), 3U);
}

TEST(ApiVersions, RefusesNamesOfClientSoftwareThatKip511DoesNotAllow) {
    struct Row {
        const char* name;
        const char* version;
        bool allowed;
    };
    for (const Row& row :
         {Row{"apache-kafka-java", "4.3.1", true}, Row{"x", "1", true}, Row{"", "1", false},
          Row{"x", "", false}, Row{"bad name!", "1", false}, Row{"-x", "1", false},
          Row{"x.", "1", false}, Row{"\xc3\xa9", "1", false}, Row{"x", "1-", false}}) {
        SCOPED_TRACE(std::string(row.name) + " " + row.version);
        const auto response = ask(3, from(row.name, row.version));
        EXPECT_EQ(response.error_code, row.allowed ? ErrorCode::none : ErrorCode::invalid_request);
        EXPECT_EQ(response.api_keys.empty(), !row.allowed);
    }
    EXPECT_EQ(ask(2, from("", "")).error_code, ErrorCode::none) << "before v3 there is no name";
}

TEST(ApiVersions, AnUnknownVersionIsToldTheRangeOfApiVersionsAlone) {
    const auto response = unsupported_api_versions();
    EXPECT_EQ(response.error_code, ErrorCode::unsupported_version);
    ASSERT_EQ(response.api_keys.size(), 1U);
    EXPECT_EQ(response.api_keys[0].api_key, 18);
    EXPECT_EQ(response.api_keys[0].min_version, 0);
    EXPECT_EQ(response.api_keys[0].max_version, 4);
}

}  // namespace
}  // namespace moldau::broker
