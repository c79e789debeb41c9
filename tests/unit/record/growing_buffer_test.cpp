#include "moldau/record/growing_buffer.hpp"

#include <gtest/gtest.h>

#include <string>

namespace moldau::record {
namespace {

TEST(GrowingBuffer, KeepsWhatWasWrittenWhileItGrows) {
    GrowingBuffer buffer;
    std::string wanted;
    for (int i = 0; i < 2000; ++i) {
        const std::string piece(static_cast<std::size_t>(i % 37), static_cast<char>('a' + i % 26));
        buffer.append(as_bytes(piece));
        wanted += piece;
    }
    EXPECT_EQ(as_text(buffer.view()), wanted);
    EXPECT_LE(buffer.capacity(), 2 * wanted.size());
}

TEST(GrowingBuffer, KeepsItsMemoryWhenClearedUnlessThatIsLarge) {
    GrowingBuffer buffer;
    buffer.append(as_bytes(std::string(5'000, 'a')));
    const std::size_t capacity = buffer.capacity();
    buffer.clear();
    EXPECT_EQ(buffer.size(), 0U);
    EXPECT_EQ(buffer.capacity(), capacity);
    buffer.clear(capacity - 1);
    EXPECT_EQ(buffer.capacity(), 0U);
}

TEST(GrowingBuffer, PublishesItsBytesWithoutACopyAndIsEmptyAfterwards) {
    GrowingBuffer buffer;
    buffer.append(as_bytes("abc"));
    const std::byte* const data = buffer.data();
    const Bytes published = buffer.publish();
    EXPECT_EQ(published.data(), data);
    EXPECT_EQ(as_text(published), "abc");
    EXPECT_EQ(buffer.size(), 0U);
    EXPECT_EQ(buffer.capacity(), 0U);
    buffer.append(as_bytes("xyz"));
    EXPECT_EQ(as_text(published), "abc");
}

}  // namespace
}  // namespace moldau::record
