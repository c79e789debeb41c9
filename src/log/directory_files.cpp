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

bool take_file(const std::string& name, DirectoryFiles& files) {
    const auto numbered = offset_name(name);
    if (name.ends_with(suffix::kDeleted)) {
        files.leftovers.push_back(name);
        return true;
    }
    if (name.ends_with(suffix::kCleaned)) {
        files.leftovers.push_back(name);
        if (numbered)
            files.first_cleaned =
                std::min(files.first_cleaned.value_or(numbered->offset), numbered->offset);
        return true;
    }
    if (numbered && name.ends_with(suffix::kSwap)) {
        files.swaps[numbered->offset].push_back(name);
        return true;
    }
    if (name == "leader-epoch-checkpoint") files.has_leader_epochs = true;
    if (name == "partition.metadata") files.has_metadata = true;
    // One that was not finished is replaced by the next one.
    if (name == "leader-epoch-checkpoint" || name == "leader-epoch-checkpoint.tmp" ||
        name == "partition.metadata" || name == "partition.metadata.tmp")
        return true;
    return numbered && take_segment_file(*numbered, files);
}

}  // namespace

std::optional<OffsetName> offset_name(std::string_view name) {
    if (name.size() <= kDigits || name[kDigits] != '.') return std::nullopt;
    std::int64_t offset = 0;
    const std::string_view digits = name.substr(0, kDigits);
    const char* const first = digits.data();
    const char* const last = first + digits.size();
    const auto [end, error] = std::from_chars(first, last, offset);
    if (error != std::errc() || end != last || offset < 0) return std::nullopt;
    return OffsetName{{offset}, name.substr(kDigits)};
}

DirectoryFiles sort_out(const std::vector<DirectoryEntry>& entries) {
    DirectoryFiles files;
    for (const DirectoryEntry& entry : entries) {
        if (entry.is_directory || !take_file(entry.name, files))
            files.unknown.push_back(entry.name);
    }
    std::ranges::sort(files.snapshots);
    return files;
}

}  // namespace moldau::log
