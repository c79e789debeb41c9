#include "directory_files.hpp"

#include "segment.hpp"

#include <algorithm>
#include <charconv>

namespace moldau::log {
namespace {

constexpr std::size_t kDigits = 20;

bool take_segment_file(const OffsetName& name, DirectoryFiles& files) {
    if (name.suffix == suffix::kSnapshot) {
        files.snapshots.push_back(name.offset);
        return true;
    }
    bool SegmentFiles::* member = nullptr;
    if (name.suffix == suffix::kLog) member = &SegmentFiles::has_log;
    if (name.suffix == suffix::kIndex) member = &SegmentFiles::has_index;
    if (name.suffix == suffix::kTimeIndex) member = &SegmentFiles::has_time_index;
    if (name.suffix == suffix::kTransactionIndex) member = &SegmentFiles::has_transaction_index;
    if (member == nullptr) return false;
    files.segments[name.offset].*member = true;
    return true;
}

}  // namespace

std::optional<OffsetName> offset_name(std::string_view name) {
    if (name.size() <= kDigits || name[kDigits] != '.') return std::nullopt;
    std::int64_t offset = 0;
    const auto [end, error] = std::from_chars(name.data(), name.data() + kDigits, offset);
    if (error != std::errc() || end != name.data() + kDigits || offset < 0) return std::nullopt;
    return OffsetName{{offset}, name.substr(kDigits)};
}

DirectoryFiles sort_out(const std::vector<DirectoryEntry>& entries) {
    DirectoryFiles files;
    for (const DirectoryEntry& entry : entries) {
        const std::string& name = entry.name;
        const auto numbered = offset_name(name);
        if (entry.is_directory) {
            files.unknown.push_back(name);
        } else if (name.ends_with(suffix::kDeleted)) {
            files.leftovers.push_back(name);
        } else if (name.ends_with(suffix::kCleaned)) {
            files.leftovers.push_back(name);
            if (numbered)
                files.first_cleaned =
                    std::min(files.first_cleaned.value_or(numbered->offset), numbered->offset);
        } else if (numbered && name.ends_with(suffix::kSwap)) {
            files.swaps[numbered->offset].push_back(name);
        } else if (name == "leader-epoch-checkpoint") {
            files.has_leader_epochs = true;
        } else if (name == "partition.metadata") {
            files.has_metadata = true;
        } else if (name == "leader-epoch-checkpoint.tmp" || name == "partition.metadata.tmp") {
            // Not finished; the next one replaces it.
        } else if (!numbered || !take_segment_file(*numbered, files)) {
            files.unknown.push_back(name);
        }
    }
    std::ranges::sort(files.snapshots);
    return files;
}

}  // namespace moldau::log
