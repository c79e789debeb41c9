// A flush that runs or waits for its turn.
#pragma once

#include "moldau/log/log.hpp"

#include <memory>
#include <optional>
#include <vector>

namespace moldau::log {

struct Log::Flush {
    Offset to;
    std::size_t parts = 0;              // that have not ended
    Offset snapshot{-1};                // the newest at or below `to`
    bool synced_names = false;          // the directory is among the parts
    std::vector<std::string> files;     // likewise
    bool has_synced_files = true;       // all parts but the leader epochs have gone well
    std::vector<SegmentPtr> indexed;    // whose index files are among the parts
    std::vector<SegmentPtr> recovered;  // whose files are, for what was recovered
    std::optional<DiskError> error;
    std::vector<DiskDone<>> waiting;
};

}  // namespace moldau::log
