// `<base offset>.index`: where in the segment batches stand, one entry every few KiB.
#pragma once

#include "moldau/base/bytes.hpp"
#include "moldau/base/ids.hpp"
#include "moldau/base/result.hpp"

#include <cstdint>
#include <span>
#include <vector>

namespace moldau::log {

// 0  offset    int32  to the segment's base offset
// 4  position  int32  in the segment's file
struct OffsetIndexEntry {
    Offset offset;
    std::int32_t position = 0;
    friend bool operator==(const OffsetIndexEntry&, const OffsetIndexEntry&) = default;
};

/// The file is preallocated while its segment is active: zeros at its end are no entries.
/// Errors: kafka_storage_error: a size, an offset or a position that no such file has; the index is
/// then to be built anew from its segment.
Result<std::vector<OffsetIndexEntry>> parse_offset_index(BytesView file, Offset base_offset);

std::vector<std::byte> write_offset_index(std::span<const OffsetIndexEntry> entries,
                                          Offset base_offset);

}  // namespace moldau::log
