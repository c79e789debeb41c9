// `<base offset>.timeindex`: up to which offset all records are at most so young.
#pragma once

#include "moldau/base/bytes.hpp"
#include "moldau/base/ids.hpp"
#include "moldau/base/result.hpp"
#include "moldau/base/time.hpp"

#include <span>
#include <vector>

namespace moldau::log {

// 0  timestamp  int64
// 8  offset     int32  to the segment's base offset
struct TimeIndexEntry {
    Timestamp timestamp;
    Offset offset;
    friend bool operator==(const TimeIndexEntry&, const TimeIndexEntry&) = default;
};

/// The file is preallocated while its segment is active: zeros at its end are no entries.
/// Errors: kafka_storage_error: a size, a timestamp or an offset that no such file has; the index
/// is then to be built anew from its segment.
Result<std::vector<TimeIndexEntry>> parse_time_index(BytesView file, Offset base_offset);

std::vector<std::byte> write_time_index(std::span<const TimeIndexEntry> entries,
                                        Offset base_offset);

}  // namespace moldau::log
