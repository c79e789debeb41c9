#include "moldau/base/ip_address.hpp"

#include <gtest/gtest.h>

namespace moldau {
namespace {

TEST(CanonicalIpAddress, IsTheFormInWhichPeersAreTold) {
    EXPECT_EQ(canonical_ip_address("10.0.0.1"), "10.0.0.1");
    EXPECT_EQ(canonical_ip_address("2001:DB8:0:0::7"), "2001:db8::7");
    EXPECT_EQ(canonical_ip_address("::1"), "::1");
    EXPECT_EQ(canonical_ip_address("::ffff:10.0.0.1"), "10.0.0.1");
    EXPECT_EQ(canonical_ip_address("0:0:0:0:0:FFFF:0A00:0001"), "10.0.0.1");
}

TEST(CanonicalIpAddress, IsNoneOfWhatIsNoAddress) {
    for (const char* text : {"", "localhost", "10.0.0.300", "10.0.0", " 10.0.0.1", "fe80::1%eth0",
                             "[::1]", "10.0.0.1/8", "::ffff:10.0.0"})
        EXPECT_EQ(canonical_ip_address(text), std::nullopt) << text;
}

}  // namespace
}  // namespace moldau
