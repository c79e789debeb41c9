// A short name for a text of any length, in tables of what comes from outside.
#pragma once

#include "moldau/base/bytes.hpp"

#include <cstddef>
#include <cstdint>
#include <functional>

namespace moldau {

/// What only this process knows, so that nobody outside can choose texts that have one hash.
struct HashSecret {
    std::uint64_t first = 0;
    std::uint64_t second = 0;
};

struct Hash128 {
    std::uint64_t low = 0;
    std::uint64_t high = 0;

    friend constexpr bool operator==(const Hash128&, const Hash128&) = default;
};

/// SipHash-2-4 of 128 bits (Aumasson and Bernstein): two texts have the same one by chance never.
Hash128 siphash(const HashSecret& secret, BytesView text);

}  // namespace moldau

template <>
struct std::hash<moldau::Hash128> {
    std::size_t operator()(const moldau::Hash128& value) const noexcept {
        return static_cast<std::size_t>(value.low);
    }
};
