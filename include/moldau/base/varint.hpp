// Varints as Kafka writes them: seven bits a byte, the lowest first, the top bit says that more
// follow; signed ones are zigzag-folded first, so that small negative numbers are short too.
#pragma once

#include <bit>
#include <cstddef>
#include <cstdint>

namespace moldau {

inline constexpr std::size_t kMaxVarintBytes = 5;
inline constexpr std::size_t kMaxVarlongBytes = 10;

constexpr std::uint32_t zigzag(std::int32_t value) {
    return static_cast<std::uint32_t>(value) << 1U ^ static_cast<std::uint32_t>(value >> 31);
}
constexpr std::uint64_t zigzag(std::int64_t value) {
    return static_cast<std::uint64_t>(value) << 1U ^ static_cast<std::uint64_t>(value >> 63);
}
constexpr std::int32_t unzigzag(std::uint32_t folded) {
    return static_cast<std::int32_t>(folded >> 1U ^ (0U - (folded & 1U)));
}
constexpr std::int64_t unzigzag(std::uint64_t folded) {
    return static_cast<std::int64_t>(folded >> 1U ^ (0ULL - (folded & 1U)));
}

/// Bytes that an unsigned varint takes: 1 to 10.
constexpr std::size_t unsigned_varint_size(std::uint64_t value) {
    return (static_cast<std::size_t>(std::bit_width(value | 1U)) + 6) / 7;
}
constexpr std::size_t varint_size(std::int32_t value) {
    return unsigned_varint_size(zigzag(value));
}
constexpr std::size_t varlong_size(std::int64_t value) {
    return unsigned_varint_size(zigzag(value));
}

/// Writes at `to`, which has room for it, and returns the place behind it.
constexpr std::byte* write_unsigned_varint(std::byte* to, std::uint64_t value) {
    for (; value >= 0x80U; value >>= 7U) *to++ = static_cast<std::byte>(value | 0x80U);
    *to++ = static_cast<std::byte>(value);
    return to;
}
constexpr std::byte* write_varint(std::byte* to, std::int32_t value) {
    return write_unsigned_varint(to, zigzag(value));
}
constexpr std::byte* write_varlong(std::byte* to, std::int64_t value) {
    return write_unsigned_varint(to, zigzag(value));
}

/// Reads from [at, end) and returns the place behind it; nullptr when the bytes end too early, when
/// it is longer than 5 (10) bytes, or when it has bits that the type does not hold (Java drops
/// them). Longer than needed is allowed, as some clients pad.
constexpr const std::byte* read_unsigned_varint(const std::byte* at, const std::byte* end,
                                                std::uint32_t& value) {
    if (at != end && static_cast<std::uint8_t>(*at) < 0x80U) [[likely]] {  // most are one byte
        value = static_cast<std::uint8_t>(*at);
        return at + 1;
    }
    std::uint32_t read = 0;
    for (unsigned shift = 0; at != end; shift += 7) {
        const auto byte = static_cast<std::uint32_t>(*at++);
        if (shift == 28 && byte > 0x0FU) return nullptr;
        read |= (byte & 0x7FU) << shift;
        if (byte < 0x80U) {
            value = read;
            return at;
        }
    }
    return nullptr;
}
constexpr const std::byte* read_unsigned_varlong(const std::byte* at, const std::byte* end,
                                                 std::uint64_t& value) {
    if (at != end && static_cast<std::uint8_t>(*at) < 0x80U) [[likely]] {  // most are one byte
        value = static_cast<std::uint8_t>(*at);
        return at + 1;
    }
    std::uint64_t read = 0;
    for (unsigned shift = 0; at != end; shift += 7) {
        const auto byte = static_cast<std::uint64_t>(*at++);
        if (shift == 63 && byte > 0x01U) return nullptr;
        read |= (byte & 0x7FU) << shift;
        if (byte < 0x80U) {
            value = read;
            return at;
        }
    }
    return nullptr;
}
constexpr const std::byte* read_varint(const std::byte* at, const std::byte* end,
                                       std::int32_t& value) {
    std::uint32_t folded = 0;
    at = read_unsigned_varint(at, end, folded);
    if (at != nullptr) value = unzigzag(folded);
    return at;
}
constexpr const std::byte* read_varlong(const std::byte* at, const std::byte* end,
                                        std::int64_t& value) {
    std::uint64_t folded = 0;
    at = read_unsigned_varlong(at, end, folded);
    if (at != nullptr) value = unzigzag(folded);
    return at;
}

}  // namespace moldau
