// Small tools for text from people: trimming as Java does, splitting, showing what was written.
#pragma once

#include <charconv>
#include <concepts>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace moldau::config {

/// Without the characters up to and including space at both ends, as Java's String.trim.
std::string_view trim(std::string_view text);

/// The pieces between commas, each without the white space around it; none for a blank text.
std::vector<std::string> split_list(std::string_view text);

std::string lower(std::string_view text);
std::string upper(std::string_view text);

/// In quotes, control characters and what is no ASCII escaped, cut after 120 bytes: for messages.
std::string in_quotes(std::string_view text);

/// An optional sign and decimal digits, within T: nothing else, and no white space.
template <std::integral T>
std::optional<T> parse_whole(std::string_view text) {
    if (text.starts_with('+')) {
        text.remove_prefix(1);
        if (text.starts_with('-')) return std::nullopt;
    }
    T value{};
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
    if (error != std::errc{} || end != text.data() + text.size()) return std::nullopt;
    return value;
}

}  // namespace moldau::config
