#include "support/vectors.hpp"

#include <boost/json/src.hpp>  // the library's bodies, here alone
#include <zlib.h>

#include <stdexcept>

namespace moldau::support {
namespace {

std::string read_all(const std::string& path) {
    gzFile file = gzopen(path.c_str(), "rb");  // reads plain files as they are
    if (file == nullptr) throw std::runtime_error("cannot open " + path);
    std::string text;
    std::string piece(1U << 16U, '\0');
    int got = 0;
    while ((got = gzread(file, piece.data(), static_cast<unsigned>(piece.size()))) > 0) {
        text.append(piece, 0, static_cast<std::size_t>(got));
    }
    gzclose(file);
    if (got < 0) throw std::runtime_error("cannot read " + path);
    return text;
}

int hex_digit(char c) {
    if (c >= '0' && c <= '9') return c - '0';
    if (c >= 'a' && c <= 'f') return c - 'a' + 10;
    if (c >= 'A' && c <= 'F') return c - 'A' + 10;
    throw std::runtime_error("not a hex digit");
}

constexpr std::string_view kBase64 =
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

}  // namespace

std::vector<boost::json::object> read_vectors(std::string_view name) {
    const std::string text =
        read_all(std::string(MOLDAU_SOURCE_DIR "/tests/golden/vectors/") + std::string(name));
    boost::json::parse_options options;
    options.max_depth = 64;
    std::vector<boost::json::object> lines;
    for (std::size_t at = 0; at < text.size();) {
        const std::size_t end = std::min(text.find('\n', at), text.size());
        if (end > at) {
            lines.push_back(
                boost::json::parse(std::string_view(text).substr(at, end - at), {}, options)
                    .as_object());
        }
        at = end + 1;
    }
    return lines;
}

std::vector<std::byte> from_hex(std::string_view hex) {
    std::vector<std::byte> bytes;
    bytes.reserve(hex.size() / 2);
    for (std::size_t i = 0; i + 1 < hex.size(); i += 2) {
        bytes.push_back(static_cast<std::byte>(hex_digit(hex[i]) * 16 + hex_digit(hex[i + 1])));
    }
    return bytes;
}

std::string to_hex(const std::byte* data, std::size_t size) {
    constexpr std::string_view kDigits = "0123456789abcdef";
    std::string hex;
    hex.reserve(size * 2);
    for (std::size_t i = 0; i < size; ++i) {
        hex += kDigits[static_cast<std::size_t>(data[i]) >> 4U];
        hex += kDigits[static_cast<std::size_t>(data[i]) & 15U];
    }
    return hex;
}

std::vector<std::byte> from_base64(std::string_view text) {
    std::vector<std::byte> bytes;
    unsigned bits = 0;
    unsigned held = 0;
    for (const char c : text) {
        if (c == '=') break;
        const auto digit = kBase64.find(c);
        if (digit == std::string_view::npos) throw std::runtime_error("not base64");
        bits = bits << 6U | static_cast<unsigned>(digit);
        held += 6;
        if (held >= 8) {
            held -= 8;
            bytes.push_back(static_cast<std::byte>(bits >> held & 255U));
        }
    }
    return bytes;
}

std::string to_base64(const std::byte* data, std::size_t size) {
    std::string text;
    for (std::size_t i = 0; i < size; i += 3) {
        unsigned bits = 0;
        for (std::size_t k = 0; k < 3; ++k)
            bits = bits << 8U | (i + k < size ? static_cast<unsigned>(data[i + k]) : 0U);
        for (std::size_t k = 0; k < 4; ++k) {
            text +=
                i + k > size ? '=' : kBase64[bits >> (18U - 6U * static_cast<unsigned>(k)) & 63U];
        }
    }
    return text;
}

}  // namespace moldau::support
