#include "moldau/cli/output.hpp"

#include <fmt/format.h>

#include <cerrno>
#include <cmath>
#include <cstdio>
#include <cstring>

namespace moldau::cli {
namespace {

/// Columns that a cell takes on a terminal: one for each code point.
std::size_t width_of(std::string_view cell) {
    std::size_t width = 0;
    for (const char each : cell) width += (static_cast<unsigned char>(each) & 0xC0U) != 0x80U;
    return width;
}

/// Bytes of the well-formed UTF-8 sequence that `text` begins with; 0 when there is none.
std::size_t sequence_length(std::string_view text) {
    const auto at = [&](std::size_t i) { return static_cast<unsigned char>(text[i]); };
    const unsigned char first = at(0);
    if (first < 0x80) return 1;
    if (first < 0xC2 || first > 0xF4) return 0;
    const std::size_t length = first < 0xE0 ? 2 : first < 0xF0 ? 3 : 4;
    if (text.size() < length) return 0;
    for (std::size_t i = 1; i < length; ++i)
        if ((at(i) & 0xC0U) != 0x80U) return 0;
    // Overlong forms, surrogates, beyond U+10FFFF.
    if (first == 0xE0 && at(1) < 0xA0) return 0;
    if (first == 0xED && at(1) > 0x9F) return 0;
    if (first == 0xF0 && at(1) < 0x90) return 0;
    if (first == 0xF4 && at(1) > 0x8F) return 0;
    return length;
}

}  // namespace

std::string Table::to_string() const {
    std::vector<std::size_t> widths;
    for (const auto& row : rows_) {
        if (widths.size() < row.size()) widths.resize(row.size());
        for (std::size_t i = 0; i < row.size(); ++i)
            widths[i] = std::max(widths[i], width_of(row[i]));
    }
    std::string text;
    for (const auto& row : rows_) {
        for (std::size_t i = 0; i < row.size(); ++i) {
            text += row[i];
            if (i + 1 < row.size()) text.append(widths[i] - width_of(row[i]) + 2, ' ');
        }
        text.erase(text.find_last_not_of(' ') + 1);
        text += '\n';
    }
    return text;
}

std::string json_string(std::string_view text) {
    std::string to = "\"";
    while (!text.empty()) {
        const std::size_t length = sequence_length(text);
        const char first = text.front();
        if (length == 0) {
            to += "\xEF\xBF\xBD";
        } else if (first == '"' || first == '\\') {
            to += {'\\', first};
        } else if (first == '\n') {
            to += "\\n";
        } else if (first == '\t') {
            to += "\\t";
        } else if (static_cast<unsigned char>(first) < 0x20 || first == 0x7F) {
            to += fmt::format("\\u{:04x}", static_cast<unsigned>(first));
        } else {
            to += text.substr(0, length);
        }
        text.remove_prefix(length == 0 ? 1 : length);
    }
    return to + '"';
}

bool is_utf8(std::string_view text) {
    while (!text.empty()) {
        const std::size_t length = sequence_length(text);
        if (length == 0) return false;
        text.remove_prefix(length);
    }
    return true;
}

std::string base64(std::string_view bytes) {
    constexpr std::string_view kDigits =
        "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    std::string text;
    for (; !bytes.empty(); bytes.remove_prefix(std::min<std::size_t>(3, bytes.size()))) {
        const auto byte = [&](std::size_t i) {
            return i < bytes.size() ? static_cast<unsigned char>(bytes[i]) : 0U;
        };
        const unsigned bits = byte(0) << 16U | byte(1) << 8U | byte(2);
        for (std::size_t i = 0; i < 4; ++i)
            text += i <= bytes.size() ? kDigits[bits >> (18U - 6U * i) & 63U] : '=';
    }
    return text;
}

void JsonWriter::separate() {
    if (needs_comma_) text_ += ',';
    needs_comma_ = true;
}
JsonWriter& JsonWriter::open(char bracket) {
    separate();
    text_ += bracket;
    needs_comma_ = false;
    return *this;
}
JsonWriter& JsonWriter::close(char bracket) {
    text_ += bracket;
    needs_comma_ = true;
    return *this;
}
JsonWriter& JsonWriter::raw(std::string_view text) {
    separate();
    text_ += text;
    return *this;
}
JsonWriter& JsonWriter::key(std::string_view name) {
    separate();
    text_ += json_string(name) + ':';
    needs_comma_ = false;
    return *this;
}
JsonWriter& JsonWriter::value(double number) {
    return std::isfinite(number) ? raw(fmt::format("{}", number)) : null();
}

Result<> print(std::string_view text) {
    if (std::fwrite(text.data(), 1, text.size(), stdout) == text.size() && std::fflush(stdout) == 0)
        return {};
    return Error{ErrorCode::unknown_server_error,
                 fmt::format("cannot write to stdout: {}", std::strerror(errno))};
}

}  // namespace moldau::cli
