// What stands in a partition's directory, by what it is for.
#pragma once

#include "moldau/base/ids.hpp"
#include "moldau/base/ports/disk.hpp"

#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace moldau::log {

/// A name that begins with an offset: "00000000000000000042.log.swap" is {42, ".log.swap"}.
struct OffsetName {
    Offset offset;
    std::string_view suffix;
};
std::optional<OffsetName> offset_name(std::string_view name);

struct SegmentFiles {
    bool has_log = false;
    bool has_index = false;
    bool has_time_index = false;
    bool has_transaction_index = false;
};

struct DirectoryFiles {
    std::map<Offset, SegmentFiles> segments;  // by base offset; also indexes without a segment
    std::vector<Offset> snapshots;            // ascending
    std::map<Offset, std::vector<std::string>>
        swaps;                           // files that replace segments, by base offset
    std::vector<std::string> leftovers;  // .deleted and .cleaned: of no use to anyone
    std::optional<Offset> first_cleaned;
    bool has_leader_epochs = false;
    bool has_metadata = false;
    std::vector<std::string> unknown;  // others, directories too
};

DirectoryFiles sort_out(const std::vector<DirectoryEntry>& entries);

}  // namespace moldau::log
