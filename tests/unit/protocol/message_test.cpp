#include "moldau/protocol/message.hpp"

#include <gtest/gtest.h>

namespace moldau::protocol {
namespace {

TEST(VersionRange, HoldsBothItsEnds) {
    constexpr VersionRange range{3, 5};
    EXPECT_FALSE(range.contains(2));
    EXPECT_TRUE(range.contains(3));
    EXPECT_TRUE(range.contains(5));
    EXPECT_FALSE(range.contains(6));
    EXPECT_TRUE(VersionRange{}.empty());
    EXPECT_FALSE(VersionRange{}.contains(0));
}

TEST(UnknownTags, AreOnePointerAndCopiedWithTheirStruct) {
    EXPECT_EQ(sizeof(UnknownTags), sizeof(void*));
    UnknownTags tags;
    tags.add({7, as_bytes("x")});
    const UnknownTags copy = tags;
    tags.clear();
    EXPECT_TRUE(tags.empty());
    ASSERT_EQ(copy.size(), 1U);
    EXPECT_EQ(copy.begin()->tag, 7U);
}

TEST(UnknownTags, AreEqualWhenTheyHoldTheSame) {
    UnknownTags none;
    UnknownTags cleared;
    cleared.add({1, {}});
    EXPECT_FALSE(none == cleared);
    cleared.clear();
    EXPECT_TRUE(none == cleared);
}

}  // namespace
}  // namespace moldau::protocol
