#include "utf8.hpp"

#include <algorithm>
#include <cstdint>
#include <cstring>

namespace moldau::protocol {
namespace {

struct Sequence {
    std::size_t size;  // bytes that belong together
    bool good;
};

std::uint8_t byte_at(const char* text, std::size_t at) {
    return static_cast<std::uint8_t>(text[at]);
}

bool continues(std::uint8_t byte) {
    return (byte & 0xC0U) == 0x80;
}

// What may follow a leading byte: Unicode's table 3-7.
bool second_fits(std::uint8_t lead, std::uint8_t second) {
    switch (lead) {
        case 0xE0:
            return second >= 0xA0 && second <= 0xBF;
        case 0xF0:
            return second >= 0x90 && second <= 0xBF;
        case 0xF4:
            return second >= 0x80 && second <= 0x8F;
        default:
            return continues(second);
    }
}

// The sequence that starts at text[0], whose first byte is not ASCII.
Sequence sequence_at(const char* text, std::size_t size) {
    const std::uint8_t lead = byte_at(text, 0);
    const std::size_t length = lead >= 0xC2 && lead <= 0xDF   ? 2
                               : lead >= 0xE0 && lead <= 0xEF ? 3
                               : lead >= 0xF0 && lead <= 0xF4 ? 4
                                                              : 0;
    if (length == 0) return {1, false};
    if (size < 2 || !second_fits(lead, byte_at(text, 1))) return {1, false};
    for (std::size_t i = 2; i < length; ++i) {
        if (i >= size || !continues(byte_at(text, i))) return {i, false};
    }
    const bool surrogate = lead == 0xED && byte_at(text, 1) >= 0xA0;
    return {length, !surrogate};
}

}  // namespace

std::size_t utf8_prefix(const char* text, std::size_t size) {
    constexpr std::uint64_t kHighBits = 0x8080808080808080;
    std::size_t at = 0;
    while (at < size) {
        if (size - at >= sizeof(std::uint64_t)) {  // eight ASCII characters at a time
            std::uint64_t eight = 0;
            std::memcpy(&eight, text + at, sizeof eight);
            if ((eight & kHighBits) == 0) {
                at += sizeof eight;
                continue;
            }
        }
        if (byte_at(text, at) < 0x80) {
            ++at;
            continue;
        }
        const Sequence next = sequence_at(text + at, size - at);
        if (!next.good) return at;
        at += next.size;
    }
    return at;
}

void repair_utf8(std::string& to, const char* text, std::size_t size) {
    std::size_t at = 0;
    while (at < size) {
        const std::size_t good = utf8_prefix(text + at, size - at);
        to.append(text + at, good);
        at += good;
        if (at == size) return;
        at += sequence_at(text + at, size - at).size;
        to += "\xEF\xBF\xBD";
    }
}

}  // namespace moldau::protocol
