// What a broker counts on one shard: plain numbers, written by that shard alone and read by it when
// somebody asks. docs/metrics.md says what each is exported as.
#pragma once

#include "moldau/base/duration_histogram.hpp"
#include "moldau/base/error_code.hpp"
#include "moldau/protocol/api_keys.hpp"
#include "moldau/quota/client_quotas.hpp"
#include "moldau/quota/rate.hpp"

#include <array>
#include <cstddef>
#include <cstdint>
#include <map>
#include <utility>
#include <vector>

namespace moldau::broker {

struct ApiCounters {
    std::uint64_t requests = 0;
    std::uint64_t request_bytes = 0;
    DurationHistogram answered;  // from when the request was read until its answer could be sent
};

/// Batches that came into logs, whoever they were from.
struct AppendedBatches {
    std::uint64_t batches = 0, records = 0, bytes = 0;

    void add(const AppendedBatches& more) {
        batches += more.batches;
        records += more.records;
        bytes += more.bytes;
    }
};

/// How often, and for how long, clients were told to wait because of one kind of quota.
struct ThrottleCounters {
    std::uint64_t times = 0;
    quota::Milliseconds told{0};
};

struct ShardCounters {
    explicit ShardCounters(std::size_t api_rows) : apis(api_rows) {}

    void count_error(protocol::ApiKey api, ErrorCode code) {
        if (code != ErrorCode::none) ++errors[{api, code}];
    }

    void count_throttle(quota::Kind kind, quota::Milliseconds time) {
        if (time <= quota::Milliseconds(0)) return;
        ThrottleCounters& of_kind = throttled[static_cast<std::size_t>(kind)];
        ++of_kind.times;
        of_kind.told += time;
    }

    std::vector<ApiCounters> apis;   // by row of the API table
    std::uint64_t bad_requests = 0;  // that closed their connection
    std::map<std::pair<protocol::ApiKey, ErrorCode>, std::uint64_t> errors;  // few, in bad times
    AppendedBatches appended;
    std::uint64_t fetched_bytes = 0;  // of records
    std::array<ThrottleCounters, quota::kKinds> throttled;
};

}  // namespace moldau::broker
