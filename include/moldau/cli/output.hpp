// What goes to stdout: tables for people, JSON for programs.
#pragma once

#include "moldau/base/result.hpp"

#include <concepts>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace moldau::cli {

/// Columns as wide as their widest cell, two spaces between them, none at the end of a line.
class Table {
public:
    explicit Table(std::vector<std::string> heads) { add(std::move(heads)); }
    void add(std::vector<std::string> cells) { rows_.push_back(std::move(cells)); }
    std::string to_string() const;

private:
    std::vector<std::vector<std::string>> rows_;
};

/// `text` as a JSON string. What is not UTF-8 becomes U+FFFD.
std::string json_string(std::string_view text);

bool is_utf8(std::string_view text);
std::string base64(std::string_view bytes);

/// Writes one JSON document on one line. Commas are set by itself.
class JsonWriter {
public:
    JsonWriter& begin_object() { return open('{'); }
    JsonWriter& end_object() { return close('}'); }
    JsonWriter& begin_array() { return open('['); }
    JsonWriter& end_array() { return close(']'); }
    JsonWriter& key(std::string_view name);
    JsonWriter& value(std::string_view text) { return raw(json_string(text)); }
    JsonWriter& value(const char* text) { return value(std::string_view(text)); }
    JsonWriter& value(bool truth) { return raw(truth ? "true" : "false"); }
    JsonWriter& value(std::integral auto number) { return raw(std::to_string(number)); }
    JsonWriter& value(double number);  // null when it is not finite
    JsonWriter& null() { return raw("null"); }
    JsonWriter& json(std::string_view document) { return raw(document); }  // as it is

    const std::string& text() const { return text_; }

private:
    JsonWriter& open(char bracket);
    JsonWriter& close(char bracket);
    JsonWriter& raw(std::string_view text);
    void separate();

    std::string text_;
    bool needs_comma_ = false;
};

/// To stdout, at once. Errors: unknown_server_error: nobody reads it, or the disk is full.
Result<> print(std::string_view text);

}  // namespace moldau::cli
