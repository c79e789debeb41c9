#include "xxhash32.hpp"

#include <gtest/gtest.h>

#include <string>

namespace moldau::record {
namespace {

TEST(XxHash32, MatchesTheReferenceOnShortAndLongInput) {
    EXPECT_EQ(xxhash32({}), 0x02CC5D05U);
    EXPECT_EQ(xxhash32(as_bytes("a")), 0x550D7456U);
    EXPECT_EQ(xxhash32(as_bytes("abc")), 0x32D153FFU);
    EXPECT_EQ(xxhash32(as_bytes("Nobody inspects the spammish repetition")), 0xE2293B2FU);
}

}  // namespace
}  // namespace moldau::record
