// Reads one record. Inline, since validation and iteration both spend their time here; errors are
// constant words, since a Result would cost more than the record.
#pragma once

#include "moldau/base/bytes.hpp"
#include "moldau/base/varint.hpp"

#include <cstdint>

namespace moldau::record {

struct ParsedRecord {
    std::size_t size_bytes;  // with its length
    std::int8_t attributes;
    std::int64_t timestamp_delta;
    std::int32_t offset_delta;
    std::int32_t key_bytes;    // negative: null
    std::int32_t value_bytes;  // negative: null
    std::int32_t header_count;
    const std::byte* key;
    const std::byte* value;
    const std::byte* headers;
    const std::byte* end;
};

// Moves behind `length` bytes; a negative length means null and takes none (so do Kafka's readers,
// and clients have come to write -2).
inline const std::byte* skip_bytes(const std::byte* from, const std::byte* end,
                                   std::int32_t length) {
    if (length <= 0) return from;
    return length <= end - from ? from + length : nullptr;
}

// One header at `from`; nullptr when [from, end) does not hold it.
inline const std::byte* skip_header(const std::byte* from, const std::byte* end) {
    std::int32_t length = 0;
    from = read_varint(from, end, length);
    if (from == nullptr || length < 0) return nullptr;
    from = skip_bytes(from, end, length);
    if (from == nullptr) return nullptr;
    from = read_varint(from, end, length);
    return from == nullptr ? nullptr : skip_bytes(from, end, length);
}

/// Reads the record at the start of `bytes`. Returns nullptr, or what is wrong with it.
inline const char* parse_record(BytesView bytes, ParsedRecord& record) {
    const std::byte* const start = bytes.data();
    const std::byte* const batch_end = start + bytes.size();
    std::int32_t length = 0;
    const std::byte* from = read_varint(start, batch_end, length);
    if (from == nullptr) return "a record's length";
    if (length < 0 || length > batch_end - from) return "a record longer than what is left";
    const std::byte* const end = from + length;
    if (from == end) return "an empty record";
    record.size_bytes = static_cast<std::size_t>(end - start);
    record.end = end;
    record.attributes = static_cast<std::int8_t>(*from++);
    from = read_varlong(from, end, record.timestamp_delta);
    if (from == nullptr) return "a record's timestamp delta";
    from = read_varint(from, end, record.offset_delta);
    if (from == nullptr) return "a record's offset delta";

    from = read_varint(from, end, record.key_bytes);
    if (from == nullptr) return "a key's length";
    record.key = from;
    from = skip_bytes(from, end, record.key_bytes);
    if (from == nullptr) return "a key longer than its record";
    from = read_varint(from, end, record.value_bytes);
    if (from == nullptr) return "a value's length";
    record.value = from;
    from = skip_bytes(from, end, record.value_bytes);
    if (from == nullptr) return "a value longer than its record";

    constexpr std::int32_t kHeaderBytesLeast = 2;
    from = read_varint(from, end, record.header_count);
    if (from == nullptr || record.header_count < 0 ||
        record.header_count > (end - from) / kHeaderBytesLeast) {
        return "the count of a record's headers";
    }
    record.headers = from;
    for (std::int32_t i = 0; i < record.header_count; ++i) {
        from = skip_header(from, end);
        if (from == nullptr) return "a record's header";
    }
    return from == end ? nullptr : "a record longer than its fields";
}

}  // namespace moldau::record
