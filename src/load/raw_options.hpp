// The command line of each command: how it is described, and what of it makes sense.
#pragma once

#include "options.hpp"

#include "moldau/cli/arguments.hpp"

namespace moldau::load {

using cli::Command;
using cli::CommandLine;

// As the command line has them, before they are checked. 0 is "not said" where an option's least
// value is above it.

struct RawProduce {
    ProduceOptions options;
    std::string record_bytes = "1024";
    double seconds = 0;
    double linger_ms = 0;
    std::uint64_t records = 0;
    bool no_idempotence = false;
    std::uint32_t key_count = 0;
    std::size_t key_bytes = 0;
    double zipf_exponent = 0;
};

struct RawConsume {
    ConsumeOptions options;
    double seconds = 0;
    std::uint64_t records = 0;
    std::int64_t wait_ms = 500;
};

struct RawGroup {
    GroupOptions options;
    std::int64_t session_ms = 45'000;
    std::int64_t rebalance_ms = 300'000;
    std::int64_t heartbeat_ms = 3'000;
};

struct RawCommit {
    CommitOptions options;
    RawGroup group;
    double seconds = 0;
    std::uint64_t commits = 0;
};

struct RawJoin {
    JoinOptions options;
    RawGroup group;
    double patience_s = 120;
};

struct RawMix {
    RawProduce produce;
    RawConsume consume;
};

void describe_produce(Command command, RawProduce& raw);
void describe_consume(Command command, RawConsume& raw);
void describe_mix(Command command, RawMix& raw, bool times_records);
void describe_commits(Command command, RawCommit& raw);
void describe_join(Command command, RawJoin& raw);
void describe_topics(Command command, TopicsOptions& to);
void describe_connections(Command command, ConnectOptions& to);

/// Errors: invalid_request: a misuse, with what is allowed
Result<ProduceOptions> checked(const RawProduce& raw);
Result<ConsumeOptions> checked(const RawConsume& raw);
Result<MixOptions> checked(const RawMix& raw, bool times_records);
Result<CommitOptions> checked(const RawCommit& raw);
Result<JoinOptions> checked(const RawJoin& raw);
Result<TopicsOptions> checked(const TopicsOptions& options);

// ------------------------------------------------------------------ parts of several commands

inline constexpr double kSecondsMax = 30 * 86400.0;
inline constexpr std::uint64_t kCountMax = std::uint64_t{1} << 53U;  // exact as a double
inline constexpr std::uint64_t kRateMax = 1'000'000'000;
inline constexpr std::uint64_t kClientsMax = 10'000;

Duration seconds_of(double count);
Error misuse(std::string what);
void describe_threads(Command command, std::size_t& to, const char* whose);
void describe_topic_shape(Command command, TopicShape& to);
Result<> check_topic_shape(const TopicShape& shape);
Result<> check_configs(const std::vector<std::string>& configs);

}  // namespace moldau::load
