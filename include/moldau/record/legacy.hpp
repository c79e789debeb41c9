// Messages of magic 0 and 1, which Kafka 4 no longer takes from clients but which old logs hold: to
// be read, never written. A packed message holds others.
#pragma once

#include "moldau/record/batch.hpp"

#include <cstdint>
#include <optional>

namespace moldau::record {

/// One message, a whole one: what first_batch() finds when the magic is 0 or 1.
class LegacyMessage {
public:
    /// Errors: corrupt_message: too short · invalid_record: a key or value that it does not hold.
    static Result<LegacyMessage> of(const BatchBytes& batch);

    std::int8_t magic() const { return magic_; }
    Offset offset() const { return {load_be<std::int64_t>(bytes_.data())}; }
    std::uint32_t crc() const;
    /// Errors: unsupported_compression_type.
    Result<Codec> codec() const;
    TimestampType timestamp_type() const;
    Timestamp timestamp() const;  // -1 for magic 0
    const std::optional<BytesView>& key() const { return key_; }
    const std::optional<BytesView>& value() const { return value_; }
    std::size_t size_bytes() const { return bytes_.size(); }

private:
    LegacyMessage(const BatchBytes& batch) : bytes_(batch.bytes), magic_(batch.magic) {}
    unsigned attributes() const;

    BytesView bytes_;
    std::int8_t magic_;
    std::optional<BytesView> key_, value_;
};

struct LegacyRecord {
    Offset offset;
    Timestamp timestamp;
    std::optional<BytesView> key;    // nothing: null
    std::optional<BytesView> value;  // nothing: null
};

/// Walks the records of one message: itself, or those that it holds packed.
class LegacyCursor {
public:
    /// `scratch` is cleared and filled when the message is packed; it outlives the cursor.
    /// Errors: as LegacyMessage::of and Unpacker::unpack; invalid_record: packed, and nothing
    /// inside; corrupt_message.
    static Result<LegacyCursor> open(const BatchBytes& batch, std::size_t bytes_max,
                                     Unpacker& unpacker, GrowingBuffer& scratch);

    /// Reads the next record; false behind the last one. Errors: invalid_record, corrupt_message.
    Result<bool> next(LegacyRecord& record);

private:
    BytesView left_;
    std::int8_t magic_ = 0;
    std::int64_t offset_shift_ = 0;
    std::optional<Timestamp> log_append_time_;
    bool is_packed_ = false;
};

}  // namespace moldau::record
