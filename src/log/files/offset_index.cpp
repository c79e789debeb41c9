#include "moldau/log/files/offset_index.hpp"

#include "file_error.hpp"
#include "index_tail.hpp"

#include "moldau/base/endian.hpp"

#include <limits>

namespace moldau::log {
namespace {

constexpr std::size_t kEntryBytes = 8;

}  // namespace

Result<std::vector<OffsetIndexEntry>> parse_offset_index(BytesView file, Offset base_offset) {
    if (file.size() % kEntryBytes != 0)
        return file_error("an offset index of {} bytes, not of entries of 8", file.size());
    file = without_zero_tail(file, kEntryBytes);
    std::vector<OffsetIndexEntry> entries;
    entries.reserve(file.size() / kEntryBytes);
    std::int32_t last_relative = -1;
    std::int32_t last_position = 0;
    for (; !file.empty(); file = file.subspan(kEntryBytes)) {
        const auto relative = load_be<std::int32_t>(file.data());
        const auto position = load_be<std::int32_t>(file.data() + 4);
        if (relative <= last_relative || position < last_position ||
            base_offset.value > std::numeric_limits<std::int64_t>::max() - relative) {
            return file_error(
                "entry {} of an offset index: offset {} after {}, position {} after {}",
                entries.size(), relative, last_relative, position, last_position);
        }
        entries.push_back({base_offset + relative, position});
        last_relative = relative;
        last_position = position;
    }
    return entries;
}

std::vector<std::byte> write_offset_index(std::span<const OffsetIndexEntry> entries,
                                          Offset base_offset) {
    std::vector<std::byte> file(entries.size() * kEntryBytes);
    std::byte* to = file.data();
    for (const OffsetIndexEntry& entry : entries) {
        const std::int64_t relative = entry.offset - base_offset;
        MOLDAU_CHECK(relative >= 0 && relative <= std::numeric_limits<std::int32_t>::max(),
                     "offset={} base={}", entry.offset.value, base_offset.value);
        store_be(to, static_cast<std::int32_t>(relative));
        store_be(to + 4, entry.position);
        to += kEntryBytes;
    }
    return file;
}

}  // namespace moldau::log
