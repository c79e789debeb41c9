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

TEST(Bytes, ASliceBeyondTheEndStopsTheProcess) {
    const Bytes bytes = Bytes::copy_of(as_bytes("abc"));
    EXPECT_DEATH((void)bytes.slice(2, 2), "check failed.*at=2 count=2 size=3");
}

}  // namespace
}  // namespace moldau
