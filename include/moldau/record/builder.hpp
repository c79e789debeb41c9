// Writes record batches of magic 2.
#pragma once

#include "moldau/record/batch.hpp"
#include "moldau/record/record.hpp"

#include <cstdint>
#include <optional>
#include <span>

namespace moldau::record {

struct BatchOptions {
    Offset base_offset;
    LeaderEpoch leader_epoch{-1};
    Packing packing;
    std::optional<Timestamp> log_append_time;  // set: the batch's type is log_append_time
    ProducerId producer_id{kNoProducerId};
    ProducerEpoch producer_epoch{kNoProducerEpoch};
    std::int32_t base_sequence = kNoSequence;
    bool is_transactional = false;
    bool is_control = false;
    std::optional<Timestamp> delete_horizon;  // KIP-534
};

struct NewRecord {
    Timestamp timestamp;
    std::optional<BytesView> key;    // nothing: null
    std::optional<BytesView> value;  // nothing: null
    std::span<const HeaderView> headers;
};

/// Builds one batch after another: start, append…, finish. Its memory is kept between batches.
class BatchBuilder {
public:
    void start(const BatchOptions& options);

    /// Adds a record at the next offset. Errors: message_too_large: the batch would pass 2^31 - 1
    /// bytes.
    Result<> append(const NewRecord& record) { return append_at(next_offset_, record); }
    /// Adds a record at an offset that is not below the next one (compaction leaves gaps).
    Result<> append_at(Offset offset, const NewRecord& record);

    /// Makes the batch end at `last`, which is not below its last record: compaction keeps the end
    /// of a batch whose last records are gone, and batches without any.
    /// Such a batch also keeps its max timestamp.
    void keep_last_offset(Offset last, Timestamp max_timestamp = {});

    std::int32_t count() const { return count_; }
    std::size_t plain_bytes() const {
        return records_.size();
    }  // before packing, without the header

    /// The batch, with length and CRC.
    Bytes finish(Packer& packer);

private:
    BatchOptions options_;
    GrowingBuffer records_;
    Offset next_offset_;
    std::int64_t base_timestamp_ = -1;
    std::int64_t max_timestamp_ = -1;
    std::int32_t count_ = 0;
};

/// Writes into `batch`, which is one whole batch, its length and then its CRC.
void seal(MutableBytes batch);

}  // namespace moldau::record
