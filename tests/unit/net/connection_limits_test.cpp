#include "moldau/net/connection_limits.hpp"

#include <gtest/gtest.h>

namespace moldau::net {
namespace {

TEST(ConnectionLimits, CountByAddressAndInTotal) {
    ConnectionLimits limits({.total_max = 3, .per_ip_max = 2, .per_ip_overrides = {}});
    EXPECT_TRUE(limits.admit("A", "127.0.0.1"));
    EXPECT_TRUE(limits.admit("A", "127.0.0.1"));
    EXPECT_FALSE(limits.admit("A", "127.0.0.1"));
    EXPECT_TRUE(limits.admit("A", "127.0.0.2"));
    EXPECT_FALSE(limits.has_room("A"));
    limits.release("A", "127.0.0.1");
    EXPECT_TRUE(limits.has_room("A"));
    EXPECT_TRUE(limits.admit("A", "127.0.0.1"));
}

TEST(ConnectionLimits, AnOverrideTakesThePlaceOfTheLimitForItsAddress) {
    ConnectionLimits limits(
        {.per_ip_max = 1, .per_ip_overrides = {{"10.0.0.1", 0}, {"10.0.0.2", 2}}});
    EXPECT_FALSE(limits.admit("A", "10.0.0.1"));
    EXPECT_TRUE(limits.admit("A", "10.0.0.2"));
    EXPECT_TRUE(limits.admit("A", "10.0.0.2"));
    EXPECT_FALSE(limits.admit("A", "10.0.0.2"));
}

TEST(ConnectionLimits, OfAListenerAreItsOwn) {
    ConnectionLimits limits({.total_max = 3, .by_listener = {{"A", 1}}});
    EXPECT_TRUE(limits.has_room("A"));
    EXPECT_TRUE(limits.admit("A", "10.0.0.1"));
    EXPECT_FALSE(limits.has_room("A"));
    EXPECT_TRUE(limits.has_room("B"));
    EXPECT_TRUE(limits.admit("B", "10.0.0.1"));
    EXPECT_TRUE(limits.admit("B", "10.0.0.1"));
    limits.release("A", "10.0.0.1");
    EXPECT_TRUE(limits.has_room("A"));
    EXPECT_TRUE(limits.admit("B", "10.0.0.1"));
    EXPECT_FALSE(limits.has_room("A")) << "nor is there any in total";
}

TEST(ConnectionLimits, ThatChangeHoldForWhoComesThen) {
    ConnectionLimits limits({.total_max = 3, .per_ip_max = 2});
    EXPECT_TRUE(limits.admit("A", "10.0.0.1"));
    EXPECT_TRUE(limits.admit("A", "10.0.0.1"));
    limits.set_rules({.total_max = 1, .per_ip_max = 1});
    EXPECT_EQ(limits.total(), 2);
    EXPECT_FALSE(limits.has_room("A"));
    EXPECT_FALSE(limits.admit("A", "10.0.0.1"));
    limits.release("A", "10.0.0.1");
    EXPECT_FALSE(limits.admit("A", "10.0.0.1"));
    limits.set_rules({.total_max = 2, .per_ip_max = 2});
    EXPECT_TRUE(limits.has_room("A"));
    EXPECT_TRUE(limits.admit("A", "10.0.0.1"));
}

}  // namespace
}  // namespace moldau::net
