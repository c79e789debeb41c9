#include "report.hpp"

#include "moldau/cli/output.hpp"

#include <fmt/format.h>

#include <array>

namespace moldau::load {
namespace {

using cli::JsonWriter;

constexpr double kMillion = 1e6;
constexpr double kGiga = 1e9;

struct Quantile {
    const char* name;
    double share;
};
constexpr std::array kQuantiles{Quantile{"p50", 0.5}, Quantile{"p90", 0.9}, Quantile{"p99", 0.99},
                                Quantile{"p99.9", 0.999}};

bool is_produce(const Arguments& arguments) {
    return std::holds_alternative<ProduceOptions>(arguments.what);
}

double per(double amount, double unit) {
    return unit == 0 ? 0 : amount / unit;
}
double micros(double nanoseconds) {
    return nanoseconds / 1e3;
}

/// "37 µs", "1.42 ms", "2.05 s"
std::string duration_text(double nanoseconds) {
    if (nanoseconds < kMillion) return fmt::format("{:.0f} µs", nanoseconds / 1e3);
    if (nanoseconds < kGiga) return fmt::format("{:.2f} ms", nanoseconds / kMillion);
    return fmt::format("{:.2f} s", nanoseconds / kGiga);
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

std::string usage_text(const BrokerUsage& usage, const Figures& figures) {
    const double gigabytes = static_cast<double>(figures.batch_bytes) / kGiga;
    return fmt::format(
        "{:.2f} s CPU, {:.2f} s/GB, {:.1f} µs/batch; {:.1f} MB resident (peak {:.1f} MB), {} "
        "threads",
        usage.cpu_seconds(), per(usage.cpu_seconds(), gigabytes),
        per(usage.cpu_seconds() * kMillion, static_cast<double>(figures.batches)),
        static_cast<double>(usage.after.rss_bytes) / kMillion,
        static_cast<double>(usage.after.rss_peak_bytes) / kMillion, usage.after.threads);
}

void usage_json(JsonWriter& json, const BrokerUsage& usage, const Figures& figures) {
    const double gigabytes = static_cast<double>(figures.batch_bytes) / kGiga;
    json.begin_object().key("pid").value(usage.pid);
    json.key("cpu_seconds").value(usage.cpu_seconds());
    json.key("cpu_seconds_per_gb").value(per(usage.cpu_seconds(), gigabytes));
    json.key("cpu_us_per_batch")
        .value(per(usage.cpu_seconds() * kMillion, static_cast<double>(figures.batches)));
    json.key("rss_before_bytes").value(usage.before.rss_bytes);
    json.key("rss_bytes").value(usage.after.rss_bytes);
    json.key("rss_peak_bytes").value(usage.after.rss_peak_bytes);
    json.key("threads").value(usage.after.threads);
    json.end_object();
}

void settings_json(JsonWriter& json, const ProduceOptions& options) {
    json.key("topic").value(options.topic);
    json.key("rate").value(options.rate);
    json.key("record_bytes").value(options.record_bytes);
    json.key("batch_bytes").value(options.batch_bytes);
    json.key("unbatched").value(options.is_unbatched);
    json.key("linger_ms").value(static_cast<double>(options.linger.count()) / kMillion);
    json.key("acks").value(static_cast<int>(options.acks));
    json.key("idempotent").value(options.is_idempotent);
    json.key("codec").value(record::name(options.packing.codec));
    json.key("in_flight").value(options.in_flight);
    json.key("producers").value(options.producers);
    json.key("threads").value(options.threads);
}

void settings_json(JsonWriter& json, const ConsumeOptions& options) {
    json.key("topic").value(options.topic);
    json.key("fetch_bytes").value(options.fetch_bytes);
    json.key("partition_bytes").value(options.partition_bytes);
    json.key("min_bytes").value(options.fetch_bytes_min);
    json.key("verify").value(options.verifies);
    json.key("consumers").value(options.consumers);
    json.key("threads").value(options.threads);
}

}  // namespace

std::string to_table(const Arguments& arguments, const Report& report) {
    const Figures& figures = report.figures;
    const auto records = static_cast<double>(figures.records);
    const auto bytes = static_cast<double>(figures.batch_bytes);
    cli::Table table({is_produce(arguments) ? "PRODUCED" : "CONSUMED", ""});
    table.add({"records", fmt::format("{} in {} batches, {:.1f} MB, {:.2f} s", figures.records,
                                      figures.batches, bytes / kMillion, report.elapsed_seconds)});
    table.add({"throughput",
               fmt::format("{:.0f} records/s, {:.2f} MB/s", per(records, report.elapsed_seconds),
                           per(bytes / kMillion, report.elapsed_seconds))});
    if (figures.latency.count() != 0) table.add({"latency", latencies_text(figures.latency)});
    if (figures.send_delay.count() != 0)
        table.add({"  until sent", latencies_text(figures.send_delay)});
    if (figures.failed_records != 0)
        table.add({"failed", fmt::format("{} records", figures.failed_records)});
    if (figures.unsent_records != 0)
        table.add({"never sent", fmt::format("{} records", figures.unsent_records)});
    for (const auto& [name, count] : figures.errors)
        table.add({"error " + name, std::to_string(count)});
    table.add({"client", fmt::format("{:.2f} s CPU, {:.2f} s/GB", report.client_cpu_seconds,
                                     per(report.client_cpu_seconds, bytes / kGiga))});
    for (const BrokerUsage& usage : report.brokers)
        table.add({fmt::format("process {}", usage.pid), usage_text(usage, figures)});
    return table.to_string();
}

std::string to_json(const Arguments& arguments, const Report& report) {
    const Figures& figures = report.figures;
    const auto bytes = static_cast<double>(figures.batch_bytes);
    JsonWriter json;
    json.begin_object().key("command").value(is_produce(arguments) ? "produce" : "consume");
    json.key("settings").begin_object();
    std::visit([&](const auto& options) { settings_json(json, options); }, arguments.what);
    json.end_object();
    json.key("elapsed_seconds").value(report.elapsed_seconds);
    json.key("records").value(figures.records);
    json.key("batches").value(figures.batches);
    json.key("batch_bytes").value(figures.batch_bytes);
    json.key("value_bytes").value(figures.value_bytes);
    json.key("records_per_second")
        .value(per(static_cast<double>(figures.records), report.elapsed_seconds));
    json.key("mb_per_second").value(per(bytes / kMillion, report.elapsed_seconds));
    if (figures.latency.count() != 0) latencies_json(json, "latency_us", figures.latency);
    if (figures.send_delay.count() != 0) latencies_json(json, "send_delay_us", figures.send_delay);
    json.key("failed_records").value(figures.failed_records);
    json.key("unsent_records").value(figures.unsent_records);
    json.key("errors").begin_object();
    for (const auto& [name, count] : figures.errors) json.key(name).value(count);
    json.end_object();
    json.key("client_cpu_seconds").value(report.client_cpu_seconds);
    json.key("processes").begin_array();
    for (const BrokerUsage& usage : report.brokers) usage_json(json, usage, figures);
    json.end_array().end_object();
    return json.text() + '\n';
}

}  // namespace moldau::load
