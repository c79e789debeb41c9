// The batches of the metadata log and of its snapshots: control batches and data batches whose
// records are opaque payloads (module metadata knows what they mean).
#pragma once

#include "moldau/base/bytes.hpp"
#include "moldau/base/ids.hpp"
#include "moldau/base/result.hpp"
#include "moldau/base/time.hpp"
#include "moldau/raft/control_records.hpp"
#include "moldau/record/compression.hpp"

#include <cstddef>
#include <span>
#include <vector>

namespace moldau::raft {

/// Kafka's limit of a batch of the metadata log, before packing.
inline constexpr std::size_t kBatchBytesMax = std::size_t{8} << 20U;

/// What a batch of Kafka's may unpack to: its own writer never passes kBatchBytesMax.
inline constexpr std::size_t kUnpackedBytesMax = 4 * kBatchBytesMax;

/// One batch. Either `control` or `payloads` has entries: one for each offset from `base_offset`.
struct LogBatch {
    Offset base_offset;
    Offset end_offset;  // behind its last record
    LeaderEpoch epoch;
    Timestamp timestamp;  // when the leader appended it
    std::size_t size_bytes = 0;
    bool is_control = false;
    std::vector<ControlRecord> control;
    std::vector<BytesView> payloads;
};

/// Walks the batches of bytes that are to hold whole ones only.
class BatchReader {
public:
    explicit BatchReader(BytesView log) : left_(log) {}

    /// Reads the next batch into `batch`, whose payloads are views that last until the next call;
    /// false at the end.
    /// Errors: corrupt_message: a part of a batch, a wrong length or CRC, an older magic, no record
    /// · invalid_record: a record that is none, a gap in its offsets, a payload that is null · as
    /// decode_control().
    Result<bool> next(LogBatch& batch);

private:
    Result<> read(BytesView bytes, LogBatch& batch);

    BytesView left_;
    record::Unpacker unpacker_;
    record::GrowingBuffer scratch_;
};

/// Where a new batch stands and who wrote it when.
struct BatchPlace {
    Offset base_offset;
    LeaderEpoch epoch;
    Timestamp timestamp;
};

/// `records` is not empty.
Bytes control_batch(const BatchPlace& place, std::span<const ControlRecord> records);

/// One batch, which a log keeps or loses as a whole; `payloads` is not empty.
/// Errors: message_too_large: more than kBatchBytesMax.
Result<Bytes> data_batch(const BatchPlace& place, std::span<const Bytes> payloads);

}  // namespace moldau::raft
