#include "handlers/cluster/api_versions.hpp"

#include "broker/request_fixture.hpp"

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

bool lists(const protocol::ApiVersionsResponse& response, ApiKey key) {
    return std::any_of(response.api_keys.begin(), response.api_keys.end(), [&](const auto& row) {
        return row.api_key == static_cast<std::int16_t>(key);
    });
}

TEST(ApiVersions, ListsWhatIsServedOnTheListenerAndNothingElse) {
    const RequestFixture at;
    const auto broker = handle_api_versions(at.context(ApiKey::api_versions, 0), {});
    EXPECT_EQ(broker.error_code, ErrorCode::none);
    EXPECT_TRUE(lists(broker, ApiKey::metadata));
    EXPECT_FALSE(lists(broker, ApiKey::produce)) << "advertised without being carried out";
    const auto controller =
        handle_api_versions(at.context(ApiKey::api_versions, 0, ListenerKind::controller), {});
    EXPECT_TRUE(lists(controller, ApiKey::api_versions));
    EXPECT_FALSE(lists(controller, ApiKey::metadata));
}

TEST(ApiVersions, KeepsFeaturesWhoseLeastLevelIsZeroFromClientsBeforeVersion4) {
    const RequestFixture at;
    EXPECT_EQ(handle_api_versions(at.context(ApiKey::api_versions, 3), from("a", "1"))
                  .supported_features.size(),
              1U);
    EXPECT_EQ(handle_api_versions(at.context(ApiKey::api_versions, 4), from("a", "1"))
                  .supported_features.size(),
              2U);
}

TEST(ApiVersions, RefusesNamesOfClientSoftwareThatKip511DoesNotAllow) {
    struct Row {
        const char* name;
        const char* version;
        bool allowed;
    };
    const RequestFixture at;
    for (const Row& row :
         {Row{"apache-kafka-java", "4.3.1", true}, Row{"x", "1", true}, Row{"", "1", false},
          Row{"x", "", false}, Row{"bad name!", "1", false}, Row{"-x", "1", false},
          Row{"x.", "1", false}, Row{"\xc3\xa9", "1", false}, Row{"x", "1-", false}}) {
        SCOPED_TRACE(std::string(row.name) + " " + row.version);
        const auto response =
            handle_api_versions(at.context(ApiKey::api_versions, 3), from(row.name, row.version));
        EXPECT_EQ(response.error_code, row.allowed ? ErrorCode::none : ErrorCode::invalid_request);
        EXPECT_EQ(response.api_keys.empty(), !row.allowed);
    }
    EXPECT_EQ(handle_api_versions(at.context(ApiKey::api_versions, 2), from("", "")).error_code,
              ErrorCode::none)
        << "before v3 there is no name";
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
