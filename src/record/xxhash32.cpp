#include "xxhash32.hpp"

#include <array>
#include <bit>

namespace moldau::record {
namespace {

constexpr std::uint32_t kPrime1 = 2654435761U;
constexpr std::uint32_t kPrime2 = 2246822519U;
constexpr std::uint32_t kPrime3 = 3266489917U;
constexpr std::uint32_t kPrime4 = 668265263U;
constexpr std::uint32_t kPrime5 = 374761393U;
constexpr std::size_t kLanes = 4;

std::uint32_t word_at(BytesView data, std::size_t at) {
    std::uint32_t word = 0;
    for (std::size_t i = 0; i < 4; ++i) word |= static_cast<std::uint32_t>(data[at + i]) << 8U * i;
    return word;
}

}  // namespace

std::uint32_t xxhash32(BytesView data) {
    std::size_t at = 0;
    std::uint32_t hash = kPrime5;
    if (data.size() >= kLanes * 4) {
        std::array<std::uint32_t, kLanes> lanes = {kPrime1 + kPrime2, kPrime2, 0, 0U - kPrime1};
        for (; data.size() - at >= kLanes * 4; at += kLanes * 4) {
            for (std::size_t i = 0; i < kLanes; ++i)
                lanes[i] = std::rotl(lanes[i] + word_at(data, at + 4 * i) * kPrime2, 13) * kPrime1;
        }
        hash = std::rotl(lanes[0], 1) + std::rotl(lanes[1], 7) + std::rotl(lanes[2], 12) +
               std::rotl(lanes[3], 18);
    }
    hash += static_cast<std::uint32_t>(data.size());
    for (; data.size() - at >= 4; at += 4)
        hash = std::rotl(hash + word_at(data, at) * kPrime3, 17) * kPrime4;
    for (; at < data.size(); ++at)
        hash = std::rotl(hash + static_cast<std::uint32_t>(data[at]) * kPrime5, 11) * kPrime1;
    hash = (hash ^ hash >> 15U) * kPrime2;
    hash = (hash ^ hash >> 13U) * kPrime3;
    return hash ^ hash >> 16U;
}

}  // namespace moldau::record
