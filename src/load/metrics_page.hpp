// What a broker says of its own use of the machine on its page for Prometheus.
#pragma once

#include "process_usage.hpp"

#include "moldau/base/ports/transport.hpp"
#include "moldau/base/result.hpp"
#include "moldau/base/time.hpp"
#include "moldau/runtime/task.hpp"

#include <string_view>

namespace moldau::runtime {
class Shard;
}

namespace moldau::load {

/// From the text of a page: moldaud's names, or process_cpu_seconds_total and
/// process_resident_memory_bytes, which Prometheus' own libraries (so Kafka's exporters) have.
/// Errors: invalid_request: it has neither
Result<ProcessUsage> usage_on_page(std::string_view page);

/// Asks HTTP for /metrics there. Errors: invalid_request, with the address: what answers is no such
/// page · those of runtime::connect() · request_timed_out
runtime::Task<Result<ProcessUsage>> usage_at(runtime::Shard& shard, Transport& transport,
                                             Endpoint at, MonoTime deadline);

}  // namespace moldau::load
