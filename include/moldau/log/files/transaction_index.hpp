// `<base offset>.txnindex`: the aborted transactions whose marker stands in the segment (KIP-98).
#pragma once

#include "moldau/base/bytes.hpp"
#include "moldau/base/ids.hpp"
#include "moldau/base/result.hpp"

#include <span>
#include <vector>

namespace moldau::log {

//  0  version             int16  0
//  2  producer id         int64
// 10  first offset        int64  of the transaction in this partition
// 18  last offset         int64  its marker's
// 26  last stable offset  int64  when the marker was appended
struct AbortedTransaction {
    ProducerId producer_id;
    Offset first_offset;
    Offset last_offset;
    Offset last_stable_offset;
    friend bool operator==(const AbortedTransaction&, const AbortedTransaction&) = default;
};

/// Errors: kafka_storage_error: a size, version or offset that no such file has.
Result<std::vector<AbortedTransaction>> parse_transaction_index(BytesView file);

std::vector<std::byte> write_transaction_index(std::span<const AbortedTransaction> transactions);

}  // namespace moldau::log
