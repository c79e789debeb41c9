#include "moldau/base/bytes.hpp"

#include <gtest/gtest.h>

namespace moldau {
namespace {

TEST(Bytes, ASliceKeepsTheMemoryAliveAfterItsParentIsGone) {
    Bytes slice;
    {
        const Bytes whole = Bytes::copy_of(as_bytes("hello world"));
        slice = whole.slice(6, 5);
    }
    EXPECT_EQ(as_text(slice), "world");
}

TEST(Bytes, ABuilderPublishesWhatWasWrittenAndIsEmptyAfterwards) {
    BytesBuilder builder(8);
    std::memcpy(builder.data(), "abcdefgh", 8);
    const Bytes published = std::move(builder).publish(3);
    EXPECT_EQ(as_text(published), "abc");
    EXPECT_EQ(builder.capacity(), 0U);  // NOLINT(bugprone-use-after-move): that is what is asked
}

TEST(BytesBuilder, GrowsWithoutLosingWhatWasWritten) {
    BytesBuilder builder;
    builder.grow(4);
    std::memcpy(builder.data(), "abcd", 4);
    builder.grow(1U << 20U);
    std::memcpy(builder.data() + 4, "efgh", 4);
    EXPECT_EQ(as_text(std::move(builder).publish(8)), "abcdefgh");
}

TEST(Bytes, ASliceBeyondTheEndStopsTheProcess) {
    const Bytes bytes = Bytes::copy_of(as_bytes("abc"));
    EXPECT_DEATH((void)bytes.slice(2, 2), "check failed.*at=2 count=2 size=3");
}

}  // namespace
}  // namespace moldau
