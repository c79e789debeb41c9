#include "moldau/config/value.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <array>
#include <charconv>
#include <cmath>

namespace moldau::config {

namespace {

/// As Java's Double.toString: the shortest digits that read back as this number, plain from 0.001
/// up to ten millions, else one digit, a point, digits and a power of ten.
std::string java_text(double value) {
    const double size = std::abs(value);
    if (size == 0 || (size >= 1e-3 && size < 1e7)) {
        std::string text = fmt::format("{}", value);
        if (text.find('.') == std::string::npos) text += ".0";
        return text;
    }
    std::array<char, 32> buffer{};
    const auto end =
        std::to_chars(buffer.begin(), buffer.end(), value, std::chars_format::scientific);
    const std::string_view text(buffer.begin(), end.ptr);
    const std::size_t e = text.find('e');
    std::string digits(text.substr(0, e));
    if (digits.find('.') == std::string::npos) digits += ".0";
    std::string_view power = text.substr(e + 1);
    if (power.starts_with('+')) power.remove_prefix(1);  // which from_chars does not read
    int exponent = 0;
    std::from_chars(power.data(), power.data() + power.size(), exponent);
    return fmt::format("{}E{}", digits, exponent);
}

struct Texts {
    using Text = std::optional<std::string>;
    Text operator()(std::monostate) const { return std::nullopt; }
    Text operator()(bool value) const { return value ? "true" : "false"; }
    Text operator()(std::int16_t value) const { return fmt::format("{}", value); }
    Text operator()(std::int32_t value) const { return fmt::format("{}", value); }
    Text operator()(std::int64_t value) const { return fmt::format("{}", value); }
    Text operator()(double value) const { return java_text(value); }
    Text operator()(const std::string& value) const { return value; }
    Text operator()(const Secret&) const { return std::nullopt; }
    Text operator()(const std::vector<std::string>& items) const {
        return fmt::format("{}", fmt::join(items, ","));
    }
};

}  // namespace

std::optional<std::string> text_of(const Value& value) {
    return std::visit(Texts{}, value);
}

}  // namespace moldau::config
