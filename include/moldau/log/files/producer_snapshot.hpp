// `<offset>.snapshot`: what is known of each producer up to that offset (KIP-98), so that a start
// need not read the whole log.
#pragma once

#include "moldau/base/bytes.hpp"
#include "moldau/base/ids.hpp"
#include "moldau/base/result.hpp"
#include "moldau/base/time.hpp"

#include <cstdint>
#include <optional>
#include <span>
#include <vector>

namespace moldau::log {

// 0  version  int16   1
// 2  CRC-32C  uint32  of all that follows this field
// 6  count    int32, then each entry; of several of one producer the newest batch comes last:
//     0  producer id           int64
//     8  producer epoch        int16
//    10  last sequence         int32  -1: no batch is known
//    14  last offset           int64  -1: no batch is known
//    22  offset delta          int32  of the last batch: its last sequence less its first
//    26  timestamp             int64
//    34  coordinator epoch     int32
//    38  current transaction's first offset  int64  -1: none
struct ProducerSnapshotEntry {
    ProducerId producer_id;
    ProducerEpoch producer_epoch;
    std::int32_t last_sequence = -1;
    std::int64_t last_offset = -1;
    std::int32_t offset_delta = 0;
    Timestamp timestamp;
    std::int32_t coordinator_epoch = -1;
    std::optional<Offset> current_transaction_first_offset;
    friend bool operator==(const ProducerSnapshotEntry&, const ProducerSnapshotEntry&) = default;
};

/// Errors: kafka_storage_error: a size or version that no such file has, or the CRC.
Result<std::vector<ProducerSnapshotEntry>> parse_producer_snapshot(BytesView file);

std::vector<std::byte> write_producer_snapshot(std::span<const ProducerSnapshotEntry> entries);

}  // namespace moldau::log
