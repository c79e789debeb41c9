#include "frame_buffer.hpp"

#include "moldau/base/endian.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <random>
#include <string>
#include <vector>

namespace moldau::net {
namespace {

constexpr std::int32_t kMax = 100 << 20;

std::string framed(std::string_view body) {
    std::string frame(4, '\0');
    store_be(reinterpret_cast<std::byte*>(frame.data()), static_cast<std::int32_t>(body.size()));
    return frame.append(body);
}

/// Feeds `stream` in reads of at most `step` bytes; returns the frames' bodies.
std::vector<std::string> split(FrameBuffer& buffer, std::string_view stream, std::size_t step) {
    std::vector<std::string> frames;
    while (!stream.empty()) {
        const MutableBytes room = buffer.room();
        const std::size_t count = std::min({step, room.size(), stream.size()});
        std::memcpy(room.data(), stream.data(), count);
        stream.remove_prefix(count);
        EXPECT_TRUE(buffer.filled(count));
        while (auto frame = buffer.next()) frames.emplace_back(as_text(*frame));
    }
    return frames;
}

TEST(FrameBuffer, SplitsTheSameFramesHoweverTheBytesArrive) {
    std::mt19937 random(7);
    std::string stream;
    std::vector<std::string> bodies;
    for (const std::size_t size :
         {0UL, 1UL, 3UL, 100UL, 5000UL, 70000UL, 300000UL, 1UL, 2000000UL, 17UL}) {
        bodies.emplace_back(size, static_cast<char>('a' + bodies.size()));
        stream += framed(bodies.back());
    }
    for (const std::size_t step : {1UL, 3UL, 4UL, 7UL, 1000UL, 65536UL, 1UL << 22U}) {
        SCOPED_TRACE(step);
        FrameBuffer buffer(kMax);
        EXPECT_EQ(split(buffer, stream, step), bodies);
        EXPECT_FALSE(buffer.mid_frame());
    }
}

TEST(FrameBuffer, OneReadMayBringManyFrames) {
    FrameBuffer buffer(kMax);
    std::string stream;
    for (int i = 0; i < 100; ++i) stream += framed(std::to_string(i));
    const MutableBytes room = buffer.room();
    ASSERT_GE(room.size(), stream.size());
    std::memcpy(room.data(), stream.data(), stream.size());
    EXPECT_FALSE(buffer.has_frame());
    ASSERT_TRUE(buffer.filled(stream.size()));
    EXPECT_TRUE(buffer.has_frame());
    int count = 0;
    while (auto frame = buffer.next()) EXPECT_EQ(as_text(*frame), std::to_string(count++));
    EXPECT_EQ(count, 100);
    EXPECT_FALSE(buffer.has_frame());
}

TEST(FrameBuffer, ADeclaredSizeCostsNoMemoryBeforeItsBytesArrive) {
    FrameBuffer buffer(kMax);
    std::string start(4, '\0');
    store_be(reinterpret_cast<std::byte*>(start.data()), kMax);
    EXPECT_TRUE(split(buffer, start + "12345", 9).empty());
    buffer.rest();
    EXPECT_TRUE(buffer.mid_frame());
    EXPECT_LE(buffer.held(), 4096U);
    EXPECT_TRUE(split(buffer, std::string(100000, 'x'), 5000).empty());
    EXPECT_LE(buffer.held(), 300000U);
}

TEST(FrameBuffer, ALargeFrameIsReadToItsEndAndNotBeyond) {
    FrameBuffer buffer(kMax);
    const std::string stream = framed(std::string(1U << 20U, 'x')) + framed("next");
    EXPECT_EQ(split(buffer, stream, stream.size()).size(), 2U);
}

TEST(FrameBuffer, AnIdleConnectionHoldsNothing) {
    FrameBuffer buffer(kMax);
    EXPECT_EQ(split(buffer, framed("request"), 100).size(), 1U);
    buffer.rest();
    EXPECT_EQ(buffer.held(), 0U);
}

TEST(FrameBuffer, ASmallFrameThatWaitsDoesNotPinALargeBuffer) {
    FrameBuffer buffer(kMax);
    const std::string stream = framed("tiny");
    const MutableBytes room = buffer.room();
    std::memcpy(room.data(), stream.data(), stream.size());
    ASSERT_TRUE(buffer.filled(stream.size()));
    const auto frame = buffer.next();
    ASSERT_TRUE(frame);
    EXPECT_NE(frame->data(), room.data() + 4)
        << "the frame should have been copied out of the read buffer";
}

TEST(FrameBuffer, RefusesASizeThatIsNegativeOrAboveTheLimit) {
    for (const std::int32_t size : {-1, INT32_MIN, 1025, INT32_MAX}) {
        SCOPED_TRACE(size);
        FrameBuffer buffer(1024);
        store_be(buffer.room().data(), size);
        const Result<> outcome = buffer.filled(4);
        ASSERT_FALSE(outcome);
        EXPECT_EQ(outcome.error().code, ErrorCode::invalid_request);
    }
}

}  // namespace
}  // namespace moldau::net
