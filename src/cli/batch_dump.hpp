// Batches of logs and snapshots, and their records, as entries.
#pragma once

#include "dump_entry.hpp"

#include "moldau/base/bytes.hpp"
#include "moldau/base/result.hpp"

#include <cstdint>
#include <functional>

namespace moldau::cli {

/// Whose the records of a log are.
enum class RecordsOf : std::uint8_t {
    clients,
    metadata,
    group_coordinator,
    share_coordinator,
    transaction_coordinator
};

struct BatchDump {
    bool shows_records = false;  // those of the metadata log come always
    RecordsOf records_of = RecordsOf::clients;
};

/// Errors: corrupt_message: bytes at the end that are no whole batch, or a CRC that is wrong
/// somewhere: after all that can be told · invalid_record, … of a batch's records · those of `take`
Result<> dump_batches(BytesView log, BatchDump how,
                      const std::function<Result<>(const Entry&)>& take);

}  // namespace moldau::cli
