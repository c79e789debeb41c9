// Our table of APIs against Kafka's.
#include "support/vectors.hpp"

#include "moldau/protocol/api_keys.hpp"

#include <boost/json/array.hpp>
#include <boost/json/object.hpp>
#include <boost/json/value_to.hpp>
#include <gtest/gtest.h>

#include <algorithm>
#include <string>
#include <string_view>

namespace moldau::support {
namespace {

namespace json = boost::json;
using protocol::ApiInfo;

bool listed(const json::object& row, std::string_view listener) {
    const json::array& all = row.at("listeners").as_array();
    return std::any_of(all.begin(), all.end(),
                       [&](const json::value& one) { return one.as_string() == listener; });
}

void expect_versions(const ApiInfo& api, const json::object& row) {
    EXPECT_EQ(api.versions.first, row.at("oldestVersion").as_int64());
    EXPECT_EQ(api.versions.last, row.at("latestVersion").as_int64());
    EXPECT_EQ(api.latest_stable, row.at("latestStableVersion").as_int64());
    const json::array& request = row.at("requestHeaderVersions").as_array();
    const json::array& response = row.at("responseHeaderVersions").as_array();
    for (std::size_t i = 0; i < request.size(); ++i) {
        const auto version = static_cast<std::int16_t>(api.versions.first + static_cast<int>(i));
        EXPECT_EQ(protocol::request_header_version(api, version), request[i].as_int64()) << version;
        EXPECT_EQ(protocol::response_header_version(api, version), response[i].as_int64())
            << version;
    }
}

TEST(ApiTable, IsKafkas) {
    const auto rows = read_vectors("tables/apis.jsonl");
    ASSERT_EQ(rows.size(), protocol::apis().size());
    for (const json::object& row : rows) {
        const auto key = static_cast<std::int16_t>(row.at("apiKey").as_int64());
        SCOPED_TRACE(json::value_to<std::string>(row.at("message")));
        const ApiInfo* const api = protocol::find_api(key);
        ASSERT_NE(api, nullptr);
        EXPECT_EQ(static_cast<std::int16_t>(api->key), key);
        EXPECT_EQ(api->name, json::value_to<std::string>(row.at("message")));
        EXPECT_EQ(api->on_broker, listed(row, "BROKER"));
        EXPECT_EQ(api->on_controller, listed(row, "CONTROLLER"));
        EXPECT_EQ(!api->versions.empty(), row.at("hasValidVersion").as_bool());
        if (!api->versions.empty()) expect_versions(*api, row);
    }
}

TEST(ApiTable, HasNoRowForAKeyThatIsNone) {
    for (const int key : {-1, -32768, 95, 9999, 32767})
        EXPECT_EQ(protocol::find_api(static_cast<std::int16_t>(key)), nullptr) << key;
}

}  // namespace
}  // namespace moldau::support
