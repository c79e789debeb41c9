#include "svg_plot.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <limits>

namespace moldau::load {
namespace {

constexpr double kWidth = 720;
constexpr double kHeight = 260;
constexpr double kLeft = 78;
constexpr double kRight = 14;
constexpr double kTop = 34;
constexpr double kBottom = 44;
constexpr double kRowHeight = 22;
constexpr double kRowLabels = 230;
constexpr double kLetter = 6.4;  // about the width of one in a legend
constexpr std::array kColours{"#1f6f8b", "#c8553d", "#5b8e55", "#8a5a9e", "#b8860b", "#4a4e69"};

std::string_view colour(std::size_t index) {
    return kColours.at(index % kColours.size());
}

std::string number(double value) {
    const double size = std::abs(value);
    if (size >= 1e9) return fmt::format("{:g}G", value / 1e9);
    if (size >= 1e6) return fmt::format("{:g}M", value / 1e6);
    if (size >= 1e4) return fmt::format("{:g}k", value / 1e3);
    return fmt::format("{:g}", value);
}

std::string text_at(double x, double y, std::string_view anchor, std::string_view text) {
    return fmt::format("<text x=\"{:.1f}\" y=\"{:.1f}\" text-anchor=\"{}\">{}</text>\n", x, y,
                       anchor, escaped(text));
}

std::string line_at(Point from, Point to, std::string_view of_class) {
    return fmt::format(
        "<line x1=\"{:.1f}\" y1=\"{:.1f}\" x2=\"{:.1f}\" y2=\"{:.1f}\" class=\"{}\"/>\n", from.x,
        from.y, to.x, to.y, of_class);
}

std::string opened(std::string_view title, double height) {
    return fmt::format(
        "<svg viewBox=\"0 0 {:.0f} {:.0f}\" role=\"img\" aria-label=\"{}\">\n"
        "<text x=\"{:.0f}\" y=\"16\" class=\"title\">{}</text>\n",
        kWidth, height, escaped(title), kLeft, escaped(title));
}

/// Numbers onto a line of the drawing.
struct Axis {
    double low = 0;
    double high = 1;
    double from = 0;
    double to = 1;
    Scale scale = Scale::linear;

    double place(double value) const {
        const auto scaled = [this](double x) {
            return scale == Scale::logarithmic ? std::log10(x) : x;
        };
        return from + (scaled(value) - scaled(low)) / (scaled(high) - scaled(low)) * (to - from);
    }
};

struct Bounds {
    double low = std::numeric_limits<double>::max();
    double high = std::numeric_limits<double>::lowest();
    void add(double value) {
        low = std::min(low, value);
        high = std::max(high, value);
    }
};

/// What is drawn of the plot: on a logarithmic scale only what is above 0.
std::vector<Series> drawable(const LinePlot& plot) {
    std::vector<Series> kept;
    for (Series series : plot.series) {
        if (plot.y_scale == Scale::logarithmic)
            std::erase_if(series.points, [](const Point& point) { return point.y <= 0; });
        if (series.points.size() >= 2) kept.push_back(std::move(series));
    }
    return kept;
}

Axis y_axis(const LinePlot& plot, const std::vector<Series>& all) {
    Bounds y;
    for (const Series& series : all)
        for (const Point& point : series.points) y.add(point.y);
    Axis axis{.from = kHeight - kBottom, .to = kTop, .scale = plot.y_scale};
    if (plot.y_scale == Scale::logarithmic) {
        // At least one power of ten, so that noise does not look like a mountain.
        axis.low = std::pow(10, std::floor(std::log10(y.low)));
        axis.high = std::pow(10, std::ceil(std::log10(y.high)));
        if (axis.low == axis.high) axis.high *= 10;
        return axis;
    }
    axis.low = std::min(0.0, y.low);
    axis.high = y.high <= axis.low ? axis.low + 1 : y.high + (y.high - axis.low) / 20;
    return axis;
}

std::string legend(const std::vector<Series>& all) {
    std::string svg;
    double x = kWidth - kRight;
    for (std::size_t i = all.size(); i-- > 0;) {
        svg += text_at(x, 16, "end", all[i].label);
        x -= static_cast<double>(all[i].label.size()) * kLetter + 8;
        svg += fmt::format("<circle cx=\"{:.1f}\" cy=\"12\" r=\"4\" fill=\"{}\"/>\n", x, colour(i));
        x -= 16;
    }
    return svg;
}

std::string grid(const LinePlot& plot, const Axis& x, const Axis& y) {
    std::string svg;
    const std::vector<Tick> y_ticks = plot.y_scale == Scale::logarithmic
                                          ? log_ticks(y.low, y.high)
                                          : round_ticks(y.low, y.high, 5);
    for (const Tick& tick : y_ticks) {
        const double at = y.place(tick.at);
        svg += line_at({kLeft, at}, {kWidth - kRight, at}, "grid");
        svg += text_at(kLeft - 6, at + 4, "end", tick.label);
    }
    const std::vector<Tick> x_ticks =
        plot.x_ticks.empty() ? round_ticks(x.low, x.high, 8) : plot.x_ticks;
    for (const Tick& tick : x_ticks) {
        if (tick.at < x.low || tick.at > x.high) continue;
        const double at = x.place(tick.at);
        svg += line_at({at, kHeight - kBottom}, {at, kHeight - kBottom + 4}, "axis");
        svg += text_at(at, kHeight - kBottom + 17, "middle", tick.label);
    }
    svg += line_at({kLeft, kHeight - kBottom}, {kWidth - kRight, kHeight - kBottom}, "axis");
    svg += text_at(kWidth - kRight, kHeight - 8, "end", plot.x_title);
    svg += text_at(8, kTop - 6, "start", plot.y_title);
    return svg;
}

}  // namespace

std::string escaped(std::string_view text) {
    std::string to;
    for (const char each : text) {
        switch (each) {
            case '&':
                to += "&amp;";
                break;
            case '<':
                to += "&lt;";
                break;
            case '>':
                to += "&gt;";
                break;
            case '"':
                to += "&quot;";
                break;
            default:
                to += each;
        }
    }
    return to;
}

std::vector<Tick> round_ticks(double low, double high, int wanted) {
    std::vector<Tick> ticks;
    if (!(high > low) || wanted < 1) return ticks;
    const double rough = (high - low) / wanted;
    const double power = std::pow(10, std::floor(std::log10(rough)));
    double step = power;
    for (const double factor : {1.0, 2.0, 5.0, 10.0}) {
        step = factor * power;
        if (step >= rough) break;
    }
    const auto first = static_cast<std::int64_t>(std::ceil(low / step));
    const auto last = static_cast<std::int64_t>(std::floor(high / step));
    for (std::int64_t i = first; i <= last; ++i) {
        const double at = static_cast<double>(i) * step;
        ticks.push_back({.at = at, .label = number(at)});
    }
    return ticks;
}

std::vector<Tick> log_ticks(double low, double high) {
    constexpr double kManyPowers = 3;
    constexpr double kTolerance = 1e-9;
    std::vector<Tick> ticks;
    if (!(low > 0) || !(high > low)) return ticks;
    const bool only_powers = std::log10(high / low) > kManyPowers;
    const int first = static_cast<int>(std::floor(std::log10(low)));
    const int last = static_cast<int>(std::ceil(std::log10(high)));
    for (int power = first; power <= last; ++power) {
        for (const double factor : {1.0, 2.0, 5.0}) {
            if (only_powers && factor != 1.0) continue;
            const double at = factor * std::pow(10, power);
            if (at >= low * (1 - kTolerance) && at <= high * (1 + kTolerance))
                ticks.push_back({.at = at, .label = number(at)});
        }
    }
    return ticks;
}

std::string to_svg(const LinePlot& plot) {
    const std::vector<Series> all = drawable(plot);
    if (all.empty()) return {};
    Bounds bounds;
    for (const Series& series : all)
        for (const Point& point : series.points) bounds.add(point.x);
    if (!(bounds.high > bounds.low)) return {};
    const Axis x{.low = bounds.low, .high = bounds.high, .from = kLeft, .to = kWidth - kRight};
    const Axis y = y_axis(plot, all);
    std::string svg = opened(plot.title, kHeight) + grid(plot, x, y) + legend(all);
    for (std::size_t i = 0; i < all.size(); ++i) {
        svg += fmt::format("<polyline class=\"line\" stroke=\"{}\" points=\"", colour(i));
        for (const Point& point : all[i].points)
            svg += fmt::format("{:.1f},{:.1f} ", x.place(point.x), y.place(point.y));
        svg.back() = '"';
        svg += "/>\n";
    }
    return svg + "</svg>\n";
}

std::string to_svg(const RangePlot& plot) {
    if (plot.rows.empty()) return {};
    Bounds bounds;
    bounds.add(0.5);
    bounds.add(2);
    for (const RangePlot::Row& row : plot.rows) {
        bounds.add(row.low);
        bounds.add(row.high);
    }
    const double height = kTop + kBottom + kRowHeight * static_cast<double>(plot.rows.size());
    const double bottom = height - kBottom;
    const Axis x{.low = bounds.low / 1.1,
                 .high = bounds.high * 1.1,
                 .from = kRowLabels,
                 .to = kWidth - kRight,
                 .scale = Scale::logarithmic};
    std::string svg = opened(plot.title, height);
    for (const Tick& tick : log_ticks(x.low, x.high)) {
        const double at = x.place(tick.at);
        svg += line_at({at, kTop}, {at, bottom}, tick.at == 1 ? "axis" : "grid");
        svg += text_at(at, bottom + 17, "middle", tick.label);
    }
    svg += text_at(kWidth - kRight, height - 8, "end", plot.x_title);
    double at = kTop + kRowHeight / 2;
    for (const RangePlot::Row& row : plot.rows) {
        svg += text_at(kRowLabels - 8, at + 4, "end", row.label);
        svg += line_at({x.place(row.low), at}, {x.place(row.high), at}, "range");
        svg += fmt::format("<circle cx=\"{:.1f}\" cy=\"{:.1f}\" r=\"4\" fill=\"{}\"/>\n",
                           x.place(row.middle), at, colour(0));
        at += kRowHeight;
    }
    return svg + "</svg>\n";
}

}  // namespace moldau::load
