#include "options.hpp"

#include "moldau/base/version.hpp"
#include "moldau/cli/word_options.hpp"
#include "moldau/client/cluster.hpp"

#include <CLI/CLI.hpp>
#include <fmt/format.h>

#include <limits>
#include <sstream>

namespace moldau::load {
namespace {

constexpr double kSecondsMax = 30 * 86400.0;
constexpr std::uint64_t kCountMax = std::uint64_t{1} << 53U;  // exact where CLI11 uses a double

/// As the command line has them, before they are checked.
struct Raw {
    std::string brokers;
    bool is_json = false;
    double produce_seconds = 0;
    double consume_seconds = 0;
    double linger_ms = 0;
    std::uint64_t produce_records = 0;
    std::uint64_t consume_records = 0;
    bool no_idempotence = false;
    std::int64_t wait_ms = 500;
    ProduceOptions produce;
    ConsumeOptions consume;
    std::vector<std::int32_t> pids;
};

Duration seconds(double count) {
    return std::chrono::duration_cast<Duration>(std::chrono::duration<double>(count));
}

Error misuse(std::string what) {
    return {ErrorCode::invalid_request, std::move(what)};
}

void describe_topic(CLI::App& command, ProduceOptions& to) {
    command.add_flag("--create", to.creates_topic,
                     "create the topic when it does not exist; the next three say how");
    command.add_option("--partitions", to.partitions, "of a topic that is created")
        ->check(CLI::Range(1, 1'000'000))
        ->default_str("the broker's");
    command.add_option("--replication-factor", to.replication_factor, "of a topic that is created")
        ->check(CLI::Range(1, 32767))
        ->default_str("the broker's");
    command.add_option("--config", to.configs, "a setting of a topic that is created; repeatable")
        ->type_name("KEY=VALUE")
        ->allow_extra_args(false);
}

void describe_batches(CLI::App& command, Raw& raw) {
    ProduceOptions& to = raw.produce;
    command.add_option("--record-bytes", to.record_bytes, "size of a record's value")
        ->check(CLI::Range(0, 512 << 20))
        ->capture_default_str();
    command.add_option("--batch-bytes", to.batch_bytes, "when a batch is full, before compression")
        ->check(CLI::Range(1, 512 << 20))
        ->capture_default_str();
    command
        .add_option("--linger-ms", raw.linger_ms,
                    "how long a batch waits for more records when there is a rate")
        ->check(CLI::Range(0.0, 60'000.0))
        ->capture_default_str();
    command.add_flag("--unbatched", to.is_unbatched, "one record in each request");
    cli::add_codec(command,
                   "compression; done once for all batches, so that it costs the client nothing",
                   to.packing.codec)
        ->default_str("none");
    cli::add_acks(command, to.acks)->default_str("all");
    command.add_flag("--no-idempotence", raw.no_idempotence,
                     "no producer ids and sequences (with --acks 0 and 1 there are none anyway)");
}

void describe_produce(CLI::App& app, Raw& raw) {
    CLI::App& command = *app.add_subcommand(
        "produce", "Write records, at a rate or as fast as the broker takes them.");
    command.fallthrough();
    ProduceOptions& to = raw.produce;
    command.add_option("topic", to.topic, "topic to write to")->required();
    command
        .add_option("--rate", to.rate,
                    "records a second over all producers; latency then counts from the moment that "
                    "the rate gives a record, however late it is sent. Without it: flat out")
        ->check(CLI::Range(std::uint64_t{1}, std::uint64_t{1'000'000'000}));
    command.add_option("--records", raw.produce_records, "end after so many, over all producers")
        ->check(CLI::Range(std::uint64_t{1}, kCountMax));
    command
        .add_option("--duration-s", raw.produce_seconds,
                    "end after so many seconds; 10 without --records")
        ->check(CLI::Range(0.001, kSecondsMax));
    describe_batches(command, raw);
    command
        .add_option("--in-flight", to.in_flight,
                    "requests of a producer to one broker that are not answered yet; with "
                    "idempotence at most 5")
        ->check(CLI::Range(1, 10'000))
        ->capture_default_str();
    command.add_option("--producers", to.producers, "each has connections of its own")
        ->check(CLI::Range(1, 10'000))
        ->capture_default_str();
    command.add_option("--threads", to.threads, "that the producers are dealt out to")
        ->check(CLI::Range(1, 256))
        ->capture_default_str();
    describe_topic(command, to);
}

void describe_consume(CLI::App& app, Raw& raw) {
    CLI::App& command = *app.add_subcommand(
        "consume", "Read records to where the topic ends now, or as told; without a group.");
    command.fallthrough();
    ConsumeOptions& to = raw.consume;
    command.add_option("topic", to.topic, "topic to read")->required();
    command.add_option("--partition", to.partitions, "repeatable; without it: all")
        ->check(CLI::Range(0, std::numeric_limits<std::int32_t>::max()))
        ->allow_extra_args(false);
    cli::add_words(command, "--from", "where to begin", {"beginning", "end"},
                   [&to](const std::string& word) { to.from_end = word == "end"; })
        ->default_str("beginning");
    command.add_flag("--follow", to.follows,
                     "wait for more at the end; with --records or --duration-s");
    command.add_option("--records", raw.consume_records, "end after so many of each consumer")
        ->check(CLI::Range(std::uint64_t{1}, kCountMax));
    command.add_option("--duration-s", raw.consume_seconds, "end after so many seconds")
        ->check(CLI::Range(0.001, kSecondsMax));
    command.add_option("--consumers", to.consumers, "each reads all, over connections of its own")
        ->check(CLI::Range(1, 10'000))
        ->capture_default_str();
    command.add_option("--threads", to.threads, "that the consumers are dealt out to")
        ->check(CLI::Range(1, 256))
        ->capture_default_str();
    command.add_option("--fetch-bytes", to.fetch_bytes, "of one reply, at most")
        ->check(CLI::Range(1, 1 << 30))
        ->capture_default_str();
    command
        .add_option("--partition-bytes", to.partition_bytes, "of one partition in a reply, at most")
        ->check(CLI::Range(1, 1 << 30))
        ->capture_default_str();
    command.add_option("--min-bytes", to.fetch_bytes_min, "that the broker waits for")
        ->check(CLI::Range(0, 1 << 30))
        ->capture_default_str();
    command.add_option("--wait-ms", raw.wait_ms, "how long it waits for them")
        ->check(CLI::Range(0, 60'000))
        ->capture_default_str();
    command.add_flag("--verify", to.verifies,
                     "check every CRC and read every record; else only the batches' headers");
    command.add_flag("--latency", to.has_latency,
                     "tell how old batches are when they come, by their timestamps and this "
                     "machine's clock, in whole milliseconds");
}

void describe(CLI::App& app, Raw& raw) {
    app.set_version_flag("--version", fmt::format("moldau-bench {} ({})", version(), commit()));
    app.add_option("--brokers", raw.brokers, "brokers to begin with; the others are found")
        ->envname("MOLDAU_BROKERS")
        ->default_val("127.0.0.1:9092")
        ->type_name("HOST:PORT,…");
    cli::add_words(app, "-o,--output", "how figures are written", {"table", "json"},
                   [&raw](const std::string& word) { raw.is_json = word == "json"; })
        ->default_str("table");
    app.add_option("--pid", raw.pids,
                   "tell CPU and memory of this process (a broker on this machine), from "
                   "/proc; repeatable")
        ->check(CLI::Range(1, std::numeric_limits<std::int32_t>::max()))
        ->allow_extra_args(false);
    app.require_subcommand(1);
    app.fallthrough();
    app.footer(
        "MB and GB are 10^6 and 10^9 bytes of record batches as they go over the wire.\n"
        "Exit code: 0 all went well, 1 something failed (the figures are told all the same), "
        "2 misused.");
    describe_produce(app, raw);
    describe_consume(app, raw);
}

Result<ProduceOptions> checked_produce(const Raw& raw) {
    constexpr std::size_t kIdempotentInFlight = 5;
    ProduceOptions options = raw.produce;
    if (raw.produce_records != 0) options.records = raw.produce_records;
    if (raw.produce_seconds != 0) options.duration = seconds(raw.produce_seconds);
    if (!options.records && !options.duration) options.duration = std::chrono::seconds(10);
    options.linger = seconds(raw.linger_ms * 1e-3);
    options.is_idempotent = !raw.no_idempotence && options.acks == client::Acks::all;
    if (options.is_idempotent && options.in_flight > kIdempotentInFlight)
        return misuse(
            fmt::format("--in-flight {}: an idempotent producer has at most {} requests "
                        "in flight (--no-idempotence, or fewer)",
                        options.in_flight, kIdempotentInFlight));
    if (options.is_unbatched && options.linger != Duration{0})
        return misuse("--linger-ms has no meaning with --unbatched: say one of them");
    if (options.rate == 0 && options.linger != Duration{0})
        return misuse("--linger-ms has no meaning without --rate: flat out, batches are full");
    const bool shapes_topic =
        options.partitions >= 0 || options.replication_factor >= 0 || !options.configs.empty();
    if (shapes_topic && !options.creates_topic)
        return misuse(
            "--partitions, --replication-factor and --config shape a topic that is "
            "created: say --create, too");
    for (const std::string& config : options.configs) {
        const std::size_t equals = config.find('=');
        if (equals == std::string::npos || equals == 0)
            return misuse(fmt::format("--config '{}' is not KEY=VALUE", config));
    }
    return options;
}

Result<ConsumeOptions> checked_consume(const Raw& raw) {
    ConsumeOptions options = raw.consume;
    if (raw.consume_records != 0) options.records = raw.consume_records;
    if (raw.consume_seconds != 0) options.duration = seconds(raw.consume_seconds);
    options.wait_max = std::chrono::milliseconds(raw.wait_ms);
    if (options.from_end && !options.follows)
        return misuse("--from end without --follow would read nothing: say --follow, too");
    if (options.follows && !options.records && !options.duration)
        return misuse("--follow never ends: say --records or --duration-s, too");
    return options;
}

}  // namespace

Result<Arguments> parse_arguments(int argc, const char* const* argv) {
    Raw raw;
    Arguments arguments;
    CLI::App app("moldau-bench: loads Kafka-compatible brokers and measures them", "moldau-bench");
    describe(app, raw);
    try {
        app.parse(argc, argv);
    } catch (const CLI::ParseError& error) {
        std::ostringstream out;
        std::ostringstream err;
        if (app.exit(error, out, err) == 0) {
            arguments.text = out.str();
            return arguments;
        }
        return misuse(fmt::format(
            "{} ('moldau-bench --help', or --help behind a command, shows how)", error.what()));
    }
    Result<std::vector<Endpoint>> brokers = client::parse_brokers(raw.brokers);
    if (!brokers) return misuse("--brokers: " + brokers.error().detail);
    arguments.brokers = std::move(*brokers);
    arguments.is_json = raw.is_json;
    arguments.pids = raw.pids;
    if (app.got_subcommand("produce")) {
        Result<ProduceOptions> produce = checked_produce(raw);
        if (!produce) return produce.error();
        arguments.what = std::move(*produce);
    } else {
        Result<ConsumeOptions> consume = checked_consume(raw);
        if (!consume) return consume.error();
        arguments.what = std::move(*consume);
    }
    return arguments;
}

}  // namespace moldau::load
