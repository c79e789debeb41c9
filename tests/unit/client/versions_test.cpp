#include "moldau/client/versions.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace moldau::client {
namespace {

using protocol::ApiKey;

ServedVersions serving(protocol::VersionRange range) {
    ServedVersions versions;
    versions.set(static_cast<std::int16_t>(ApiKey::metadata), range);
    return versions;
}

TEST(ServedVersions, ChoosesTheNewestThatBothSpeak) {
    const std::int16_t ours = protocol::api_info(ApiKey::metadata).latest_stable;
    EXPECT_EQ(*serving({0, 5}).choose(ApiKey::metadata), 5);
    EXPECT_EQ(*serving({0, 99}).choose(ApiKey::metadata), ours);
    EXPECT_EQ(*serving({0, 99}).choose(ApiKey::metadata, 7), 7);
}

TEST(ServedVersions, SaysWhichRangesDoNotMeet) {
    const auto none = serving({90, 99}).choose(ApiKey::metadata);
    ASSERT_FALSE(none);
    EXPECT_EQ(none.error().code, ErrorCode::unsupported_version);
    EXPECT_THAT(none.error().detail, testing::HasSubstr("Metadata in versions 90 to 99"));
    EXPECT_FALSE(serving({0, 5}).choose(ApiKey::produce));
    EXPECT_FALSE(serving({0, 5}).serves(ApiKey::produce));
}

}  // namespace
}  // namespace moldau::client
