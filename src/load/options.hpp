// What moldau-bench is told on its command line, as values.
#pragma once

#include "moldau/base/ports/transport.hpp"
#include "moldau/base/result.hpp"
#include "moldau/base/time.hpp"
#include "moldau/client/producer.hpp"
#include "moldau/record/compression.hpp"

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <variant>
#include <vector>

namespace moldau::load {

struct ProduceOptions {
    std::string topic;
    std::uint64_t rate = 0;                // records a second over all producers; 0: flat out
    std::optional<std::uint64_t> records;  // over all producers
    std::optional<Duration> duration;      // of sending; at least one of the two is set
    std::size_t record_bytes = 1024;
    std::size_t batch_bytes = 64U << 10U;
    Duration linger{0};
    bool is_unbatched = false;  // one record a request
    client::Acks acks = client::Acks::all;
    bool is_idempotent = true;
    record::Packing packing;
    std::size_t in_flight = 5;  // requests of a producer to one broker
    std::size_t producers = 1;
    std::size_t threads = 1;
    bool creates_topic = false;
    std::int32_t partitions = -1;  // of a topic that is created; -1: the broker's default
    std::int16_t replication_factor = -1;
    std::vector<std::string> configs;  // KEY=VALUE
};

struct ConsumeOptions {
    std::string topic;
    std::vector<std::int32_t> partitions;  // none: all
    bool from_end = false;
    bool follows = false;                  // goes on where the topic ends now
    std::optional<std::uint64_t> records;  // of each consumer
    std::optional<Duration> duration;
    std::size_t consumers = 1;  // each reads all of it
    std::size_t threads = 1;
    std::int32_t fetch_bytes = 8 << 20;
    std::int32_t partition_bytes = 1 << 20;
    std::int32_t fetch_bytes_min = 1;
    Duration wait_max = std::chrono::milliseconds(500);
    bool verifies = false;     // CRCs and every record
    bool has_latency = false;  // by the batches' timestamps
};

struct Arguments {
    std::vector<Endpoint> brokers;
    bool is_json = false;
    std::vector<std::int32_t> pids;  // whose CPU and memory are told
    std::variant<ProduceOptions, ConsumeOptions> what;
    std::string text;  // not empty: help or version was asked for; print it and do no more
};

/// Errors: invalid_request: a misuse, with what is allowed
Result<Arguments> parse_arguments(int argc, const char* const* argv);

}  // namespace moldau::load
