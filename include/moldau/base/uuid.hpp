// 128-bit ids of topics, directories, clusters; written by people as 22 characters of base64url
// (RFC 4648 §5, no padding).
#pragma once

#include "moldau/base/result.hpp"

#include <array>
#include <compare>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <string>
#include <string_view>

namespace moldau {

struct Uuid {
    std::uint64_t high = 0;  // big-endian on the wire, high first
    std::uint64_t low = 0;

    friend constexpr auto operator<=>(const Uuid&, const Uuid&) = default;
    constexpr bool is_zero() const { return high == 0 && low == 0; }

    std::string to_string() const;
    /// Errors: invalid_request, when `text` is not 22 characters of base64url.
    static Result<Uuid> parse(std::string_view text);
};

}  // namespace moldau

template <>
struct std::hash<moldau::Uuid> {
    std::size_t operator()(const moldau::Uuid& id) const noexcept {
        return static_cast<std::size_t>(id.high * 0x9E3779B97F4A7C15ULL ^ id.low);
    }
};
