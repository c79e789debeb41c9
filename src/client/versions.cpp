#include "moldau/client/versions.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace moldau::client {

Result<std::int16_t> ServedVersions::choose(protocol::ApiKey api, std::int16_t newest) const {
    const protocol::ApiInfo& ours = protocol::api_info(api);
    const auto theirs = ranges_.find(static_cast<std::int16_t>(api));
    if (theirs == ranges_.end())
        return Error{ErrorCode::unsupported_version,
                     fmt::format("the broker does not serve {}", ours.name)};
    const std::int16_t first = std::max(ours.versions.first, theirs->second.first);
    const std::int16_t last = std::min({ours.latest_stable, theirs->second.last, newest});
    if (first <= last) return last;
    return Error{ErrorCode::unsupported_version,
                 fmt::format("the broker serves {} in versions {} to {}, this program in {} to {}",
                             ours.name, theirs->second.first, theirs->second.last,
                             ours.versions.first, std::min(ours.latest_stable, newest))};
}

}  // namespace moldau::client
