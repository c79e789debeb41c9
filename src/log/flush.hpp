// A flush that runs or waits for its turn.
#pragma once

#include "moldau/log/log.hpp"

#include <memory>
#include <optional>
#include <vector>

namespace moldau::log {

struct Log::Flush {
    Offset to;
    std::size_t parts = 0;  // that have not ended
    bool synced_names = false;
    std::vector<SegmentPtr> indexed;    // whose index files are among the parts
    std::vector<SegmentPtr> recovered;  // whose files are, for what was recovered
    std::optional<DiskError> error;
    std::vector<DiskDone<>> waiting;
};

}  // namespace moldau::log
