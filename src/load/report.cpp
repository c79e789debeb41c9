#include "report.hpp"

#include "comparison.hpp"

#include "moldau/base/version.hpp"
#include "moldau/cli/output.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cctype>

namespace moldau::load {
namespace {

using cli::JsonWriter;

constexpr int kDocumentVersion = 1;  // raised when a field goes away or changes its meaning
constexpr double kMillion = 1e6;
constexpr double kGiga = 1e9;

double micros(double nanoseconds) {
    return nanoseconds / 1e3;
}
double millis(Duration duration) {
    return static_cast<double>(duration.count()) / kMillion;
}

std::string latencies_text(const Histogram& histogram) {
    std::string text;
    for (const Quantile& each : kQuantiles)
        text += fmt::format("{} {}, ", each.name,
                            duration_text(static_cast<double>(histogram.quantile(each.share))));
    return text + fmt::format("max {}", duration_text(static_cast<double>(histogram.max())));
}

void latencies_json(JsonWriter& json, const char* key, const Histogram& histogram) {
    json.key(key).begin_object();
    for (const Quantile& each : kQuantiles)
        json.key(each.name).value(micros(static_cast<double>(histogram.quantile(each.share))));
    json.key("max").value(micros(static_cast<double>(histogram.max())));
    json.key("mean").value(micros(histogram.mean()));
    json.key("count").value(histogram.count());
    json.end_object();
}

// ------------------------------------------------------------------ brokers' processes

std::string usage_text(const Work& what, const BrokerUsage& usage, const Figures& figures) {
    const double gigabytes = static_cast<double>(figures.batch_bytes) / kGiga;
    const double micro = usage.cpu_seconds() * kMillion;
    std::string text = fmt::format("{:.2f} s CPU, ", usage.cpu_seconds());
    if (has_bytes(what)) {
        text += fmt::format("{:.2f} s/GB, {:.1f} µs/batch", per(usage.cpu_seconds(), gigabytes),
                            per(micro, static_cast<double>(figures.batches)));
    } else {
        text += fmt::format("{:.1f} µs for each of the {}",
                            per(micro, static_cast<double>(figures.done)), things_of(what));
    }
    text +=
        fmt::format("; {:.1f} MB resident", static_cast<double>(usage.after.rss_bytes) / kMillion);
    if (usage.after.rss_peak_bytes)
        text += fmt::format(" (peak {:.1f} MB)",
                            static_cast<double>(*usage.after.rss_peak_bytes) / kMillion);
    if (usage.after.threads) text += fmt::format(", {} threads", *usage.after.threads);
    return text;
}

void number_json(JsonWriter& json, const char* key, std::optional<std::uint64_t> number) {
    json.key(key);
    if (number) {
        json.value(*number);
    } else {
        json.null();
    }
}

void usage_json(JsonWriter& json, const Work& what, const BrokerUsage& usage,
                const Figures& figures) {
    json.begin_object();
    if (usage.metrics.empty()) {
        json.key("pid").value(usage.pid);
    } else {
        json.key("metrics").value(usage.metrics);
    }
    json.key("cpu_seconds").value(usage.cpu_seconds());
    const double micro = usage.cpu_seconds() * kMillion;
    if (has_bytes(what)) {
        const double gigabytes = static_cast<double>(figures.batch_bytes) / kGiga;
        json.key("cpu_seconds_per_gb").value(per(usage.cpu_seconds(), gigabytes));
        json.key("cpu_us_per_batch").value(per(micro, static_cast<double>(figures.batches)));
    } else {
        json.key("cpu_us_per_one").value(per(micro, static_cast<double>(figures.done)));
    }
    json.key("rss_before_bytes").value(usage.before.rss_bytes);
    json.key("rss_bytes").value(usage.after.rss_bytes);
    number_json(json, "rss_peak_bytes", usage.after.rss_peak_bytes);
    number_json(json, "threads", usage.after.threads);
    json.end_object();
}

// ------------------------------------------------------------------ settings

std::string_view word(KeyKind kind) {
    switch (kind) {
        case KeyKind::none:
            return "none";
        case KeyKind::random:
            return "random";
        case KeyKind::zipf:
            return "zipf";
    }
    return "";
}

void settings_json(JsonWriter& json, const ProduceOptions& options) {
    json.key("topic").value(options.topic);
    json.key("rate").value(options.rate);
    json.key("record_bytes");
    if (options.record_bytes.is_fixed()) {
        json.value(options.record_bytes.least());
    } else {
        json.value(options.record_bytes.to_string());
    }
    json.key("keys").value(word(options.keys.kind));
    if (options.keys.kind != KeyKind::none) {
        json.key("key_count").value(options.keys.count);
        json.key("key_bytes").value(options.keys.bytes);
    }
    if (options.keys.kind == KeyKind::zipf) json.key("zipf_exponent").value(options.keys.exponent);
    json.key("batch_bytes").value(options.batch_bytes);
    json.key("unbatched").value(options.is_unbatched);
    json.key("linger_ms").value(millis(options.linger));
    json.key("acks").value(static_cast<int>(options.acks));
    json.key("idempotent").value(options.is_idempotent);
    json.key("codec").value(record::name(options.packing.codec));
    json.key("in_flight").value(options.in_flight);
    json.key("producers").value(options.producers);
    json.key("threads").value(options.threads);
}

void fetches_json(JsonWriter& json, const ConsumeOptions& options) {
    json.key("fetch_bytes").value(options.fetch_bytes);
    json.key("partition_bytes").value(options.partition_bytes);
    json.key("min_bytes").value(options.fetch_bytes_min);
    json.key("wait_ms").value(millis(options.wait_max));
    json.key("verify").value(options.verifies);
    json.key("consumers").value(options.consumers);
    json.key("share").value(options.shares_partitions);
}

void settings_json(JsonWriter& json, const ConsumeOptions& options) {
    json.key("topic").value(options.topic);
    fetches_json(json, options);
    json.key("threads").value(options.threads);
}

void settings_json(JsonWriter& json, const MixOptions& options) {
    settings_json(json, options.produce);
    fetches_json(json, options.consume);
}

void group_json(JsonWriter& json, const GroupOptions& options) {
    json.key("groups").value(options.groups);
    json.key("members").value(options.members);
    json.key("session_timeout_ms").value(millis(options.session_timeout));
    json.key("rebalance_timeout_ms").value(millis(options.rebalance_timeout));
    json.key("heartbeat_ms").value(millis(options.heartbeat));
    json.key("threads").value(options.threads);
}

void settings_json(JsonWriter& json, const CommitOptions& options) {
    json.key("topic").value(options.topic);
    json.key("rate").value(options.rate);
    json.key("offsets").value(options.partitions);
    group_json(json, options.group);
}

void settings_json(JsonWriter& json, const JoinOptions& options) {
    group_json(json, options.group);
}

void settings_json(JsonWriter& json, const TopicsOptions& options) {
    json.key("count").value(options.count);
    json.key("batch").value(options.batch);
    json.key("clients").value(options.clients);
    json.key("partitions").value(options.shape.partitions);
    json.key("replication_factor").value(options.shape.replication_factor);
    json.key("keep").value(options.keeps);
    json.key("threads").value(options.threads);
}

void settings_json(JsonWriter& json, const ConnectOptions& options) {
    json.key("count").value(options.count);
    json.key("rate").value(options.rate);
    json.key("clients").value(options.clients);
    json.key("threads").value(options.threads);
}

// ------------------------------------------------------------------ a run

std::string amount_text(const Work& what, const Figures& figures, double seconds) {
    if (!has_bytes(what)) return fmt::format("{} in {:.2f} s", figures.done, seconds);
    return fmt::format("{} in {} batches, {:.1f} MB, {:.2f} s", figures.done, figures.batches,
                       static_cast<double>(figures.batch_bytes) / kMillion, seconds);
}

std::string rate_text(const Work& what, const Figures& figures, double seconds) {
    std::string text = fmt::format("{:.0f} {}/s", per(static_cast<double>(figures.done), seconds),
                                   things_of(what));
    if (has_bytes(what))
        text += fmt::format(", {:.2f} MB/s",
                            per(static_cast<double>(figures.batch_bytes) / kMillion, seconds));
    return text;
}

void add_counts(const Work& what, const Figures& figures, cli::Table& table) {
    if (figures.failed != 0)
        table.add({"failed", fmt::format("{} {}", figures.failed, things_of(what))});
    if (figures.unsent != 0)
        table.add({"never sent", fmt::format("{} {}", figures.unsent, things_of(what))});
    for (const auto& [name, count] : figures.errors)
        table.add({"error " + name, std::to_string(count)});
}

std::string upper(std::string_view text) {
    std::string to(text);
    for (char& each : to) each = static_cast<char>(std::toupper(static_cast<unsigned char>(each)));
    return to;
}

std::string heading(const Work& what) {
    if (std::holds_alternative<ProduceOptions>(what)) return "PRODUCED";
    if (std::holds_alternative<ConsumeOptions>(what)) return "CONSUMED";
    return upper(command_of(what));
}

void figures_json(JsonWriter& json, const Work& what, const Figures& figures, double seconds) {
    const std::string things(things_of(what));
    json.key("elapsed_seconds").value(seconds);
    json.key(things).value(figures.done);
    if (has_bytes(what)) {
        json.key("batches").value(figures.batches);
        json.key("batch_bytes").value(figures.batch_bytes);
        json.key("value_bytes").value(figures.value_bytes);
    }
    if (std::holds_alternative<JoinOptions>(what)) json.key("generation").value(figures.batches);
    if (std::holds_alternative<TopicsOptions>(what)) json.key("requests").value(figures.batches);
    json.key(things + "_per_second").value(per(static_cast<double>(figures.done), seconds));
    if (has_bytes(what))
        json.key("mb_per_second")
            .value(per(static_cast<double>(figures.batch_bytes) / kMillion, seconds));
    if (figures.latency.count() != 0) latencies_json(json, "latency_us", figures.latency);
    if (figures.send_delay.count() != 0) latencies_json(json, "send_delay_us", figures.send_delay);
    json.key("failed_" + things).value(figures.failed);
    json.key("unsent_" + things).value(figures.unsent);
    json.key("errors").begin_object();
    for (const auto& [name, count] : figures.errors) json.key(name).value(count);
    json.end_object();
}

void report_json(JsonWriter& json, const Work& what, const Report& report) {
    if (report.consumed) {
        json.key("produced").begin_object();
        figures_json(json, what, report.figures, report.elapsed_seconds);
        json.end_object().key("consumed").begin_object();
        figures_json(json, what, *report.consumed, report.consume_seconds);
        json.end_object();
    } else {
        figures_json(json, what, report.figures, report.elapsed_seconds);
    }
    json.key("client_cpu_seconds").value(report.client_cpu_seconds);
    json.key("client_rss_bytes").value(report.client_rss_bytes);
    json.key("processes").begin_array();
    for (const BrokerUsage& usage : report.brokers) usage_json(json, what, usage, report.figures);
    json.end_array();
}

/// The envelope of docs/cli.md, around one item.
void begin_json(JsonWriter& json, std::string_view kind, const Work& what) {
    json.begin_object().key("kind").value(fmt::format("bench.{}", kind));
    json.key("version").value(kDocumentVersion);
    json.key("tool").value(fmt::format("moldau-bench {} ({})", version(), commit()));
    json.key("items").begin_array().begin_object().key("command").value(command_of(what));
    json.key("settings").begin_object();
    std::visit([&](const auto& options) { settings_json(json, options); }, what);
    json.end_object();
}

std::string end_json(JsonWriter& json) {
    return json.end_object().end_array().end_object().text() + '\n';
}

void spread_json(JsonWriter& json, const Spread& spread) {
    json.begin_object().key("median").value(spread.median);
    json.key("min").value(spread.min).key("max").value(spread.max).end_object();
}

std::string number_text(double value) {
    if (value == 0) return "0";
    const double size = value < 0 ? -value : value;
    return fmt::format(fmt::runtime(size >= 1000  ? "{:.0f}"
                                    : size >= 10  ? "{:.1f}"
                                    : size >= 0.1 ? "{:.2f}"
                                                  : "{:.4f}"),
                       value);
}

}  // namespace

std::string duration_text(double nanoseconds) {
    if (nanoseconds < kMillion) return fmt::format("{:.0f} µs", nanoseconds / 1e3);
    if (nanoseconds < kGiga) return fmt::format("{:.2f} ms", nanoseconds / kMillion);
    return fmt::format("{:.2f} s", nanoseconds / kGiga);
}

std::string to_table(const Work& what, const Report& report) {
    const Figures& figures = report.figures;
    const std::string things(things_of(what));
    cli::Table table({heading(what), ""});
    const std::string wrote = report.consumed ? "written" : things;
    table.add({wrote, amount_text(what, figures, report.elapsed_seconds)});
    table.add({report.consumed ? "  throughput" : "throughput",
               rate_text(what, figures, report.elapsed_seconds)});
    if (figures.latency.count() != 0)
        table.add(
            {report.consumed ? "  acknowledged" : "latency", latencies_text(figures.latency)});
    if (figures.send_delay.count() != 0)
        table.add({"  until sent", latencies_text(figures.send_delay)});
    add_counts(what, figures, table);
    if (report.consumed) {
        table.add({"read", amount_text(what, *report.consumed, report.consume_seconds)});
        table.add({"  throughput", rate_text(what, *report.consumed, report.consume_seconds)});
        if (report.consumed->latency.count() != 0)
            table.add({"  end to end", latencies_text(report.consumed->latency)});
        add_counts(what, *report.consumed, table);
    }
    std::string client = fmt::format("{:.2f} s CPU", report.client_cpu_seconds);
    if (has_bytes(what))
        client += fmt::format(
            ", {:.2f} s/GB",
            per(report.client_cpu_seconds, static_cast<double>(figures.batch_bytes) / kGiga));
    client += fmt::format("; {:.1f} MB resident",
                          static_cast<double>(report.client_rss_bytes) / kMillion);
    table.add({"client", client});
    for (const BrokerUsage& usage : report.brokers)
        table.add({usage.metrics.empty() ? fmt::format("process {}", usage.pid) : usage.metrics,
                   usage_text(what, usage, figures)});
    return table.to_string();
}

std::string to_json(const Work& what, const Report& report) {
    JsonWriter json;
    begin_json(json, command_of(what), what);
    report_json(json, what, report);
    return end_json(json);
}

std::string to_table(const Work& what, const std::vector<SideResult>& sides) {
    const SideResult& first = sides.front();
    const SideResult& second = sides.back();
    cli::Table table(
        {heading(what), "", first.side.label, second.side.label, "RATIO", "FROM", "TO", "BETTER"});
    for (const Compared& row : compared(what, first, second)) {
        const auto part = [&](double Spread::* which) {
            return row.ratio ? fmt::format("{:.2f}", (*row.ratio).*which) : std::string("-");
        };
        table.add({row.metric.title, row.metric.unit, number_text(row.first.median),
                   number_text(row.second.median), part(&Spread::median), part(&Spread::min),
                   part(&Spread::max), row.metric.better == Better::more ? "more" : "less"});
    }
    return table.to_string() +
           fmt::format(
               "\nMedians of {} rounds of each, in turn. RATIO: the median of the rounds' "
               "ratios, first to second; it lay FROM … TO.\n",
               first.rounds.size());
}

std::string to_json(const Work& what, const std::vector<SideResult>& sides) {
    JsonWriter json;
    begin_json(json, "comparison", what);
    json.key("sides").begin_array();
    for (const SideResult& side : sides) {
        json.begin_object().key("label").value(side.side.label).key("rounds").begin_array();
        for (const Report& report : side.rounds) {
            json.begin_object();
            report_json(json, what, report);
            json.end_object();
        }
        json.end_array().end_object();
    }
    json.end_array().key("compared").begin_object();
    for (const Compared& row : compared(what, sides.front(), sides.back())) {
        json.key(row.metric.name).begin_object();
        json.key("unit").value(row.metric.unit);
        json.key("better").value(row.metric.better == Better::more ? "more" : "less");
        json.key("first");
        spread_json(json, row.first);
        json.key("second");
        spread_json(json, row.second);
        json.key("ratio");
        if (row.ratio) {
            spread_json(json, *row.ratio);
        } else {
            json.null();
        }
        json.key("ratios").begin_array();
        for (const double ratio : row.ratios) json.value(ratio);
        json.end_array().end_object();
    }
    json.end_object();
    return end_json(json);
}

}  // namespace moldau::load
