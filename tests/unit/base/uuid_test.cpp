#include "moldau/base/uuid.hpp"

#include <gtest/gtest.h>

namespace moldau {
namespace {

TEST(Uuid, IsWrittenAsKafkaWritesIt) {
    EXPECT_EQ((Uuid{0, 0}.to_string()), "AAAAAAAAAAAAAAAAAAAAAA");
    EXPECT_EQ((Uuid{0, 1}.to_string()), "AAAAAAAAAAAAAAAAAAAAAQ");
    EXPECT_EQ((Uuid{~0ULL, ~0ULL}.to_string()), "_____________________w");
}

TEST(Uuid, ParsesWhatItWrites) {
    const Uuid id{0x0123456789ABCDEF, 0xFEDCBA9876543210};
    const Result<Uuid> parsed = Uuid::parse(id.to_string());
    ASSERT_TRUE(parsed);
    EXPECT_EQ(*parsed, id);
}

TEST(Uuid, RefusesWhatIsNotBase64UrlOrNotOfItsLength) {
    EXPECT_FALSE(Uuid::parse("AAAA"));
    EXPECT_FALSE(Uuid::parse("AAAAAAAAAAAAAAAAAAAA+A"));
}

}  // namespace
}  // namespace moldau
