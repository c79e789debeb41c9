// Records of a batch of magic 2, one after another, as views: nothing is copied or allocated.
#pragma once

#include "moldau/record/batch.hpp"

#include <cstdint>
#include <optional>
#include <string_view>

namespace moldau::record {

// length           varint   of all that follows
// attributes       int8     no bit is used
// timestamp delta  varlong  to the batch's base timestamp
// offset delta     varint   to the batch's base offset
// key              varint length (negative: null), bytes
// value            varint length (negative: null), bytes
// headers          varint count, then each: key (varint length, UTF-8), value (as a record's)

struct HeaderView {
    std::string_view key;            // meant to be UTF-8; not checked, as Kafka does not
    std::optional<BytesView> value;  // nothing: null
};

/// The headers of one record. They were walked when the record was read, so that walking them again
/// cannot fail.
class Headers {
public:
    Headers() = default;
    Headers(BytesView bytes, std::int32_t count) : bytes_(bytes), count_(count) {}

    std::int32_t count() const { return count_; }
    BytesView bytes() const { return bytes_; }  // behind the count, to the end of the record

    class Iterator {
    public:
        using value_type = HeaderView;
        using difference_type = std::ptrdiff_t;
        Iterator() = default;
        Iterator(BytesView bytes, std::int32_t left) : bytes_(bytes), left_(left) { read(); }
        const HeaderView& operator*() const { return header_; }
        const HeaderView* operator->() const { return &header_; }
        Iterator& operator++() {
            --left_;
            read();
            return *this;
        }
        void operator++(int) { ++*this; }
        friend bool operator==(const Iterator& a, const Iterator& b) { return a.left_ == b.left_; }

    private:
        void read();
        BytesView bytes_;
        std::int32_t left_ = 0;
        HeaderView header_;
    };
    Iterator begin() const { return {bytes_, count_}; }
    Iterator end() const { return {}; }

private:
    BytesView bytes_;
    std::int32_t count_ = 0;
};

struct RecordView {
    std::size_t size_bytes = 0;  // with its length
    std::int8_t attributes = 0;
    std::int32_t offset_delta = 0;
    Offset offset;
    Timestamp timestamp;  // the batch's, when its type is log_append_time
    std::int32_t sequence = kNoSequence;
    std::optional<BytesView> key;    // nothing: null
    std::optional<BytesView> value;  // nothing: null
    Headers headers;
};

/// Walks the records of a batch.
class RecordCursor {
public:
    /// `records` are the batch's, unpacked: batch.records() or what unpack_records() gave. A record
    /// of more than `record_bytes_max` is refused.
    RecordCursor(const BatchView& batch, BytesView records,
                 std::size_t record_bytes_max = std::numeric_limits<std::int32_t>::max());

    /// Reads the next record; false behind the last one.
    /// Errors: invalid_record: a record that its length or the batch does not hold, a count that is
    /// not that of the records, bytes behind the last one.
    Result<bool> next(RecordView& record);

private:
    BytesView left_;
    std::size_t record_bytes_max_;
    std::int64_t base_offset_;
    std::int64_t base_timestamp_;
    std::int64_t log_append_time_;
    std::int32_t base_sequence_;
    std::int32_t count_;
    std::int32_t read_ = 0;
    bool is_log_append_time_;
};

/// The records of `batch`: its own bytes when they are not packed, else unpacked into `scratch`,
/// which is cleared first. Errors: as Unpacker::unpack, unsupported_compression_type.
Result<BytesView> unpack_records(const BatchView& batch, std::size_t bytes_max, Unpacker& unpacker,
                                 GrowingBuffer& scratch);

}  // namespace moldau::record
