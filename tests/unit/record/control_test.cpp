#include "moldau/record/control.hpp"

#include <gtest/gtest.h>

namespace moldau::record {
namespace {

TEST(ControlKey, IsReadAsItIsWritten) {
    for (const ControlType type :
         {ControlType::abort, ControlType::commit, ControlType::leader_change,
          ControlType::snapshot_header, ControlType::snapshot_footer, ControlType::kraft_version,
          ControlType::kraft_voters}) {
        const Result<ControlKey> key = parse_control_key(control_key(type));
        ASSERT_TRUE(key);
        EXPECT_EQ(*key, (ControlKey{0, type}));
        EXPECT_NE(name(type), "UNKNOWN");
    }
}

TEST(ControlKey, OfALaterVersionOrTypeIsReadAndUnknown) {
    constexpr std::array<std::byte, 6> kLater = {std::byte{0}, std::byte{1}, std::byte{0},
                                                 std::byte{9}, std::byte{7}, std::byte{7}};
    const Result<ControlKey> key = parse_control_key(kLater);
    ASSERT_TRUE(key);
    EXPECT_EQ(key->version, 1);
    EXPECT_EQ(name(key->type), "UNKNOWN");
}

TEST(ControlKey, ThatIsShortOrNegativeIsRefused) {
    constexpr std::array<std::byte, 4> kNegative = {std::byte{0xFF}, std::byte{0xFF}, std::byte{0},
                                                    std::byte{0}};
    EXPECT_EQ(parse_control_key(kNegative).error().code, ErrorCode::invalid_record);
    EXPECT_EQ(parse_control_key(BytesView(kNegative).first(3)).error().code,
              ErrorCode::invalid_record);
}

}  // namespace
}  // namespace moldau::record
