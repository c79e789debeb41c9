// What a broker counts on one shard: plain numbers, written by that shard alone and read by it when
// somebody asks. docs/metrics.md says what each is exported as.
#pragma once

#include "moldau/base/duration_histogram.hpp"
#include "moldau/base/error_code.hpp"
#include "moldau/protocol/api_keys.hpp"

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

struct ShardCounters {
    explicit ShardCounters(std::size_t api_rows) : apis(api_rows) {}

    void count_error(protocol::ApiKey api, ErrorCode code) {
        if (code != ErrorCode::none) ++errors[{api, code}];
    }

    std::vector<ApiCounters> apis;   // by row of the API table
    std::uint64_t bad_requests = 0;  // that closed their connection
    std::map<std::pair<protocol::ApiKey, ErrorCode>, std::uint64_t> errors;  // few, in bad times
    AppendedBatches appended;
    std::uint64_t fetched_bytes = 0;  // of records
};

}  // namespace moldau::broker
