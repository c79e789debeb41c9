// A line of the log as JSON: what it was formatted from tells which of it are values, so that text
// from outside never becomes a key.
#pragma once

#include <fmt/core.h>

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace moldau::metrics {

struct JsonField {
    std::string key;
    std::string json;  // a JSON value
};

/// `became leader topic={} partition={}` with its arguments: the message, then a field for each
/// key. Numbers and truths that stand alone are such in JSON; all else is text, cut behind
/// `bytes_max`.
struct JsonLine {
    std::string message;
    std::vector<JsonField> fields;
};
JsonLine json_line(fmt::string_view format, fmt::format_args args, std::size_t bytes_max);

/// One object without a line's end: `{"ts":…,"level":…,"thread":…,"message":…,…}`. Of a shard's
/// thread the shard's number, too. A key that is taken gets a '_' behind it.
std::string json_object(std::string_view time, std::string_view level, std::string_view thread,
                        const JsonLine& line, std::size_t bytes_max);

}  // namespace moldau::metrics
