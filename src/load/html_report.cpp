#include "html_report.hpp"

#include "comparison.hpp"
#include "report.hpp"
#include "svg_plot.hpp"

#include <fmt/format.h>

#include <cmath>
#include <fstream>
#include <functional>
#include <string_view>
#include <sys/sysinfo.h>
#include <sys/utsname.h>
#include <thread>

namespace moldau::load {
namespace {

constexpr double kMicro = 1e-3;  // from nanoseconds
constexpr double kMillion = 1e6;

constexpr std::string_view kStyle = R"(
body { font: 15px/1.45 system-ui, sans-serif; color: #222; background: #fff; max-width: 780px; margin: 2em auto; padding: 0 1em; }
h1 { font-size: 1.35em; } h2 { font-size: 1.05em; margin-top: 2em; }
code { background: #f3f3f0; padding: 0 .25em; overflow-wrap: anywhere; }
table { border-collapse: collapse; font-variant-numeric: tabular-nums; }
th, td { text-align: left; padding: .15em 1.2em .15em 0; border-bottom: 1px solid #e4e4e0; }
td.n, th.n { text-align: right; }
svg { width: 100%; height: auto; margin: .6em 0; font: 11px system-ui, sans-serif; fill: #444; }
svg .title { font-size: 13px; font-weight: 600; fill: #222; }
svg .grid { stroke: #e4e4e0; } svg .axis { stroke: #888; } svg .range { stroke: #1f6f8b; stroke-width: 2; }
svg .line { fill: none; stroke-width: 1.6; stroke-linejoin: round; }
)";

/// All rounds of a side together.
Histogram latencies_of(const Work& what, const SideResult& side) {
    Histogram all;
    for (const Report& report : side.rounds) all.merge(report.latency(what));
    return all;
}

/// Latency against how few are above it: each nine of the share has the same width.
std::string percentiles_svg(const Work& what, const std::vector<SideResult>& sides) {
    LinePlot plot{.title = "latency by share of all",
                  .x_title = "share that is not above it",
                  .y_title = "µs",
                  .y_scale = Scale::logarithmic,
                  .x_ticks = {},
                  .series = {}};
    constexpr int kNines = 6;
    constexpr int kSteps = 24;  // of each nine
    for (const SideResult& side : sides) {
        const Histogram all = latencies_of(what, side);
        Series series{.label = side.side.label, .points = {}};
        for (int step = 0; step <= kNines * kSteps; ++step) {
            const double nines = static_cast<double>(step) / kSteps;
            const double above = std::pow(10, -nines);
            if (above * static_cast<double>(all.count()) < 1) break;
            series.points.push_back(
                {.x = nines, .y = static_cast<double>(all.quantile(1 - above)) * kMicro});
        }
        plot.series.push_back(std::move(series));
    }
    plot.x_ticks = {{.at = 0, .label = "0"},        {.at = 0.30103, .label = "50 %"},
                    {.at = 1, .label = "90 %"},     {.at = 2, .label = "99 %"},
                    {.at = 3, .label = "99.9 %"},   {.at = 4, .label = "99.99 %"},
                    {.at = 5, .label = "99.999 %"}, {.at = 6, .label = "99.9999 %"}};
    return to_svg(plot);
}

using OfSample = std::function<double(const Sample&)>;

/// A line of one round's samples.
Series series_of(std::string label, const Report& report, const OfSample& of) {
    Series series{.label = std::move(label), .points = {}};
    for (const Sample& sample : report.samples)
        series.points.push_back({.x = sample.ends, .y = of(sample)});
    return series;
}

std::string over_time(const std::string& title, const std::string& unit,
                      const std::vector<SideResult>& sides, const OfSample& of) {
    LinePlot plot{.title = title,
                  .x_title = "seconds",
                  .y_title = unit,
                  .y_scale = Scale::linear,
                  .x_ticks = {},
                  .series = {}};
    for (const SideResult& side : sides)
        plot.series.push_back(series_of(side.side.label, side.rounds.back(), of));
    return to_svg(plot);
}

std::string latency_over_time(const SideResult& side) {
    LinePlot plot{.title = "latency over time: " + side.side.label,
                  .x_title = "seconds",
                  .y_title = "µs",
                  .y_scale = Scale::logarithmic,
                  .x_ticks = {},
                  .series = {}};
    const Report& report = side.rounds.back();
    for (std::size_t i = 0; i < kQuantiles.size(); ++i)
        plot.series.push_back(series_of(kQuantiles.at(i).name, report, [i](const Sample& sample) {
            return sample.latency_us.at(i);
        }));
    plot.series.push_back(
        series_of("max", report, [](const Sample& sample) { return sample.max_us; }));
    return to_svg(plot);
}

std::string time_plots(const Work& what, const std::vector<SideResult>& sides) {
    std::string html;
    if (sides.size() > 1) html += "<p>Of the last round of each.</p>\n";
    for (const SideResult& side : sides) html += latency_over_time(side);
    html += over_time(
        fmt::format("{} a second", things_of(what)), "1/s", sides,
        [](const Sample& sample) { return static_cast<double>(sample.done) / sample.length; });
    if (has_bytes(what))
        html += over_time("throughput", "MB/s", sides, [](const Sample& sample) {
            return static_cast<double>(sample.batch_bytes) / kMillion / sample.length;
        });
    if (sides.front().rounds.back().consumed)
        html += over_time("records read a second", "1/s", sides, [](const Sample& sample) {
            return static_cast<double>(sample.consumed) / sample.length;
        });
    if (!sides.front().rounds.back().brokers.empty()) {
        html += over_time("the brokers' CPU", "cores", sides,
                          [](const Sample& sample) { return sample.broker_cores; });
        html += over_time("the brokers' memory", "MB", sides, [](const Sample& sample) {
            return static_cast<double>(sample.broker_rss_bytes) / kMillion;
        });
    }
    return html + over_time("this client's CPU", "cores", sides,
                            [](const Sample& sample) { return sample.client_cores; });
}

std::string value_text(double value) {
    return fmt::format(fmt::runtime(std::abs(value) >= 100 ? "{:.0f}" : "{:.3g}"), value);
}

std::string metrics_table(const Work& what, const Report& report) {
    std::string html = "<table>\n";
    for (const Metric& metric : metrics_of(what, report))
        html += fmt::format("<tr><td>{}</td><td class=\"n\">{}</td><td>{}</td></tr>\n",
                            escaped(metric.title), value_text(metric.value), escaped(metric.unit));
    return html + "</table>\n";
}

std::string comparison(const Work& what, const std::vector<SideResult>& sides) {
    const std::vector<Compared> rows = compared(what, sides.front(), sides.back());
    std::string html = fmt::format(
        "<table>\n<tr><th></th><th></th><th class=\"n\">{}</th><th class=\"n\">{}</th>"
        "<th class=\"n\">ratio</th><th class=\"n\">from</th><th class=\"n\">to</th>"
        "<th>better</th></tr>\n",
        escaped(sides.front().side.label), escaped(sides.back().side.label));
    RangePlot plot{
        .title = "ratios of the rounds",
        .x_title = fmt::format("{} : {}", sides.front().side.label, sides.back().side.label),
        .rows = {}};
    for (const Compared& row : rows) {
        const auto part = [&](double Spread::* which) {
            return row.ratio ? fmt::format("{:.2f}", (*row.ratio).*which) : std::string("-");
        };
        html += fmt::format(
            "<tr><td>{}</td><td>{}</td><td class=\"n\">{}</td><td class=\"n\">{}</td>"
            "<td class=\"n\">{}</td><td class=\"n\">{}</td><td "
            "class=\"n\">{}</td><td>{}</td></tr>\n",
            escaped(row.metric.title), escaped(row.metric.unit), value_text(row.first.median),
            value_text(row.second.median), part(&Spread::median), part(&Spread::min),
            part(&Spread::max), row.metric.better == Better::more ? "more" : "less");
        if (row.ratio && row.ratio->min > 0)
            plot.rows.push_back({.label = row.metric.title,
                                 .low = row.ratio->min,
                                 .middle = row.ratio->median,
                                 .high = row.ratio->max});
    }
    return html +
           fmt::format(
               "</table>\n<p>Medians of {} rounds of each, in turn; ratios are of each "
               "round, first to second.</p>\n",
               sides.front().rounds.size()) +
           to_svg(plot);
}

}  // namespace

std::string to_html(const PageHead& head, const Work& what, const std::vector<SideResult>& sides) {
    std::string html = fmt::format(
        "<!DOCTYPE html>\n<html lang=\"en\">\n<meta charset=\"utf-8\">\n"
        "<meta name=\"viewport\" content=\"width=device-width\">\n"
        "<title>moldau-bench {0}</title>\n<style>{1}</style>\n<h1>moldau-bench {0}</h1>\n"
        "<p><code>{2}</code></p>\n<table>\n<tr><td>made</td><td>{3}</td></tr>\n"
        "<tr><td>machine</td><td>{4}</td></tr>\n<tr><td>version</td><td>{5}</td></tr>\n</table>\n",
        command_of(what), kStyle, escaped(head.command_line), escaped(head.made_at),
        escaped(head.machine), escaped(head.version));
    html += "<h2>Figures</h2>\n";
    html += sides.size() > 1 ? comparison(what, sides)
                             : metrics_table(what, sides.front().rounds.front());
    html += "<h2>Latency</h2>\n" + percentiles_svg(what, sides);
    html += "<h2>Over time</h2>\n" + time_plots(what, sides);
    html += fmt::format(
        "<h2>As JSON</h2>\n<details><summary>all of it</summary><pre><code>{}"
        "</code></pre></details>\n</html>\n",
        escaped(sides.size() > 1 ? to_json(what, sides)
                                 : to_json(what, sides.front().rounds.front())));
    return html;
}

std::string machine_text() {
    constexpr double kGiB = 1U << 30U;
    std::string model = "unknown processor";
    std::ifstream file("/proc/cpuinfo");
    for (std::string line; std::getline(file, line);) {
        const std::size_t colon = line.find(": ");
        if (!line.starts_with("model name") || colon == std::string::npos) continue;
        model = line.substr(colon + 2);
        break;
    }
    struct sysinfo memory{};
    double bytes = 0;
    if (::sysinfo(&memory) == 0)
        bytes = static_cast<double>(memory.totalram) * static_cast<double>(memory.mem_unit);
    utsname kernel{};
    const bool is_told = ::uname(&kernel) == 0;
    return fmt::format("{}, {} cores, {:.0f} GiB, {} {}", model,
                       std::thread::hardware_concurrency(), bytes / kGiB,
                       is_told ? kernel.sysname : "unknown", is_told ? kernel.release : "");
}

}  // namespace moldau::load
