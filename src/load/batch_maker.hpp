// Batches to load a broker with. Their records are made once and shared by all batches, so that the
// client's own work for a batch is a header and its CRC.
#pragma once

#include "moldau/base/bytes.hpp"
#include "moldau/base/ids.hpp"
#include "moldau/base/time.hpp"
#include "moldau/record/builder.hpp"

#include <cstddef>
#include <cstdint>
#include <map>
#include <vector>

namespace moldau::load {

struct BatchShape {
    std::size_t record_bytes = 1024;       // of a value; keys are null
    std::size_t batch_bytes = 64U << 10U;  // of records before packing; at least one record
    std::int32_t records_max = INT32_MAX;
    record::Packing packing;
};

/// What differs from batch to batch.
struct BatchHead {
    Timestamp timestamp;  // of all its records
    ProducerId producer_id{record::kNoProducerId};
    ProducerEpoch producer_epoch{record::kNoProducerEpoch};
    std::int32_t base_sequence = record::kNoSequence;
};

/// One batch: `header`, then `records`.
struct MadeBatch {
    Bytes header;
    Bytes records;
    std::size_t size() const { return header.size() + records.size(); }
};

/// Values are made of words, so that they pack to about a half; those of one batch differ.
class BatchMaker {
public:
    explicit BatchMaker(BatchShape shape);

    /// How many records a full batch has.
    std::int32_t records_per_batch() const { return static_cast<std::int32_t>(ends_.size()); }
    /// `count` is from 1 to records_per_batch().
    MadeBatch make(std::int32_t count, const BatchHead& head);

private:
    record::NewRecord record_at(std::size_t index) const;
    Bytes records_of(std::int32_t count);

    BatchShape shape_;
    std::vector<char> text_;                // the values of a full batch, one behind another
    std::vector<std::size_t> ends_;         // of each record in plain_
    Bytes plain_;                           // the records of a full batch, not packed
    std::map<std::int32_t, Bytes> packed_;  // by their count, made when they are first needed
    record::BatchBuilder builder_;
    record::Packer packer_;
};

}  // namespace moldau::load
