#include "frame_reader.hpp"

#include "moldau/base/endian.hpp"

#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace moldau::client {
namespace {

std::string frame_of(const std::string& body) {
    std::string frame(4, '\0');
    store_be(reinterpret_cast<std::byte*>(frame.data()), static_cast<std::int32_t>(body.size()));
    return frame + body;
}

void put(FrameReader& reader, std::string_view bytes) {
    const MutableBytes room = reader.room();
    ASSERT_LE(bytes.size(), room.size());
    std::memcpy(room.data(), bytes.data(), bytes.size());
    reader.filled(bytes.size());
}

std::vector<std::string> take_all(FrameReader& reader) {
    std::vector<std::string> found;
    for (;;) {
        const auto frame = reader.next();
        EXPECT_TRUE(frame);
        if (!frame || !*frame) return found;
        found.emplace_back(as_text((*frame)->view()));
    }
}

TEST(FrameReader, CutsFramesWhereverReadsEnd) {
    const std::vector<std::string> bodies{"one", "", std::string(200'000, 'x'), "last"};
    std::string bytes;
    for (const std::string& body : bodies) bytes += frame_of(body);
    for (const std::size_t piece : {1U, 3U, 7U, 1000U, 60'000U}) {
        SCOPED_TRACE(piece);
        FrameReader reader(1 << 20);
        std::vector<std::string> found;
        for (std::size_t at = 0; at < bytes.size();) {
            const MutableBytes room = reader.room();
            ASSERT_FALSE(room.empty());
            const std::size_t count = std::min({piece, room.size(), bytes.size() - at});
            std::memcpy(room.data(), bytes.data() + at, count);
            reader.filled(count);
            at += count;
            for (std::string& body : take_all(reader)) found.push_back(std::move(body));
        }
        EXPECT_EQ(found, bodies);
        EXPECT_FALSE(reader.mid_frame());
    }
}

TEST(FrameReader, TakesMemoryForWhatHasComeAndNotForWhatIsDeclared) {
    FrameReader reader(1 << 30);
    std::string head(4, '\0');
    store_be(reinterpret_cast<std::byte*>(head.data()), std::int32_t{1 << 30});
    put(reader, head + "a few bytes");
    EXPECT_TRUE(take_all(reader).empty());
    (void)reader.room();
    EXPECT_LE(reader.held(), 64U << 10U);
}

TEST(FrameReader, RefusesSizesBelowZeroAndAboveTheLimit) {
    for (const std::int32_t size : {-1, INT32_MIN, 1001, INT32_MAX}) {
        SCOPED_TRACE(size);
        FrameReader reader(1000);
        std::string head(4, '\0');
        store_be(reinterpret_cast<std::byte*>(head.data()), size);
        put(reader, head);
        const auto frame = reader.next();
        ASSERT_FALSE(frame);
        EXPECT_EQ(frame.error().code, ErrorCode::invalid_request);
    }
}

}  // namespace
}  // namespace moldau::client
