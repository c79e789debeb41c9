#include "moldau/base/hashes.hpp"

#include <limits>

namespace moldau {
namespace {

constexpr char32_t kReplacement = 0xFFFD;

struct Lead {
    unsigned length;       // bytes of the sequence; 0: no sequence starts so
    unsigned second_low;   // what the second byte may be: this is where overlong forms,
    unsigned second_high;  // surrogates and what lies beyond U+10FFFF are told (Unicode, table 3-7)
    char32_t bits;         // what the first byte contributes
};

constexpr Lead lead_of(unsigned byte) {
    if (byte < 0x80) return {1, 0, 0, byte};
    if (byte < 0xC2) return {0, 0, 0, 0};
    if (byte < 0xE0) return {2, 0x80, 0xBF, byte & 0x1FU};
    if (byte == 0xE0) return {3, 0xA0, 0xBF, 0};
    if (byte == 0xED) return {3, 0x80, 0x9F, 0x0D};
    if (byte < 0xF0) return {3, 0x80, 0xBF, byte & 0x0FU};
    if (byte == 0xF0) return {4, 0x90, 0xBF, 0};
    if (byte < 0xF4) return {4, 0x80, 0xBF, byte & 0x07U};
    if (byte == 0xF4) return {4, 0x80, 0x8F, 4};
    return {0, 0, 0, 0};
}

// The code point at `at`, which is moved behind it; of a malformed sequence as much is eaten as
// could have begun a right one, and U+FFFD returned.
char32_t next_code_point(std::string_view text, std::size_t& at) {
    const auto byte_at = [&](std::size_t i) { return static_cast<unsigned char>(text[i]); };
    const Lead lead = lead_of(byte_at(at++));
    if (lead.length == 0) return kReplacement;
    char32_t point = lead.bits;
    for (unsigned i = 1; i < lead.length; ++i, ++at) {
        if (at == text.size()) return kReplacement;
        const unsigned low = i == 1 ? lead.second_low : 0x80;
        const unsigned high = i == 1 ? lead.second_high : 0xBF;
        if (byte_at(at) < low || byte_at(at) > high) return kReplacement;
        point = point << 6U | (byte_at(at) & 0x3FU);
    }
    return point;
}

}  // namespace

std::int32_t murmur2(BytesView key) {
    constexpr std::uint32_t kMultiplier = 0x5bd1e995;
    constexpr std::uint32_t kSeed = 0x9747b28c;
    constexpr unsigned kShift = 24;

    const auto byte_at = [&](std::size_t i) { return static_cast<std::uint32_t>(key[i]); };
    std::uint32_t hash = kSeed ^ static_cast<std::uint32_t>(key.size());
    std::size_t at = 0;
    for (; key.size() - at >= 4; at += 4) {
        std::uint32_t word =
            byte_at(at) | byte_at(at + 1) << 8U | byte_at(at + 2) << 16U | byte_at(at + 3) << 24U;
        word *= kMultiplier;
        word ^= word >> kShift;
        word *= kMultiplier;
        hash = hash * kMultiplier ^ word;
    }
    if (at < key.size()) {
        for (std::size_t i = key.size(); i-- > at;) hash ^= byte_at(i) << 8U * (i - at);
        hash *= kMultiplier;
    }
    hash ^= hash >> 13U;
    hash *= kMultiplier;
    hash ^= hash >> 15U;
    return static_cast<std::int32_t>(hash);
}

std::int32_t partition_of_key(BytesView key, std::int32_t partitions) {
    MOLDAU_CHECK(partitions > 0, "partitions={}", partitions);
    return (murmur2(key) & std::numeric_limits<std::int32_t>::max()) % partitions;
}

std::int32_t java_string_hash(std::string_view text) {
    std::uint32_t hash = 0;
    for (std::size_t at = 0; at < text.size();) {
        const char32_t point = next_code_point(text, at);
        if (point < 0x10000) {
            hash = hash * 31 + point;
            continue;
        }
        hash = hash * 31 + (0xD800U + ((point - 0x10000U) >> 10U));
        hash = hash * 31 + (0xDC00U + ((point - 0x10000U) & 0x3FFU));
    }
    return static_cast<std::int32_t>(hash);
}

std::int32_t partition_of_group(std::string_view id, std::int32_t partitions) {
    MOLDAU_CHECK(partitions > 0, "partitions={}", partitions);
    const std::int32_t hash = java_string_hash(id);
    // The least int has no absolute value; Kafka takes 0 for it.
    const std::int32_t absolute =
        hash == std::numeric_limits<std::int32_t>::min() ? 0 : (hash < 0 ? -hash : hash);
    return absolute % partitions;
}

}  // namespace moldau
