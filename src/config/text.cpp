#include "text.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace moldau::config {

namespace {
constexpr std::size_t kShownBytes = 120;
bool is_java_blank(char c) {
    return static_cast<unsigned char>(c) <= ' ';
}
}  // namespace

std::string_view trim(std::string_view text) {
    while (!text.empty() && is_java_blank(text.front())) text.remove_prefix(1);
    while (!text.empty() && is_java_blank(text.back())) text.remove_suffix(1);
    return text;
}

std::vector<std::string> split_list(std::string_view text) {
    text = trim(text);
    std::vector<std::string> items;
    if (text.empty()) return items;
    while (true) {
        const std::size_t comma = text.find(',');
        items.emplace_back(trim(text.substr(0, comma)));
        if (comma == std::string_view::npos) return items;
        text.remove_prefix(comma + 1);
    }
}

std::string lower(std::string_view text) {
    std::string result(text);
    std::ranges::transform(result, result.begin(), [](char c) {
        return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
    });
    return result;
}

std::string upper(std::string_view text) {
    std::string result(text);
    std::ranges::transform(result, result.begin(), [](char c) {
        return c >= 'a' && c <= 'z' ? static_cast<char>(c - 'a' + 'A') : c;
    });
    return result;
}

std::string in_quotes(std::string_view text) {
    std::string shown = "'";
    for (const char c : text.substr(0, kShownBytes)) {
        const auto byte = static_cast<unsigned char>(c);
        if (byte < 0x20 || byte >= 0x7F)
            shown += fmt::format("\\x{:02x}", byte);
        else
            shown += c;
    }
    shown += '\'';
    if (text.size() > kShownBytes) shown += fmt::format("… ({} bytes)", text.size());
    return shown;
}

}  // namespace moldau::config
