// What a log knows of each producer: the last five batches, so that a batch that is sent again is
// recognised (KIP-98), and the transactions that are open or not yet below the high watermark,
// which decide the last stable offset.
#pragma once

#include "moldau/log/files/producer_snapshot.hpp"
#include "moldau/log/files/transaction_index.hpp"
#include "moldau/record/batch.hpp"

#include <array>
#include <cstdint>
#include <map>
#include <optional>
#include <unordered_map>
#include <utility>
#include <vector>

namespace moldau::log {

/// Who brings a batch: only clients' sequences are checked, the others repeat what a leader took.
enum class BatchOrigin : std::uint8_t { client, coordinator, replication };

/// One batch as a producer's history keeps it.
struct ProducedBatch {
    std::int32_t last_sequence = -1;
    Offset last_offset;
    std::int32_t offset_delta = 0;  // last sequence less the first
    Timestamp timestamp;

    std::int32_t first_sequence() const;
    Offset first_offset() const { return last_offset + -std::int64_t{offset_delta}; }
    friend bool operator==(const ProducedBatch&, const ProducedBatch&) = default;
};

class ProducerEntry {
public:
    static constexpr std::size_t kBatchesMax = 5;

    ProducerEpoch epoch{record::kNoProducerEpoch};
    std::int32_t coordinator_epoch = -1;
    Timestamp last_timestamp;
    std::optional<Offset> transaction_first_offset;

    bool empty() const { return count_ == 0; }
    std::size_t size() const { return count_; }
    const ProducedBatch& newest() const { return batches_[count_ - 1]; }
    const ProducedBatch& at(std::size_t index) const { return batches_[index]; }  // oldest first
    void add(const ProducedBatch& batch);
    /// A new epoch begins its sequences anew.
    void raise_epoch(ProducerEpoch to);
    const ProducedBatch* find(std::int32_t first_sequence, std::int32_t last_sequence) const;

private:
    std::array<ProducedBatch, kBatchesMax> batches_;
    std::size_t count_ = 0;
};

/// What a marker ended.
struct CompletedTransaction {
    ProducerId producer_id;
    Offset first_offset;
    Offset last_offset;  // the marker's
    bool is_aborted = false;
};

/// First batches of producers that the log does not know, which were refused though nothing was
/// wrong with them: no room, no descriptors, a log that was not open yet. Of an unknown producer
/// any sequence is taken (its records may all be gone), so that the batch behind, already in
/// flight, would be, and the one that is sent again would be out of order for ever. In memory only:
/// what was in flight dies with the process.
class RefusedBatches {
public:
    /// `batch` as a client sent it, not looked at before.
    void note(BytesView batch);
    /// Whether a batch stands behind one that is still to come.
    bool holds_back(ProducerId id, ProducerEpoch epoch, std::int32_t first_sequence) const;
    void forget(ProducerId id) { first_.erase(id); }
    void remove_expired(Timestamp now, std::int64_t expiration_ms);
    bool empty() const { return first_.empty(); }

private:
    static constexpr std::size_t kProducersMax = 256;  // who comes then is not remembered
    struct First {
        ProducerEpoch epoch;
        std::int32_t sequence = 0;
        Timestamp timestamp;
    };
    std::unordered_map<ProducerId, First> first_;
};

/// Changes are staged first and take effect with commit(), when the batches have been written, or
/// not at all, with rollback(). In steady state neither allocates.
class ProducerState {
public:
    /// Takes a batch of magic 2, its header and its records, at its base offset behind all that was
    /// staged. A batch that came before is
    /// not staged and answered with where it stands. Batches without a producer id are no matter.
    /// Errors (client): out_of_order_sequence_number · invalid_producer_epoch · invalid_txn_state:
    /// a transaction is open and the batch is not part of one. (coordinator):
    /// invalid_producer_epoch, transaction_coordinator_fenced: a marker of an older epoch. (any):
    /// invalid_record: a marker that is none.
    Result<std::optional<ProducedBatch>> stage(BytesView header, BytesView records,
                                               BatchOrigin origin);
    Result<std::optional<ProducedBatch>> stage(const record::BatchView& batch, BatchOrigin origin) {
        return stage(batch.bytes().first(record::kHeaderBytes), batch.records(), origin);
    }
    /// `aborted` gets an entry for each aborted transaction that ended.
    void commit(std::vector<AbortedTransaction>& aborted);
    void rollback();

    /// A client's batch was refused though nothing was wrong with it; likewise others, before the
    /// log was open.
    void was_refused(BytesView batch);
    void were_refused(RefusedBatches before) { refused_ = std::move(before); }

    /// The first offset that is not decided, or decided by a marker at or above `high_watermark`.
    std::optional<Offset> first_unstable_offset(Offset high_watermark) const;
    /// Forgets decided transactions whose markers are below it.
    void high_watermark_moved(Offset to);

    /// Producers that were silent for so long and have no transaction open are forgotten.
    void remove_expired(Timestamp now, std::int64_t expiration_ms);

    const ProducerEntry* find(ProducerId id) const;
    std::size_t size() const { return entries_.size(); }

    void clear();
    /// What is known of batches below `end`: with it a log that begins there goes on.
    ProducerState before(Offset end) const;
    std::vector<ProducerSnapshotEntry> snapshot() const;  // by producer id
    void load(const std::vector<ProducerSnapshotEntry>& entries);
    /// The log starts at `start`: transactions before it are gone.
    void truncate_start(Offset start);

private:
    struct Staged {
        ProducerId id;
        ProducerEntry entry;
    };

    ProducerEntry& staged_entry(ProducerId id);
    struct Header;
    Result<> stage_data(const Header& batch, BatchOrigin origin, ProducerEntry& entry);
    Result<> stage_marker(const Header& batch, BytesView records, BatchOrigin origin,
                          ProducerEntry& entry);

    std::unordered_map<ProducerId, ProducerEntry> entries_;
    RefusedBatches refused_;
    std::map<Offset, ProducerId> open_;               // by first offset
    std::map<Offset, CompletedTransaction> decided_;  // by first offset
    std::vector<Staged> staged_;
    std::vector<CompletedTransaction> staged_markers_;
    std::vector<std::pair<Offset, ProducerId>> staged_opened_;
};

}  // namespace moldau::log
