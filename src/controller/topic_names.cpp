#include "moldau/controller/topic_names.hpp"

#include <algorithm>

namespace moldau::controller {
namespace {

bool is_separator(char c) {
    return c == '.' || c == '_';
}

// Names are tried separator by separator and only as far as some topic begins so: never more tries
// than topics, however many separators there are.
std::optional<std::string> search(const metadata::ClusterImage& image, std::string_view name,
                                  std::string prefix) {
    const std::string_view rest = name.substr(prefix.size());
    const auto separator = std::ranges::find_if(rest, is_separator);
    prefix.append(rest.begin(), separator);
    if (separator == rest.end()) {
        if (prefix != name && image.topic_ids.contains(prefix)) return prefix;
        return std::nullopt;
    }
    for (const char c : {'.', '_'}) {
        std::string longer = prefix + c;
        const auto first = image.topic_ids.from(longer);
        if (first == image.topic_ids.end() || !first->key.starts_with(longer)) continue;
        if (auto found = search(image, name, std::move(longer))) return found;
    }
    return std::nullopt;
}

}  // namespace

std::optional<std::string> colliding_topic(const metadata::ClusterImage& image,
                                           std::string_view name) {
    if (std::ranges::none_of(name, is_separator)) return std::nullopt;
    return search(image, name, "");
}

}  // namespace moldau::controller
