#include "line_parser.hpp"

#include <fmt/format.h>

namespace moldau::cli {

void LineSplitter::add(std::string_view text) {
    text_.erase(0, at_);
    searched_ -= at_;
    at_ = 0;
    text_ += text;
}

std::optional<std::string_view> LineSplitter::next() {
    const std::size_t end = text_.find('\n', searched_);
    if (end == std::string::npos) {
        searched_ = text_.size();
        if (!is_ended_ || at_ == text_.size()) return std::nullopt;
        const std::string_view last = std::string_view(text_).substr(at_);
        at_ = text_.size();
        return last;
    }
    const std::string_view line = std::string_view(text_).substr(at_, end - at_);
    at_ = searched_ = end + 1;
    return line;
}

Result<LineRecord> parse_line(std::string_view line, const LineFormat& format) {
    const auto field = [&](std::string_view text) -> std::optional<BytesView> {
        if (format.null_text && text == *format.null_text) return std::nullopt;
        return as_bytes(text);
    };
    if (format.key_separator.empty()) return LineRecord{.key = {}, .value = field(line)};
    const std::size_t at = line.find(format.key_separator);
    if (at == std::string_view::npos)
        return Error{ErrorCode::invalid_request,
                     fmt::format("has no key separator '{}'", format.key_separator)};
    return LineRecord{.key = field(line.substr(0, at)),
                      .value = field(line.substr(at + format.key_separator.size()))};
}

Result<NamedHeader> parse_header(std::string_view text) {
    const std::size_t equals = text.find('=');
    if (equals == 0 || text.empty())
        return Error{ErrorCode::invalid_request,
                     fmt::format("--header '{}' is neither KEY=VALUE nor KEY", text)};
    if (equals == std::string_view::npos) return NamedHeader{.key = std::string(text), .value = {}};
    return NamedHeader{.key = std::string(text.substr(0, equals)),
                       .value = std::string(text.substr(equals + 1))};
}

}  // namespace moldau::cli
