// What a leader does with a batch before it appends it: looks at all of it, gives it its offsets,
// and packs it anew where the topic asks for that (Kafka's rules for a topic of magic 2).
#pragma once

#include "moldau/record/batch.hpp"

#include <array>
#include <cstdint>
#include <limits>
#include <optional>
#include <string>
#include <vector>

namespace moldau::record {

enum class AppendOrigin : std::uint8_t {
    client,
    coordinator,  // a group, transaction or share coordinator of this node
    raft_leader,  // the metadata log's leader
};

/// A topic's settings, and who writes.
struct AppendRules {
    AppendOrigin origin = AppendOrigin::client;
    std::optional<Packing> packing;  // nothing: compression.type=producer
    TimestampType timestamp_type = TimestampType::create_time;
    bool is_compacted = false;                // then every record has a key
    std::size_t batch_bytes_max = 1'048'588;  // max.message.bytes: as sent, and as stored
    std::int64_t timestamp_before_max_ms = std::numeric_limits<std::int64_t>::max();
    std::int64_t timestamp_after_max_ms = 3'600'000;
    std::optional<std::size_t> unpacked_bytes_max;  // nothing: default_unpacked_bytes_max()
};

/// A batch may unpack to 16 times what it may have packed, and to 64 MiB in any case.
std::size_t default_unpacked_bytes_max(std::size_t batch_bytes_max);

/// Where the batch goes.
struct AppendPlace {
    Timestamp now;
    Offset first_offset;
    LeaderEpoch leader_epoch;
};

/// Why one record was refused, for the response (KIP-467).
struct RecordError {
    std::int32_t batch_index = 0;
    std::string message;
};

/// A batch ready to be appended: `header`, then `rest`.
struct ValidatedBatch {
    std::array<std::byte, kHeaderBytes> header;  // rewritten; what was received stays as it is
    BytesView rest;                              // of the bytes received, or of `packed_anew`
    Bytes packed_anew;  // empty unless the topic's codec differs from the batch's
    OffsetRange offsets;
    Timestamp max_timestamp;
    Offset offset_of_max_timestamp;  // the first of those with that timestamp
    Timestamp log_append_time;       // -1 when the topic's type is create_time

    std::size_t size_bytes() const { return header.size() + rest.size(); }
};

/// Validates one batch after another. Holds scratch memory: one for each shard.
class AppendValidator {
public:
    /// Of the records that are wrong, at most this many are told.
    static constexpr std::size_t kRecordErrorsMost = 100;

    /// `records` is what a Produce request carries for one partition; the result's `rest` may be a
    /// view on it. An unpacked batch with create_time is looked at once and nothing is allocated.
    /// `errors` is cleared, and filled when single records are at fault.
    /// Errors: corrupt_message: bytes that are no batch, or the CRC · message_too_large, also when
    /// the batch unpacks to too much · invalid_record: not one batch of magic 2, a count, offset,
    /// sequence, control bit or record that a producer cannot mean, a packed stream that is broken,
    /// a missing key · invalid_timestamp · unsupported_compression_type.
    Result<ValidatedBatch> validate(BytesView records, const AppendRules& rules,
                                    const AppendPlace& place, std::vector<RecordError>& errors);

private:
    Unpacker unpacker_;
    Packer packer_;
    GrowingBuffer unpacked_;
};

}  // namespace moldau::record
