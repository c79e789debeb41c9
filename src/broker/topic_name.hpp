// Which names a topic may have: 1 to 249 of [a-zA-Z0-9._-], and neither "." nor "..": names become
// directories.
#pragma once

#include <algorithm>
#include <cstddef>
#include <string_view>

namespace moldau::broker {

inline constexpr std::size_t kTopicNameMax = 249;

inline bool is_topic_name(std::string_view name) {
    const auto allowed = [](char c) {
        return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
               c == '.' || c == '_' || c == '-';
    };
    return !name.empty() && name.size() <= kTopicNameMax && name != "." && name != ".." &&
           std::all_of(name.begin(), name.end(), allowed);
}

}  // namespace moldau::broker
