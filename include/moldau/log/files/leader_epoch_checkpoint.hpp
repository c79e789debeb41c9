// `leader-epoch-checkpoint`: where each leader epoch began in the log (KIP-101).
//
//   0          version
//   3          count of lines that follow
//   4 500      epoch, its first offset
#pragma once

#include "moldau/base/ids.hpp"
#include "moldau/base/result.hpp"

#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace moldau::log {

struct EpochStart {
    LeaderEpoch epoch;
    Offset start_offset;
    friend bool operator==(const EpochStart&, const EpochStart&) = default;
};

/// Errors: kafka_storage_error, with the line: a version, count or line that no such file has,
/// epochs that do not rise, offsets that fall.
Result<std::vector<EpochStart>> parse_leader_epoch_checkpoint(std::string_view file);

std::string write_leader_epoch_checkpoint(std::span<const EpochStart> starts);

}  // namespace moldau::log
