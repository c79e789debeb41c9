#include "options.hpp"

#include "raw_options.hpp"

#include "moldau/base/version.hpp"
#include "moldau/client/cluster.hpp"

#include <fmt/format.h>

#include <array>
#include <limits>

namespace moldau::load {
namespace {

/// A cluster on the command line; the second one's options begin with "--vs".
struct RawSide {
    std::string brokers;
    std::string label;
    std::vector<std::int32_t> pids;
    std::vector<std::string> metrics;
};

struct Raw {
    RawSide first;
    RawSide second;  // without --vs its brokers are empty
    std::size_t rounds = 0;
    std::optional<std::size_t> warmup_rounds;
    bool is_json = false;
    std::string report;
    std::string hdr_log;
    RawProduce produce;
    RawConsume consume;
    RawMix latency;
    RawMix mixed;
    RawCommit commits;
    RawJoin join;
    TopicsOptions topics;
    ConnectOptions connections;
};

constexpr std::size_t kRounds = 5;        // of --vs
constexpr std::size_t kWarmupRounds = 1;  // of --vs

void describe_usage(Command app, RawSide& side, const std::string& pid, const std::string& metrics,
                    const std::string& whose) {
    app.option(pid, side.pids,
               "tell CPU and memory of this process, a broker" + whose +
                   " on this machine, from /proc; repeatable")
        .within(1, std::numeric_limits<std::int32_t>::max())
        .repeats_name();
    app.option(metrics, side.metrics,
               "tell CPU and memory of the broker" + whose +
                   " that has /metrics here, for Prometheus; repeatable")
        .type_name("HOST:PORT")
        .repeats_name();
}

void describe_comparison(Command app, Raw& raw) {
    app.option("--vs", raw.second.brokers,
               "load this cluster, too, in turn with the first one: A B A B …; tells ratios")
        .type_name("HOST:PORT,…");
    describe_usage(app, raw.second, "--vs-pid", "--vs-metrics", " of the second cluster");
    app.option("--label", raw.first.label, "what the first cluster is called")
        .default_text("its address");
    app.option("--vs-label", raw.second.label, "what the second cluster is called")
        .default_text("its address");
    app.option("--rounds", raw.rounds, "of each cluster, with --vs")
        .within(1, 10'000)
        .default_text(std::to_string(kRounds));
    app.option("--warmup-rounds", raw.warmup_rounds,
               "before those, with --vs; they are not counted")
        .within(0, 10'000)
        .default_text(std::to_string(kWarmupRounds));
}

void describe_commands(Command app, Raw& raw) {
    describe_produce(
        app.command("produce", "Write records, at a rate or as fast as the broker takes them."),
        raw.produce);
    describe_consume(
        app.command("consume",
                    "Read records to where the topic ends now, or as told; without a group."),
        raw.consume);
    describe_mix(
        app.command("latency",
                    "Write records at a rate (1000 a second) and read them here: how long each "
                    "took from the moment that the rate gave it to its receipt."),
        raw.latency, true);
    describe_mix(app.command("mixed", "Write and read the same topic at once."), raw.mixed, false);
    describe_commits(app.command("commits", "Commit offsets as members of consumer groups."),
                     raw.commits);
    describe_join(
        app.command("join",
                    "Let the members of new consumer groups join: until all have their part."),
        raw.join);
    describe_topics(app.command("topics", "Create topics, and delete them afterwards."),
                    raw.topics);
    describe_connections(
        app.command("connections",
                    "Open connections, each with a first request, and keep them open."),
        raw.connections);
}

void describe(CommandLine& app, Raw& raw) {
    app.version(fmt::format("moldau-bench {} ({})", version(), commit()));
    raw.first.brokers = "127.0.0.1:9092";
    app.option("--brokers", raw.first.brokers, "brokers to begin with; the others are found")
        .from_environment("MOLDAU_BROKERS")
        .type_name("HOST:PORT,…")
        .shows_default();
    app.words("-o,--output", [&raw](const std::string& word) { raw.is_json = word == "json"; },
              "how figures are written", {"table", "json"})
        .default_text("table");
    describe_usage(app, raw.first, "--pid,--broker-pid", "--broker-metrics", "");
    app.option("--report", raw.report,
               "write the figures, with plots, into one HTML page that needs nothing else")
        .type_name("FILE");
    app.option("--hdr-log", raw.hdr_log,
               "write latencies as an HdrHistogram interval log, an interval a second")
        .type_name("FILE");
    describe_comparison(app, raw);
    app.requires_command();
    app.footer(
        "MB and GB are 10^6 and 10^9 bytes of record batches as they go over the wire.\n"
        "Exit code: 0 all went well, 1 something failed (of one cluster the figures are told all "
        "the "
        "same), 2 misused.");
    describe_commands(app, raw);
}

Result<Side> checked(const RawSide& raw, const std::string& option) {
    Result<std::vector<Endpoint>> brokers = client::parse_brokers(raw.brokers);
    if (!brokers) return misuse(option + ": " + brokers.error().detail);
    Side side{.label = raw.label.empty() ? raw.brokers : raw.label,
              .brokers = std::move(*brokers),
              .pids = raw.pids,
              .metrics = {}};
    for (const std::string& each : raw.metrics) {
        const Result<std::vector<Endpoint>> at = client::parse_brokers(each);
        if (!at) return misuse("metrics: " + at.error().detail);
        if (at->size() != 1 || each.ends_with(']') || each.rfind(':') == std::string::npos)
            return misuse(fmt::format("metrics: '{}' is not one HOST:PORT", each));
        side.metrics.push_back(at->front());
    }
    return side;
}

Result<> take_sides(const Raw& raw, Arguments& to) {
    Result<Side> first = checked(raw.first, "--brokers");
    if (!first) return first.error();
    to.sides.push_back(std::move(*first));
    if (raw.second.brokers.empty()) {
        if (raw.rounds != 0 || raw.warmup_rounds || !raw.second.pids.empty() ||
            !raw.second.metrics.empty() || !raw.second.label.empty())
            return misuse(
                "--rounds, --warmup-rounds and --vs-… are of a comparison: say --vs, too");
        return {};
    }
    Result<Side> second = checked(raw.second, "--vs");
    if (!second) return second.error();
    to.sides.push_back(std::move(*second));
    if (to.sides[0].label == to.sides[1].label)
        for (Side& side : to.sides)
            side.label += &side == to.sides.data() ? " (first)" : " (second)";
    to.rounds = raw.rounds == 0 ? kRounds : raw.rounds;
    to.warmup_rounds = raw.warmup_rounds.value_or(kWarmupRounds);
    return {};
}

template <class Options>
Result<Work> as_work(Result<Options> options) {
    if (!options) return options.error();
    return Work(std::move(*options));
}

Result<Work> work_of(const CommandLine& app, const Raw& raw) {
    if (app.has_chosen("produce")) return as_work(checked(raw.produce));
    if (app.has_chosen("consume")) return as_work(checked(raw.consume));
    if (app.has_chosen("latency")) return as_work(checked(raw.latency, true));
    if (app.has_chosen("mixed")) return as_work(checked(raw.mixed, false));
    if (app.has_chosen("commits")) return as_work(checked(raw.commits));
    if (app.has_chosen("join")) return as_work(checked(raw.join));
    if (app.has_chosen("topics")) return as_work(checked(raw.topics));
    return Work(raw.connections);
}

}  // namespace

Duration seconds_of(double count) {
    return std::chrono::duration_cast<Duration>(std::chrono::duration<double>(count));
}

Error misuse(std::string what) {
    return {ErrorCode::invalid_request, std::move(what)};
}

void describe_threads(Command command, std::size_t& to, const char* whose) {
    command.option("--threads", to, fmt::format("that the {} are dealt out to", whose))
        .within(1, 256)
        .shows_default();
}

void describe_topic_shape(Command command, TopicShape& to) {
    command.flag("--create", to.creates_topic,
                 "create the topic when it does not exist; the next three say how");
    command.option("--partitions", to.partitions, "of a topic that is created")
        .within(1, 1'000'000)
        .default_text("the broker's");
    command.option("--replication-factor", to.replication_factor, "of a topic that is created")
        .within(1, 32767)
        .default_text("the broker's");
    command.option("--config", to.configs, "a setting of a topic that is created; repeatable")
        .type_name("KEY=VALUE")
        .repeats_name();
}

Result<> check_configs(const std::vector<std::string>& configs) {
    for (const std::string& config : configs) {
        const std::size_t equals = config.find('=');
        if (equals == std::string::npos || equals == 0)
            return misuse(fmt::format("--config '{}' is not KEY=VALUE", config));
    }
    return {};
}

Result<> check_topic_shape(const TopicShape& shape) {
    const bool is_shaped =
        shape.partitions >= 0 || shape.replication_factor >= 0 || !shape.configs.empty();
    if (is_shaped && !shape.creates_topic)
        return misuse(
            "--partitions, --replication-factor and --config shape a topic that is "
            "created: say --create, too");
    return check_configs(shape.configs);
}

Result<Arguments> parse_arguments(int argc, const char* const* argv) {
    Raw raw;
    Arguments arguments;
    CommandLine line("moldau-bench: loads Kafka-compatible brokers and measures them",
                     "moldau-bench");
    describe(line, raw);
    if (const std::optional<cli::Ended> ended = line.parse(argc, argv)) {
        if (ended->is_misuse)
            return misuse(fmt::format(
                "{} ('moldau-bench --help', or --help behind a command, shows how)", ended->text));
        arguments.text = ended->text;
        return arguments;
    }
    arguments.is_json = raw.is_json;
    if (!raw.report.empty()) arguments.report = raw.report;
    if (!raw.hdr_log.empty()) arguments.hdr_log = raw.hdr_log;
    if (Result<> ok = take_sides(raw, arguments); !ok) return ok.error();
    Result<Work> what = work_of(line, raw);
    if (!what) return what.error();
    arguments.what = std::move(*what);
    const auto* consume = std::get_if<ConsumeOptions>(&arguments.what);
    if (arguments.hdr_log && consume != nullptr && !consume->has_latency)
        return misuse("--hdr-log: 'consume' knows latencies only with --latency");
    return arguments;
}

}  // namespace moldau::load
