#include "checkpoint_lines.hpp"

#include "file_error.hpp"

#include <algorithm>

namespace moldau::log {
namespace {

constexpr std::int32_t kVersion = 0;

}  // namespace

std::string_view take_until(std::string_view& text, char separator) {
    const std::size_t end = std::min(text.find(separator), text.size());
    const std::string_view taken = text.substr(0, end);
    text.remove_prefix(std::min(end + 1, text.size()));
    return taken;
}

Result<std::vector<std::string_view>> checkpoint_lines(std::string_view file) {
    const std::string_view version = take_until(file, '\n');
    if (parse_number<std::int32_t>(version) != kVersion)
        return file_error("line 1: version '{}' instead of 0", version.substr(0, 32));
    const std::string_view count_text = take_until(file, '\n');
    const std::optional<std::int32_t> count = parse_number<std::int32_t>(count_text);
    if (!count || *count < 0)
        return file_error("line 2: '{}' is no count of entries", count_text.substr(0, 32));
    // Nothing is reserved for a count that the file only declares.
    std::vector<std::string_view> lines;
    while (!file.empty()) lines.push_back(take_until(file, '\n'));
    if (lines.size() != static_cast<std::size_t>(*count))
        return file_error("line 2: {} entries, but {} lines follow", *count, lines.size());
    return lines;
}

}  // namespace moldau::log
