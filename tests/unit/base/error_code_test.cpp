#include "moldau/base/error_code.hpp"

#include <gtest/gtest.h>

namespace moldau {
namespace {

TEST(ErrorCode, HasKafkasNumberAndName) {
    EXPECT_EQ(static_cast<int>(ErrorCode::unsupported_version), 35);
    EXPECT_EQ(name(ErrorCode::not_leader_or_follower), "NOT_LEADER_OR_FOLLOWER");
    EXPECT_EQ(name(static_cast<ErrorCode>(9999)), "UNKNOWN_ERROR_CODE");
}

TEST(ErrorCode, TellsWhetherAClientMayTryAgain) {
    EXPECT_TRUE(is_retriable(ErrorCode::not_leader_or_follower));
    EXPECT_FALSE(is_retriable(ErrorCode::invalid_request));
}

}  // namespace
}  // namespace moldau
