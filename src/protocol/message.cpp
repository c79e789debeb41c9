#include "moldau/protocol/message.hpp"

#include <fmt/core.h>

#include <algorithm>
#include <functional>

namespace moldau::protocol {

void UnknownTags::settle() {
    // Of equal tags the one that lies further back in the buffer came later.
    const auto below = [](const UnknownTag& a, const UnknownTag& b) {
        return a.tag != b.tag ? a.tag < b.tag : std::less<>{}(a.data.data(), b.data.data());
    };
    if (!std::is_sorted(list_->begin(), list_->end(), below))
        std::sort(list_->begin(), list_->end(), below);
    // Backwards, so that of equal tags the last is met first and stays.
    const auto same = [](const UnknownTag& a, const UnknownTag& b) { return a.tag == b.tag; };
    const auto kept = std::unique(list_->rbegin(), list_->rend(), same);
    list_->erase(list_->begin(), kept.base());
}

Error unsupported_version(std::string_view message, std::int16_t version) {
    return {ErrorCode::unsupported_version, fmt::format("{} has no version {}", message, version)};
}

}  // namespace moldau::protocol
