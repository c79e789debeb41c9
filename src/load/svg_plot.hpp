// Plots as SVG, drawn by ourselves, so that a page of them needs nothing from elsewhere.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace moldau::load {

/// `text` inside an HTML or SVG document.
std::string escaped(std::string_view text);

struct Point {
    double x = 0;
    double y = 0;
};

struct Series {
    std::string label;
    std::vector<Point> points;  // by x
};

struct Tick {
    double at = 0;
    std::string label;
};

enum class Scale { linear, logarithmic };

/// Lines over one axis.
struct LinePlot {
    std::string title;
    std::string x_title;
    std::string y_title;
    Scale y_scale = Scale::linear;  // logarithmic: what is not above 0 is left out
    std::vector<Tick> x_ticks;      // none: round numbers
    std::vector<Series> series;
};

/// Nothing when no series has two points.
std::string to_svg(const LinePlot& plot);

/// Intervals beside each other on one logarithmic axis, each with its middle.
struct RangePlot {
    struct Row {
        std::string label;
        double low = 0;
        double middle = 0;
        double high = 0;
    };
    std::string title;
    std::string x_title;
    std::vector<Row> rows;  // all numbers are above 0
};

/// Nothing when there are no rows. The axis holds 1, which has a line of its own.
std::string to_svg(const RangePlot& plot);

/// Round numbers from `low` to `high`, about `wanted` of them.
std::vector<Tick> round_ticks(double low, double high, int wanted);
/// 1, 2, 5, 10, 20, … from `low` to `high`, or powers of ten where these are many.
std::vector<Tick> log_ticks(double low, double high);

}  // namespace moldau::load
