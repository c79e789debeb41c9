// The frame that Kafka's checkpoint files share: a line with the version, one with the count of
// entries, then a line of words for each. And the reading of numbers in text.
#pragma once

#include "moldau/base/result.hpp"

#include <charconv>
#include <cstdint>
#include <optional>
#include <string_view>
#include <vector>

namespace moldau::log {

/// All of `text` as a decimal number.
template <class T>
std::optional<T> parse_number(std::string_view text) {
    T number{};
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
    if (error != std::errc() || end != text.data() + text.size()) return std::nullopt;
    return number;
}

/// `text` up to `separator`; it is moved behind the separator.
std::string_view take_until(std::string_view& text, char separator);

/// The lines of entries, as many as the file says, after the version and the count.
/// Errors: kafka_storage_error, with the line.
Result<std::vector<std::string_view>> checkpoint_lines(std::string_view file);

/// The number of the line that holds an entry: what a person sees in an editor.
constexpr std::size_t line_number(std::size_t entry) {
    return entry + 3;
}

}  // namespace moldau::log
