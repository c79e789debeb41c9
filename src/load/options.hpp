// What moldau-bench is told on its command line, as values.
#pragma once

#include "key_space.hpp"
#include "record_sizes.hpp"

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

/// How a topic that is not there is made.
struct TopicShape {
    bool creates_topic = false;
    std::int32_t partitions = -1;  // -1: the broker's default
    std::int16_t replication_factor = -1;
    std::vector<std::string> configs;  // KEY=VALUE
};

struct ProduceOptions {
    std::string topic;
    std::uint64_t rate = 0;                // records a second over all producers; 0: flat out
    std::optional<std::uint64_t> records;  // over all producers
    std::optional<Duration> duration;      // of sending; at least one of the two is set
    RecordSizes record_bytes = 1024;
    KeyPlan keys;
    std::size_t batch_bytes = 64U << 10U;
    Duration linger{0};
    bool is_unbatched = false;  // one record a request
    client::Acks acks = client::Acks::all;
    bool is_idempotent = true;
    record::Packing packing;
    std::size_t in_flight = 5;  // requests of a producer to one broker
    std::size_t producers = 1;
    std::size_t threads = 1;
    TopicShape topic_shape;
};

struct ConsumeOptions {
    std::string topic;
    std::vector<std::int32_t> partitions;  // none: all
    bool from_end = false;
    bool follows = false;                  // goes on where the topic ends now
    std::optional<std::uint64_t> records;  // of each consumer
    std::optional<Duration> duration;
    std::size_t consumers = 1;
    bool shares_partitions = false;  // each consumer has a part of them; else all read all
    std::size_t threads = 1;
    std::int32_t fetch_bytes = 8 << 20;
    std::int32_t partition_bytes = 1 << 20;
    std::int32_t fetch_bytes_min = 1;
    Duration wait_max = std::chrono::milliseconds(500);
    bool verifies = false;     // CRCs and every record
    bool has_latency = false;  // by the batches' timestamps
};

/// Producers and consumers of one topic at once.
struct MixOptions {
    ProduceOptions produce;
    ConsumeOptions consume;      // topic and threads as in produce; from the end, following
    bool times_records = false;  // from the moment that the rate gives a record to its receipt
};

/// Members of classic groups.
struct GroupOptions {
    std::size_t groups = 1;
    std::size_t members = 10;  // of each group, a connection each
    Duration session_timeout = std::chrono::seconds(45);
    Duration rebalance_timeout = std::chrono::minutes(5);
    Duration heartbeat = std::chrono::seconds(3);
    std::size_t threads = 1;
};

struct CommitOptions {
    std::string topic;
    GroupOptions group;
    std::uint64_t rate = 0;                // commits a second over all members; 0: flat out
    std::optional<std::uint64_t> commits;  // over all members
    std::optional<Duration> duration;      // at least one of the two is set
    std::int32_t partitions = 1;           // in each commit
    TopicShape topic_shape;
};

struct JoinOptions {
    GroupOptions group;
    Duration patience = std::chrono::minutes(2);
};

struct TopicsOptions {
    std::uint64_t count = 100;
    std::size_t batch = 1;  // in a request
    std::size_t clients = 1;
    std::size_t threads = 1;
    TopicShape shape;
    bool keeps = false;  // they are not deleted afterwards
};

struct ConnectOptions {
    std::uint64_t count = 1000;
    std::uint64_t rate = 0;    // a second over all clients; 0: flat out
    std::size_t clients = 16;  // each opens one after another
    std::size_t threads = 1;
};

using Work = std::variant<ProduceOptions, ConsumeOptions, MixOptions, CommitOptions, JoinOptions,
                          TopicsOptions, ConnectOptions>;

/// A cluster that is loaded, and how what it uses is known.
struct Side {
    std::string label;
    std::vector<Endpoint> brokers;
    std::vector<std::int32_t> pids;
    std::vector<Endpoint> metrics;  // of brokers, for Prometheus
};

struct Arguments {
    std::vector<Side> sides;  // one, or with --vs two
    std::size_t rounds = 1;
    std::size_t warmup_rounds = 0;  // before those, not counted
    bool is_json = false;
    std::optional<std::string> report;   // file of the page
    std::optional<std::string> hdr_log;  // file
    Work what;
    std::string text;  // not empty: help or version was asked for; print it and do no more
};

/// Errors: invalid_request: a misuse, with what is allowed
Result<Arguments> parse_arguments(int argc, const char* const* argv);

std::size_t threads_of(const Work& what);
/// "produce", "latency", …
std::string_view command_of(const Work& what);

}  // namespace moldau::load
