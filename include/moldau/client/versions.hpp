// Which version of an API both sides speak.
#pragma once

#include "moldau/base/result.hpp"
#include "moldau/protocol/api_keys.hpp"

#include <cstdint>
#include <map>

namespace moldau::client {

/// What a broker says that it serves (ApiVersions).
class ServedVersions {
public:
    void set(std::int16_t api_key, protocol::VersionRange range) { ranges_[api_key] = range; }
    bool serves(protocol::ApiKey api) const { return choose(api).has_value(); }

    /// The newest version that both speak and that is not above `newest`; of ours, only stable
    /// ones. Errors: unsupported_version, naming the API and both ranges
    Result<std::int16_t> choose(protocol::ApiKey api, std::int16_t newest = INT16_MAX) const;

private:
    std::map<std::int16_t, protocol::VersionRange> ranges_;
};

}  // namespace moldau::client
