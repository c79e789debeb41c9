// Bytes of OpenTelemetry's messages, as a client would write them.
#pragma once

#include "moldau/base/bytes.hpp"

#include <bit>
#include <cstdint>
#include <string>

namespace moldau::telemetry::otlp {

inline std::string varint(std::uint64_t value) {
    std::string bytes;
    for (; value >= 0x80; value >>= 7U) bytes += static_cast<char>((value & 0x7FU) | 0x80U);
    return bytes + static_cast<char>(value);
}
inline std::string number(std::uint32_t field, std::uint64_t value) {
    return varint(field << 3U) + varint(value);
}
inline std::string bytes(std::uint32_t field, const std::string& content) {
    return varint(field << 3U | 2U) + varint(content.size()) + content;
}
inline std::string fixed(std::uint32_t field, std::uint64_t value) {
    std::string text = varint(field << 3U | 1U);
    for (unsigned shift = 0; shift < 64; shift += 8)
        text += static_cast<char>(value >> shift & 0xFFU);
    return text;
}
inline std::string attribute(const std::string& key, const std::string& value) {
    return bytes(1, key) + bytes(2, bytes(1, value));
}
inline std::string point(double value, const std::string& attributes = {}) {
    return fixed(3, 1'700'000'000) + attributes + fixed(4, std::bit_cast<std::uint64_t>(value));
}
inline std::string integer_point(std::int64_t value) {
    return fixed(6, static_cast<std::uint64_t>(value));
}
inline std::string gauge(const std::string& name, const std::string& a_point) {
    return bytes(2, bytes(1, name) + bytes(5, bytes(1, a_point)));
}
inline std::string sum(const std::string& name, const std::string& a_point, bool is_delta = true,
                       bool is_monotonic = true) {
    return bytes(2, bytes(1, name) + bytes(7, bytes(1, a_point) + number(2, is_delta ? 1 : 2) +
                                                  number(3, is_monotonic ? 1 : 0)));
}
inline std::string data(const std::string& metrics, const std::string& resource = {}) {
    return bytes(1, (resource.empty() ? "" : bytes(1, resource)) + bytes(2, metrics));
}

}  // namespace moldau::telemetry::otlp
