#include "moldau/metrics/log_text.hpp"

#include <fmt/format.h>

#include <cstdint>
#include <iterator>

namespace moldau::metrics {

namespace {

struct CodePoint {
    std::uint32_t value = 0;
    std::size_t bytes = 0;  // 0: no UTF-8
};

/// The code point that `text` starts with: neither overlong, nor a surrogate, nor beyond U+10FFFF.
CodePoint first_code_point(std::string_view text) {
    const auto byte = [&](std::size_t at) { return static_cast<unsigned char>(text[at]); };
    const std::uint32_t lead = byte(0);
    if (lead < 0x80) return {lead, 1};
    std::size_t bytes = 0;
    if (lead >= 0xC2 && lead < 0xE0) bytes = 2;
    if (lead >= 0xE0 && lead < 0xF0) bytes = 3;
    if (lead >= 0xF0 && lead < 0xF5) bytes = 4;
    if (bytes == 0 || text.size() < bytes) return {};
    std::uint32_t value = lead & (0x7FU >> bytes);
    for (std::size_t i = 1; i < bytes; ++i) {
        if ((byte(i) & 0xC0U) != 0x80) return {};
        value = value << 6U | (byte(i) & 0x3FU);
    }
    const bool is_overlong = (bytes == 3 && value < 0x800) || (bytes == 4 && value < 0x10000);
    const bool is_surrogate = value >= 0xD800 && value < 0xE000;
    if (is_overlong || is_surrogate || value > 0x10FFFF) return {};
    return {value, bytes};
}

bool is_harmless(std::uint32_t point) {
    if (point < 0x20 || (point >= 0x7F && point < 0xA0) || point == '\\') return false;
    // Ends of lines and of paragraphs, and marks that make text read in another order than it is.
    return point != 0x200E && point != 0x200F && point != 0x061C && point != 0xFEFF &&
           !(point >= 0x2028 && point <= 0x202E) && !(point >= 0x2066 && point <= 0x2069);
}

void append_escaped(std::string& to, std::string_view bytes) {
    for (const char c : bytes) {
        switch (c) {
            case '\n':
                to += "\\n";
                break;
            case '\r':
                to += "\\r";
                break;
            case '\t':
                to += "\\t";
                break;
            case '\\':
                to += "\\\\";
                break;
            default:
                fmt::format_to(std::back_inserter(to), "\\x{:02x}", static_cast<unsigned char>(c));
        }
    }
}

}  // namespace

std::string printable(std::string_view text, std::size_t bytes_max) {
    const std::size_t size = text.size();
    std::string line;
    while (!text.empty()) {
        if (line.size() >= bytes_max) {
            line += fmt::format("... ({} bytes)", size);
            break;
        }
        const CodePoint point = first_code_point(text);
        const std::string_view bytes = text.substr(0, point.bytes == 0 ? 1 : point.bytes);
        if (point.bytes != 0 && is_harmless(point.value))
            line += bytes;
        else
            append_escaped(line, bytes);
        text.remove_prefix(bytes.size());
    }
    return line;
}

std::string json_string(std::string_view text, std::size_t bytes_max) {
    std::string json = "\"";
    while (!text.empty()) {
        if (json.size() > bytes_max) {
            json += "...";
            break;
        }
        const CodePoint point = first_code_point(text);
        const std::string_view bytes = text.substr(0, point.bytes == 0 ? 1 : point.bytes);
        if (point.bytes == 0) {
            json += "\\ufffd";
        } else if (point.value == '"' || point.value == '\\') {
            json += '\\';
            json += bytes;
        } else if (is_harmless(point.value)) {
            json += bytes;
        } else {  // all of them are below U+10000
            fmt::format_to(std::back_inserter(json), "\\u{:04x}", point.value);
        }
        text.remove_prefix(bytes.size());
    }
    json += '"';
    return json;
}

}  // namespace moldau::metrics
