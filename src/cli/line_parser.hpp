// Makes records of lines of text.
#pragma once

#include "moldau/base/bytes.hpp"
#include "moldau/base/result.hpp"
#include "moldau/record/record.hpp"

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace moldau::cli {

/// Cuts what is read into lines; the last one may lack its end.
class LineSplitter {
public:
    void add(std::string_view text);
    /// Nothing more comes.
    void end() { is_ended_ = true; }
    /// The next line without its end; nothing when more must be read. Valid until the next add().
    std::optional<std::string_view> next();
    std::size_t held() const { return text_.size() - at_; }

private:
    std::string text_;
    std::size_t at_ = 0;
    std::size_t searched_ = 0;  // no line ends in [at_, searched_)
    bool is_ended_ = false;
};

struct LineFormat {
    std::string key_separator;             // empty: lines are values, keys are null
    std::optional<std::string> null_text;  // a key or value of this text is null
};

struct LineRecord {
    std::optional<BytesView> key;
    std::optional<BytesView> value;
};

/// Views on `line`. Errors: invalid_request: the separator is not in it
Result<LineRecord> parse_line(std::string_view line, const LineFormat& format);

struct NamedHeader {
    std::string key;
    std::optional<std::string> value;
};
/// `KEY=VALUE`, or `KEY` for a header whose value is null. Errors: invalid_request
Result<NamedHeader> parse_header(std::string_view text);

}  // namespace moldau::cli
