// The record batch, magic 2 (KIP-98), as a view over its bytes; and how a log is cut into batches.
#pragma once

#include "moldau/base/bytes.hpp"
#include "moldau/base/endian.hpp"
#include "moldau/base/ids.hpp"
#include "moldau/base/result.hpp"
#include "moldau/base/time.hpp"
#include "moldau/record/compression.hpp"

#include <cstdint>
#include <limits>
#include <optional>

namespace moldau::record {

//  0  base offset             int64   the leader writes it
//  8  length                  int32   of all that follows this field
// 12  partition leader epoch  int32   the leader writes it
// 16  magic                   int8    2
// 17  CRC-32C                 uint32  of all that follows this field
// 21  attributes              int16   see below
// 23  last offset delta       int32   of the last record that there ever was, also after compaction
// 27  base timestamp          int64   or the delete horizon
// 35  max timestamp           int64
// 43  producer id             int64   -1: none
// 51  producer epoch          int16
// 53  base sequence           int32   -1: none
// 57  count of records        int32
// 61  records                 packed as one stream, when the attributes say so
namespace at {
inline constexpr std::size_t kBaseOffset = 0;
inline constexpr std::size_t kLength = 8;
inline constexpr std::size_t kLeaderEpoch = 12;
inline constexpr std::size_t kMagic = 16;
inline constexpr std::size_t kCrc = 17;
inline constexpr std::size_t kAttributes = 21;
inline constexpr std::size_t kLastOffsetDelta = 23;
inline constexpr std::size_t kBaseTimestamp = 27;
inline constexpr std::size_t kMaxTimestamp = 35;
inline constexpr std::size_t kProducerId = 43;
inline constexpr std::size_t kProducerEpoch = 51;
inline constexpr std::size_t kBaseSequence = 53;
inline constexpr std::size_t kCount = 57;
inline constexpr std::size_t kRecords = 61;
}  // namespace at

inline constexpr std::size_t kHeaderBytes = at::kRecords;
inline constexpr std::size_t kLogOverheadBytes =
    12;  // base offset and length: before what is counted
inline constexpr std::int8_t kMagic = 2;

// Attributes: bits 0 to 2 are the codec.
inline constexpr unsigned kCodecBits = 0x07;
inline constexpr unsigned kLogAppendTimeBit = 0x08;
inline constexpr unsigned kTransactionalBit = 0x10;
inline constexpr unsigned kControlBit = 0x20;
inline constexpr unsigned kDeleteHorizonBit = 0x40;  // KIP-534

inline constexpr std::int64_t kNoProducerId = -1;
inline constexpr std::int16_t kNoProducerEpoch = -1;
inline constexpr std::int32_t kNoSequence = -1;

enum class TimestampType : std::uint8_t {
    none,             // magic 0
    create_time,      // the producer's
    log_append_time,  // the leader's, one for the whole batch
};

/// Sequences count up to 2^31 - 1 and go on at 0.
constexpr std::int32_t add_sequence(std::int32_t sequence, std::int32_t count) {
    const std::uint32_t sum =
        static_cast<std::uint32_t>(sequence) + static_cast<std::uint32_t>(count);
    return static_cast<std::int32_t>(sum & 0x7FFFFFFFU);
}

/// One batch's bytes, of any magic, as first_batch() found them: length and magic are right,
/// nothing else has been looked at.
struct BatchBytes {
    BytesView bytes;
    std::int8_t magic = 0;
};

/// The first batch of `log`; nothing when it is empty or holds only a part of one. The rest of the
/// log is what follows its bytes.
/// Errors: corrupt_message: a length or a magic that no batch has.
Result<std::optional<BatchBytes>> first_batch(BytesView log);

/// Length and CRC of a batch of any magic. Errors: corrupt_message.
Result<> check_batch(const BatchBytes& batch);

/// A batch of magic 2. The accessors read what the bytes say, right or wrong.
class BatchView {
public:
    /// `bytes` is one whole batch. Errors: corrupt_message: too short for a header, another magic,
    /// or a length that differs from its bytes. The CRC is not looked at.
    static Result<BatchView> of(BytesView bytes);

    BytesView bytes() const { return bytes_; }
    BytesView records() const { return bytes_.subspan(kHeaderBytes); }  // packed or not

    Offset base_offset() const { return {load<std::int64_t>(at::kBaseOffset)}; }
    Offset last_offset() const { return {wrapping_sum(base_offset().value, last_offset_delta())}; }
    Offset next_offset() const { return {wrapping_sum(last_offset().value, 1)}; }
    LeaderEpoch leader_epoch() const { return {load<std::int32_t>(at::kLeaderEpoch)}; }
    std::uint32_t crc() const { return load<std::uint32_t>(at::kCrc); }
    std::uint32_t attributes() const { return load<std::uint16_t>(at::kAttributes); }
    std::int32_t last_offset_delta() const { return load<std::int32_t>(at::kLastOffsetDelta); }
    Timestamp base_timestamp() const { return {load<std::int64_t>(at::kBaseTimestamp)}; }
    Timestamp max_timestamp() const { return {load<std::int64_t>(at::kMaxTimestamp)}; }
    ProducerId producer_id() const { return {load<std::int64_t>(at::kProducerId)}; }
    ProducerEpoch producer_epoch() const { return {load<std::int16_t>(at::kProducerEpoch)}; }
    std::int32_t base_sequence() const { return load<std::int32_t>(at::kBaseSequence); }
    std::int32_t last_sequence() const {
        return base_sequence() == kNoSequence ? kNoSequence
                                              : add_sequence(base_sequence(), last_offset_delta());
    }
    std::int32_t count() const { return load<std::int32_t>(at::kCount); }

    /// Errors: unsupported_compression_type.
    Result<Codec> codec() const { return codec_of(attributes() & kCodecBits); }
    TimestampType timestamp_type() const {
        return (attributes() & kLogAppendTimeBit) != 0 ? TimestampType::log_append_time
                                                       : TimestampType::create_time;
    }
    bool is_transactional() const { return (attributes() & kTransactionalBit) != 0; }
    bool is_control() const { return (attributes() & kControlBit) != 0; }
    bool has_producer_id() const { return producer_id().value > kNoProducerId; }
    /// When tombstones and markers of this batch may be deleted (KIP-534).
    std::optional<Timestamp> delete_horizon() const {
        if ((attributes() & kDeleteHorizonBit) == 0) return std::nullopt;
        return base_timestamp();
    }

    std::uint32_t computed_crc() const;
    bool is_crc_right() const { return crc() == computed_crc(); }

    /// Sums of what bytes say may overflow: they wrap, as in Java, and are not undefined.
    static constexpr std::int64_t wrapping_sum(std::int64_t a, std::int64_t b) {
        return static_cast<std::int64_t>(static_cast<std::uint64_t>(a) +
                                         static_cast<std::uint64_t>(b));
    }

private:
    explicit BatchView(BytesView bytes) : bytes_(bytes) {}
    template <class T>
    T load(std::size_t place) const {
        return load_be<T>(bytes_.data() + place);
    }

    BytesView bytes_;
};

/// What a Produce request carries for a partition: exactly one batch, of magic 2.
/// Errors: invalid_record: no batch, a part of one, several, or an older magic · corrupt_message,
/// as first_batch() and BatchView::of().
Result<BatchView> only_batch(BytesView records);

}  // namespace moldau::record
