// What a decision of the controller is: records for the metadata log, and the reply that leaves
// when they are committed. Deciding changes nothing; the image changes by the records alone.
#pragma once

#include "moldau/base/result.hpp"
#include "moldau/metadata/records.hpp"

#include <cstdint>
#include <functional>
#include <utility>
#include <vector>

namespace moldau::controller {

using Records = std::vector<metadata::MetadataRecord>;

template <class Reply>
struct Decision {
    Records records;
    Reply reply;
    /// Whether the records go into one batch. Else each of them leaves a sound state behind, and a
    /// long list may take several batches.
    bool is_atomic = true;
};

/// Charges a client for partitions that are about to be made or removed, each time before that is
/// decided; its error refuses the change. Empty: nobody counts.
using ChargePartitions = std::function<Result<>(std::int64_t partitions)>;

/// At most so many records in an atomic decision, as in Kafka.
inline constexpr std::size_t kAtomicRecordsMax = 10'000;

template <class Record>
void add(Records& records, Record record, std::int16_t version = 0) {
    records.push_back({.value = std::move(record), .version = version});
}

}  // namespace moldau::controller
