#include "moldau/base/siphash.hpp"

#include "support/vectors.hpp"

#include "moldau/base/endian.hpp"

#include <gtest/gtest.h>

#include <array>
#include <bit>
#include <set>
#include <string>
#include <vector>

namespace moldau {
namespace {

/// As it is written: low first, both little-endian.
std::string hex_of(const Hash128& hash) {
    std::array<std::byte, 16> bytes{};
    store_be(bytes.data(), std::byteswap(hash.low));
    store_be(bytes.data() + 8, std::byteswap(hash.high));
    return support::to_hex(bytes.data(), bytes.size());
}

// What OpenSSL's SIPHASH gives for the key 00 01 … 0f and the text 00 01 … of so many bytes.
TEST(Siphash, IsTheOneOf128BitsThatOthersCompute) {
    constexpr HashSecret kSecret{.first = 0x0706050403020100U, .second = 0x0f0e0d0c0b0a0908U};
    struct Row {
        std::size_t bytes;
        const char* hash;
    };
    for (const Row& row :
         {Row{0, "a3817f04ba25a8e66df67214c7550293"}, Row{1, "da87c1d86b99af44347659119b22fc45"},
          Row{2, "8177228da4a45dc7fca38bdef60affe4"}, Row{15, "5493e99933b0a8117e08ec0f97cfc3d9"},
          Row{16, "6ee2a4ca67b054bbfd3315bf85230577"}}) {
        std::vector<std::byte> text;
        for (std::size_t i = 0; i < row.bytes; ++i) text.push_back(static_cast<std::byte>(i));
        EXPECT_EQ(hex_of(siphash(kSecret, text)), row.hash) << row.bytes;
    }
}

TEST(Siphash, DiffersWithTheSecretAndTheText) {
    std::set<std::string> seen;
    for (std::uint64_t i = 0; i < 3; ++i) {
        for (const char* text : {"", "a", "b", "aa"}) {
            seen.insert(hex_of(siphash({.first = i, .second = 0}, as_bytes(text))));
            seen.insert(hex_of(siphash({.first = 0, .second = i + 1}, as_bytes(text))));
        }
    }
    EXPECT_EQ(seen.size(), 24U);
}

}  // namespace
}  // namespace moldau
