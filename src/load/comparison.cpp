#include "comparison.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace moldau::load {
namespace {

constexpr double kMicro = 1e-3;  // from nanoseconds
constexpr double kMillion = 1e6;
constexpr double kGiga = 1e9;

/// "p99.9" as a part of a name: "p99_9"
std::string as_name(std::string text) {
    std::ranges::replace(text, '.', '_');
    return text;
}

void add_latencies(const Histogram& latency, const std::string& name, const std::string& title,
                   std::vector<Metric>& to) {
    if (latency.count() == 0) return;
    for (const Quantile& each : kQuantiles)
        to.push_back({.name = fmt::format("{}_{}_us", name, as_name(each.name)),
                      .title = fmt::format("{} {}", title, each.name),
                      .unit = "µs",
                      .value = static_cast<double>(latency.quantile(each.share)) * kMicro});
    to.push_back({.name = name + "_max_us",
                  .title = title + " max",
                  .unit = "µs",
                  .value = static_cast<double>(latency.max()) * kMicro});
}

void add_rates(const Figures& figures, double seconds, const std::string& verb,
               std::string_view things, bool has_bytes, std::vector<Metric>& to) {
    const std::string prefix = verb.empty() ? "" : verb + "_";
    const std::string title = verb.empty() ? "" : verb + " ";
    to.push_back({.name = fmt::format("{}{}_per_second", prefix, things),
                  .title = fmt::format("{}{}", title, things),
                  .unit = "1/s",
                  .better = Better::more,
                  .value = per(static_cast<double>(figures.done), seconds)});
    if (!has_bytes) return;
    to.push_back({.name = prefix + "mb_per_second",
                  .title = title + "bytes",
                  .unit = "MB/s",
                  .better = Better::more,
                  .value = per(static_cast<double>(figures.batch_bytes) / kMillion, seconds)});
}

void add_broker(const Work& what, const Report& report, std::vector<Metric>& to) {
    if (report.brokers.empty()) return;
    double cpu = 0;
    double rss = 0;
    for (const BrokerUsage& each : report.brokers) {
        cpu += each.cpu_seconds();
        rss += static_cast<double>(each.after.rss_bytes);
    }
    to.push_back({.name = "broker_cpu_seconds", .title = "broker CPU", .unit = "s", .value = cpu});
    if (has_bytes(what))
        to.push_back({.name = "broker_cpu_s_per_gb",
                      .title = "broker CPU for each GB",
                      .unit = "s/GB",
                      .value = per(cpu, static_cast<double>(report.figures.batch_bytes) / kGiga)});
    to.push_back(
        {.name = fmt::format("broker_cpu_us_per_{}", has_bytes(what) ? "batch" : "one"),
         .title = fmt::format("broker CPU for each of the {}",
                              has_bytes(what) ? "batches" : things_of(what)),
         .unit = "µs",
         .value = per(cpu * kMillion, static_cast<double>(has_bytes(what) ? report.figures.batches
                                                                          : report.figures.done))});
    to.push_back({.name = "broker_rss_mb",
                  .title = "broker memory at the end",
                  .unit = "MB",
                  .value = rss / kMillion});
}

}  // namespace

std::vector<Metric> metrics_of(const Work& what, const Report& report) {
    std::vector<Metric> metrics;
    const bool is_mix = report.consumed.has_value();
    add_rates(report.figures, report.elapsed_seconds, is_mix ? "produced" : "", things_of(what),
              has_bytes(what), metrics);
    if (is_mix) {
        add_rates(*report.consumed, report.consume_seconds, "consumed", things_of(what),
                  has_bytes(what), metrics);
        add_latencies(report.consumed->latency, "end_to_end", "end-to-end latency", metrics);
    }
    add_latencies(report.figures.latency, "latency", is_mix ? "acknowledged" : "latency", metrics);
    if (std::holds_alternative<JoinOptions>(what))
        metrics.push_back({.name = "rest_seconds",
                           .title = "until all are at rest",
                           .unit = "s",
                           .value = report.elapsed_seconds});
    add_broker(what, report, metrics);
    metrics.push_back({.name = "client_cpu_seconds",
                       .title = "client CPU",
                       .unit = "s",
                       .value = report.client_cpu_seconds});
    return metrics;
}

Spread spread_of(std::vector<double> values) {
    std::ranges::sort(values);
    const std::size_t middle = values.size() / 2;
    const double median =
        values.size() % 2 == 1 ? values[middle] : (values[middle - 1] + values[middle]) / 2;
    return {.median = median, .min = values.front(), .max = values.back()};
}

std::vector<Compared> compared(const Work& what, const SideResult& first,
                               const SideResult& second) {
    std::vector<Compared> all;
    const auto value_in = [&](const Report& report, const std::string& name) {
        const std::vector<Metric> metrics = metrics_of(what, report);
        const auto found = std::ranges::find(metrics, name, &Metric::name);
        return found == metrics.end() ? std::nullopt : std::optional(found->value);
    };
    for (const Metric& metric : metrics_of(what, first.rounds.front())) {
        std::vector<double> ours;
        std::vector<double> theirs;
        Compared row{.metric = metric, .first = {}, .second = {}, .ratios = {}, .ratio = {}};
        for (std::size_t i = 0; i < first.rounds.size(); ++i) {
            const auto one = value_in(first.rounds[i], metric.name);
            const auto other = value_in(second.rounds[i], metric.name);
            if (!one || !other) continue;
            ours.push_back(*one);
            theirs.push_back(*other);
            if (*other != 0) row.ratios.push_back(*one / *other);
        }
        if (ours.empty()) continue;
        row.first = spread_of(std::move(ours));
        row.second = spread_of(std::move(theirs));
        if (!row.ratios.empty()) row.ratio = spread_of(row.ratios);
        all.push_back(std::move(row));
    }
    return all;
}

}  // namespace moldau::load
