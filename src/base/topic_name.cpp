#include "moldau/base/topic_name.hpp"

#include <fmt/core.h>

#include <algorithm>
#include <string>

namespace moldau {
namespace {

bool is_allowed(char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '.' ||
           c == '_' || c == '-';
}

Error invalid(std::string what) {
    return {ErrorCode::invalid_topic_exception, std::move(what)};
}

}  // namespace

Result<> check_topic_name(std::string_view name) {
    if (name.empty()) return invalid("a topic's name is not empty");
    if (name == "." || name == "..")
        return invalid(fmt::format("'{}' cannot be a topic's name", name));
    if (name.size() > kTopicNameMax) {
        return invalid(fmt::format("a topic's name has at most {} characters, this one has {}",
                                   kTopicNameMax, name.size()));
    }
    if (!std::ranges::all_of(name, is_allowed)) {
        return invalid(fmt::format(
            "topic name '{}': only letters and digits of ASCII, '.', '_' and '-' are allowed",
            name));
    }
    return {};
}

}  // namespace moldau
