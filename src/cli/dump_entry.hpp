// One thing that a file holds, as fields: a line for people, or a JSON object.
#pragma once

#include "moldau/cli/output.hpp"

#include <concepts>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace moldau::cli {

class Entry {
public:
    Entry& add(std::string_view key, std::string_view text);
    Entry& add(std::string_view key, const char* text) { return add(key, std::string_view(text)); }
    Entry& add(std::string_view key, bool truth) { return add_json(key, truth ? "true" : "false"); }
    Entry& add(std::string_view key, std::integral auto number) {
        return add_json(key, std::to_string(number));
    }
    /// `json`: any JSON value.
    Entry& add_json(std::string_view key, const std::string& json);
    /// An entry of the list `records` within this one.
    Entry& add_record() { return records_.emplace_back(); }

    /// `key=value key=value`, text in quotes only where it must be; records follow on lines of
    /// their own. Ends with a newline.
    std::string to_line() const;
    /// One object on one line, with `file` before its fields.
    std::string to_json(std::string_view file) const;

private:
    struct Field {
        std::string key;
        std::string json;
        std::string plain;  // for people
    };
    void append_line(std::string& to, std::size_t indent) const;
    void append_fields(JsonWriter& to) const;

    std::vector<Field> fields_;
    std::vector<Entry> records_;
};

}  // namespace moldau::cli
