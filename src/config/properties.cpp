// Reader of java.util.Properties files.
#include "assignment.hpp"
#include "text.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cstdint>
#include <optional>

namespace moldau::config {

namespace {

bool is_blank(char c) {
    return c == ' ' || c == '\t' || c == '\f';
}

struct LogicalLine {
    std::string text;  // continued lines joined, escapes still in it
    int number = 0;    // of its first natural line
};

/// Cuts the text into logical lines; blank ones and comments are skipped.
class Lines {
public:
    explicit Lines(std::string_view text) : rest_(text) {}

    std::optional<LogicalLine> next() {
        while (!rest_.empty()) {
            LogicalLine line;
            bool goes_on = true;
            while (goes_on && !rest_.empty()) {
                std::string_view natural = take();
                while (!natural.empty() && is_blank(natural.front())) natural.remove_prefix(1);
                // A comment is one only where a logical line starts; it does not go on.
                if (line.text.empty() && (natural.starts_with('#') || natural.starts_with('!')))
                    continue;
                if (line.text.empty()) line.number = number_;
                goes_on = ends_in_odd_backslash(natural);
                if (goes_on) natural.remove_suffix(1);
                line.text += natural;
                // A \ with nothing after it ends a file with an empty key, as in Java (where one
                // byte may end the line, but not two).
                if (goes_on && line.text.empty() && rest_.empty() && !ended_by_pair_) return line;
                if (line.text.empty()) goes_on = true;  // nothing yet: the next line may start it
            }
            if (!line.text.empty()) return line;
        }
        return std::nullopt;
    }

private:
    std::string_view take() {
        ++number_;
        const std::size_t end = rest_.find_first_of("\r\n");
        const std::string_view natural = rest_.substr(0, end);
        ended_by_pair_ = false;
        if (end == std::string_view::npos) {
            rest_ = {};
            return natural;
        }
        ended_by_pair_ = rest_.substr(end).starts_with("\r\n");
        rest_.remove_prefix(end + (ended_by_pair_ ? 2 : 1));
        return natural;
    }

    static bool ends_in_odd_backslash(std::string_view text) {
        const std::size_t last = text.find_last_not_of('\\');
        const std::size_t count =
            last == std::string_view::npos ? text.size() : text.size() - last - 1;
        return count % 2 == 1;
    }

    std::string_view rest_;
    int number_ = 0;
    bool ended_by_pair_ = false;  // the line taken last ended in \r\n
};

void append_utf8(std::string& to, std::uint32_t point) {
    const auto put = [&](std::uint32_t byte) { to += static_cast<char>(byte); };
    if (point < 0x80) {
        put(point);
    } else if (point < 0x800) {
        put(0xC0U | point >> 6U);
        put(0x80U | (point & 0x3FU));
    } else if (point < 0x10000) {
        put(0xE0U | point >> 12U);
        put(0x80U | (point >> 6U & 0x3FU));
        put(0x80U | (point & 0x3FU));
    } else {
        put(0xF0U | point >> 18U);
        put(0x80U | (point >> 12U & 0x3FU));
        put(0x80U | (point >> 6U & 0x3FU));
        put(0x80U | (point & 0x3FU));
    }
}

/// The four hexadecimal digits after `\u`.
std::optional<std::uint32_t> hex4(std::string_view text) {
    if (text.size() < 4) return std::nullopt;
    std::uint32_t value = 0;
    const std::string_view digits = text.substr(0, 4);
    const char* const last = digits.data() + digits.size();
    const auto [end, error] = std::from_chars(digits.data(), last, value, 16);
    if (error != std::errc{} || end != last) return std::nullopt;
    return value;
}

/// One code point at the start of `text`, which begins with `\u`; removed from it.
Result<std::uint32_t> take_unicode(std::string_view& text) {
    const auto refuse = [&] {
        return Error{ErrorCode::invalid_config,
                     fmt::format("{} is no character; allowed: \\u and four hexadecimal digits, "
                                 "two of them for a surrogate pair",
                                 in_quotes(text.substr(0, 12)))};
    };
    const auto first = hex4(text.substr(2));
    if (!first) return refuse();
    if (*first < 0xD800 || *first > 0xDFFF) {
        text.remove_prefix(6);
        return *first;
    }
    const bool is_pair = *first < 0xDC00 && text.substr(6).starts_with("\\u");
    const auto second = is_pair ? hex4(text.substr(8)) : std::nullopt;
    if (!second || *second < 0xDC00 || *second > 0xDFFF) return refuse();
    text.remove_prefix(12);
    return 0x10000U + ((*first - 0xD800U) << 10U) + (*second - 0xDC00U);
}

/// Without its escapes, as UTF-8.
Result<std::string> unescape(std::string_view text) {
    std::string plain;
    while (!text.empty()) {
        if (text.front() != '\\') {
            append_utf8(plain, static_cast<unsigned char>(text.front()));
            text.remove_prefix(1);
            continue;
        }
        if (text.size() == 1) break;  // a last \ of a file: it joins with nothing
        if (text[1] == 'u') {
            const Result<std::uint32_t> point = take_unicode(text);
            if (!point) return point.error();
            append_utf8(plain, *point);
            continue;
        }
        constexpr std::string_view kLetters = "tnrf";
        constexpr std::string_view kMeanings = "\t\n\r\f";
        const std::size_t known = kLetters.find(text[1]);
        append_utf8(plain, known == std::string_view::npos
                               ? static_cast<unsigned char>(text[1])
                               : static_cast<unsigned char>(kMeanings[known]));
        text.remove_prefix(2);
    }
    return plain;
}

/// Where the key ends: at the first `=`, `:` or blank that no \ stands before.
std::size_t key_size(std::string_view text) {
    for (std::size_t at = 0; at < text.size(); ++at) {
        if (text[at] == '\\')
            ++at;
        else if (text[at] == '=' || text[at] == ':' || is_blank(text[at]))
            return at;
    }
    return text.size();
}

std::string_view after_separator(std::string_view text) {
    const auto skip_blanks = [&] {
        while (!text.empty() && is_blank(text.front())) text.remove_prefix(1);
    };
    skip_blanks();
    if (text.starts_with('=') || text.starts_with(':')) {
        text.remove_prefix(1);
        skip_blanks();
    }
    return text;
}

bool has_high_bytes(std::string_view text) {
    return std::ranges::any_of(text, [](char c) { return static_cast<unsigned char>(c) >= 0x80; });
}

}  // namespace

FileContents read_properties(const File& file) {
    FileContents contents;
    Lines lines(file.text);
    while (const std::optional<LogicalLine> line = lines.next()) {
        const std::string_view text = line->text;
        const Origin origin{.kind = Origin::Kind::file, .source = file.name, .line = line->number};
        const std::size_t end = key_size(text);
        const Result<std::string> key = unescape(text.substr(0, end));
        const Result<std::string> value = unescape(after_separator(text.substr(end)));
        if (!key || !value) {
            contents.errors.push_back({origin, key ? *key : std::string(),
                                       key ? value.error().detail : key.error().detail});
            continue;
        }
        if (has_high_bytes(text))
            contents.warnings.push_back(
                {origin, *key,
                 "has bytes that are no ASCII: they are read as ISO 8859-1, as Kafka does (write "
                 "\\uXXXX instead, or a YAML file)"});
        contents.assignments.push_back({*key, *value, origin});
    }
    return contents;
}

}  // namespace moldau::config
