#include "moldau/log/files/time_index.hpp"

#include "file_error.hpp"
#include "index_tail.hpp"

#include "moldau/base/endian.hpp"

#include <limits>

namespace moldau::log {
namespace {

constexpr std::size_t kEntryBytes = 12;

}  // namespace

Result<std::vector<TimeIndexEntry>> parse_time_index(BytesView file, Offset base_offset) {
    if (file.size() % kEntryBytes != 0)
        return file_error("a time index of {} bytes, not of entries of 12", file.size());
    file = without_zero_tail(file, kEntryBytes);
    std::vector<TimeIndexEntry> entries;
    entries.reserve(file.size() / kEntryBytes);
    std::int32_t last_relative = 0;
    for (; !file.empty(); file = file.subspan(kEntryBytes)) {
        const Timestamp timestamp{load_be<std::int64_t>(file.data())};
        const auto relative = load_be<std::int32_t>(file.data() + 8);
        const bool is_later = entries.empty() || timestamp > entries.back().timestamp;
        if (!is_later || relative < last_relative ||
            base_offset.value > std::numeric_limits<std::int64_t>::max() - relative) {
            return file_error("entry {} of a time index: timestamp {}, offset {} after {}",
                              entries.size(), timestamp.ms, relative, last_relative);
        }
        entries.push_back({timestamp, base_offset + relative});
        last_relative = relative;
    }
    return entries;
}

std::vector<std::byte> write_time_index(std::span<const TimeIndexEntry> entries,
                                        Offset base_offset) {
    std::vector<std::byte> file(entries.size() * kEntryBytes);
    std::byte* to = file.data();
    for (const TimeIndexEntry& entry : entries) {
        const std::int64_t relative = entry.offset - base_offset;
        MOLDAU_CHECK(relative >= 0 && relative <= std::numeric_limits<std::int32_t>::max(),
                     "offset={} base={}", entry.offset.value, base_offset.value);
        store_be(to, entry.timestamp.ms);
        store_be(to + 8, static_cast<std::int32_t>(relative));
        to += kEntryBytes;
    }
    return file;
}

}  // namespace moldau::log
