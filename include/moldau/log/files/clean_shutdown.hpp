// `.kafka_cleanshutdown`: present when the last stop was an orderly one; with the broker epoch, so
// that the controller can tell (KIP-966).
//
//   {"version":0,"brokerEpoch":42}
#pragma once

#include "moldau/base/result.hpp"

#include <cstdint>
#include <string>
#include <string_view>

namespace moldau::log {

struct CleanShutdown {
    std::int64_t broker_epoch = -1;
    friend bool operator==(const CleanShutdown&, const CleanShutdown&) = default;
};

/// Brokers before KIP-966 left the file empty: it is then read as an unknown epoch, -1.
/// Errors: kafka_storage_error: not that object, or another version.
Result<CleanShutdown> parse_clean_shutdown(std::string_view file);

std::string write_clean_shutdown(const CleanShutdown& shutdown);

}  // namespace moldau::log
