// A coordinator's state as records of a partition that its node leads: read when it begins to lead,
// written batch by batch while it does.
#pragma once

#include "broker_shard.hpp"

#include "moldau/base/bytes.hpp"
#include "moldau/base/ids.hpp"
#include "moldau/base/result.hpp"
#include "moldau/base/time.hpp"
#include "moldau/record/builder.hpp"
#include "moldau/record/compression.hpp"
#include "moldau/record/record.hpp"
#include "moldau/runtime/task.hpp"

#include <cstddef>
#include <memory>
#include <optional>

namespace moldau::broker {

/// What a partition's log is read into.
class StateReader {
public:
    virtual ~StateReader() = default;
    /// Nobody needs it any more.
    virtual bool is_over() const = 0;
    /// `producer`: of the transaction that it is in. Errors end the reading.
    virtual Result<> take(const record::RecordView& record, std::optional<ProducerId> producer) = 0;
    virtual void end_transaction(ProducerId producer, bool is_committed) = 0;
};

/// Reads all that the partition's log holds into `reader`, `read_bytes` (or one batch) at a time.
/// Errors: not_leader_or_follower: it went meanwhile · kafka_storage_error · corrupt_message: a
/// batch that is damaged · those of reader->take().
runtime::Task<Result<>> read_state(BrokerShard* here, TopicPartition id, std::size_t read_bytes,
                                   std::shared_ptr<StateReader> reader);

/// Makes the batches. One for each shard: its memory is used again.
class StateBatches {
public:
    explicit StateBatches(record::Packing packing) : packing_(packing) {}

    void start() { builder_.start({.base_offset = Offset{0}, .packing = packing_}); }
    /// Errors: message_too_large.
    Result<> add(Timestamp at, BytesView key, std::optional<BytesView> value) {
        return builder_.append({.timestamp = at, .key = key, .value = value, .headers = {}});
    }
    Bytes finish() { return builder_.finish(packer_); }

private:
    record::Packing packing_;
    record::BatchBuilder builder_;
    record::Packer packer_;
};

}  // namespace moldau::broker
