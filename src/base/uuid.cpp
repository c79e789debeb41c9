#include "moldau/base/uuid.hpp"

#include <fmt/core.h>

namespace moldau {
namespace {

constexpr std::string_view kAlphabet =
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
constexpr std::size_t kTextLength = 22;

int value_of(char c) {
    const auto at = kAlphabet.find(c);
    return at == std::string_view::npos ? -1 : static_cast<int>(at);
}

}  // namespace

std::string Uuid::to_string() const {
    std::string text(kTextLength, 'A');
    unsigned __int128 bits = static_cast<unsigned __int128>(high) << 64U | low;
    // 22 digits of 6 bits hold 132: the last digit carries the lowest two bits, shifted left by
    // four.
    text[kTextLength - 1] = kAlphabet[static_cast<std::size_t>(bits & 3U) << 4U];
    bits >>= 2U;
    for (std::size_t i = kTextLength - 1; i-- > 0; bits >>= 6U)
        text[i] = kAlphabet[static_cast<std::size_t>(bits & 63U)];
    return text;
}

Result<Uuid> Uuid::parse(std::string_view text) {
    if (text.size() != kTextLength) {
        return Error{ErrorCode::invalid_request,
                     fmt::format("'{}' is not a UUID of 22 base64url characters", text)};
    }
    unsigned __int128 bits = 0;
    for (std::size_t i = 0; i < kTextLength; ++i) {
        const int digit = value_of(text[i]);
        if (digit < 0)
            return Error{ErrorCode::invalid_request,
                         fmt::format("'{}' holds '{}', which is not base64url", text, text[i])};
        const bool last = i + 1 == kTextLength;
        bits = last ? bits << 2U | static_cast<unsigned>(digit) >> 4U
                    : bits << 6U | static_cast<unsigned>(digit);
    }
    return Uuid{static_cast<std::uint64_t>(bits >> 64U), static_cast<std::uint64_t>(bits)};
}

}  // namespace moldau
