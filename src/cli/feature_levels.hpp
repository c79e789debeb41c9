// The feature levels that a cluster begins with, as `storage format` is told them (KIP-584,
// KIP-1022).
#pragma once

#include "moldau/base/result.hpp"
#include "moldau/controller/bootstrap.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace moldau::cli {

struct StartLevels {
    controller::FeatureLevels finalized;        // metadata.version is one of them, no level is 0
    std::optional<std::int16_t> kraft_version;  // where it was said
    std::vector<std::string> beyond_ours;       // of `finalized`: what moldaud does not carry out
};

/// `release`: as 4.3, 4.3.1 or 4.3-IV0; the newest that we know when it is not said. `settings`:
/// NAME=LEVEL each. What moldaud carries out begins at its highest level that the release knows;
/// what it does not carry out is left away unless it is asked for.
/// Errors: invalid_request, with what is allowed
Result<StartLevels> start_levels(const std::optional<std::string>& release,
                                 const std::vector<std::string>& settings);

/// "4.3-IV0"; empty for a level that we do not know.
std::string_view release_name(std::int16_t metadata_version);

}  // namespace moldau::cli
