#include "moldau/base/crc32c.hpp"

#include <gtest/gtest.h>

namespace moldau {
namespace {

TEST(Crc32c, MatchesTheCheckValueOfTheCatalogue) {
    EXPECT_EQ(crc32c(as_bytes("123456789")), 0xE3069283U);
}

TEST(Crc32c, OfTwoPartsIsThatOfTheirConcatenation) {
    EXPECT_EQ(crc32c(as_bytes("56789"), crc32c(as_bytes("1234"))), 0xE3069283U);
    EXPECT_EQ(crc32c({}), 0U);
}

}  // namespace
}  // namespace moldau
