#include "svg_plot.hpp"

#include <gmock/gmock.h>

#include <regex>
#include <string>

namespace moldau::load {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::Not;

std::vector<std::string> labels(const std::vector<Tick>& ticks) {
    std::vector<std::string> texts;
    for (const Tick& tick : ticks) texts.push_back(tick.label);
    return texts;
}

TEST(SvgPlot, HasRoundTicks) {
    EXPECT_THAT(labels(round_ticks(0, 10, 5)), ElementsAre("0", "2", "4", "6", "8", "10"));
    EXPECT_THAT(labels(round_ticks(0.3, 1.1, 4)), ElementsAre("0.4", "0.6", "0.8", "1"));
    EXPECT_THAT(labels(round_ticks(0, 3'000'000, 3)), ElementsAre("0", "1M", "2M", "3M"));
    EXPECT_THAT(labels(round_ticks(-10, 10, 4)), ElementsAre("-10", "-5", "0", "5", "10"));
    EXPECT_TRUE(round_ticks(1, 1, 5).empty());
    EXPECT_TRUE(round_ticks(2, 1, 5).empty());
}

TEST(SvgPlot, HasLogarithmicTicks) {
    EXPECT_THAT(labels(log_ticks(1, 20)), ElementsAre("1", "2", "5", "10", "20"));
    EXPECT_THAT(labels(log_ticks(1, 1e6)),
                ElementsAre("1", "10", "100", "1000", "10k", "100k", "1M"));
    EXPECT_THAT(labels(log_ticks(0.5, 2)), ElementsAre("0.5", "1", "2"));
    EXPECT_TRUE(log_ticks(0, 5).empty());
    EXPECT_TRUE(log_ticks(5, 5).empty());
}

TEST(SvgPlot, EscapesWhatIsNotItsOwn) {
    EXPECT_EQ(escaped("a<b>&\"c\""), "a&lt;b&gt;&amp;&quot;c&quot;");
    const std::string svg =
        to_svg(LinePlot{.title = "<t>",
                        .x_title = "x",
                        .y_title = "y",
                        .series = {{.label = "&", .points = {{0, 1}, {1, 2}}}}});
    EXPECT_THAT(svg, HasSubstr("&lt;t&gt;"));
    EXPECT_THAT(svg, Not(HasSubstr("<t>")));
}

/// Pairs of numbers of the first line.
std::vector<std::pair<double, double>> points_in(const std::string& svg) {
    std::vector<std::pair<double, double>> points;
    const std::regex pair("(-?[0-9.]+),(-?[0-9.]+)");
    const std::size_t from = svg.find("points=\"");
    const std::string part = svg.substr(from, svg.find('"', from + 8) - from);
    for (std::sregex_iterator it(part.begin(), part.end(), pair), end; it != end; ++it)
        points.emplace_back(std::stod((*it)[1]), std::stod((*it)[2]));
    return points;
}

TEST(SvgPlot, PutsPointsWhereTheirNumbersBelong) {
    const LinePlot plot{.title = "t",
                        .x_title = "x",
                        .y_title = "y",
                        .series = {{.label = "a", .points = {{0, 0}, {1, 50}, {2, 100}}}}};
    const auto points = points_in(to_svg(plot));
    ASSERT_EQ(points.size(), 3U);
    EXPECT_NEAR(points[1].first - points[0].first, points[2].first - points[1].first, 0.2);
    EXPECT_NEAR(points[0].second - points[1].second, points[1].second - points[2].second, 0.2);
    EXPECT_GT(points[0].second, points[2].second);  // down the page
}

TEST(SvgPlot, OnALogarithmicScalePowersAreEquallyFarApartAndZeroIsLeftOut) {
    const LinePlot plot{.title = "t",
                        .x_title = "x",
                        .y_title = "y",
                        .y_scale = Scale::logarithmic,
                        .series = {{.label = "a", .points = {{0, 1}, {1, 10}, {2, 0}, {3, 100}}}}};
    const auto points = points_in(to_svg(plot));
    ASSERT_EQ(points.size(), 3U);
    EXPECT_NEAR(points[0].second - points[1].second, points[1].second - points[2].second, 0.2);
}

TEST(SvgPlot, IsNothingWithoutTwoPoints) {
    LinePlot plot{.title = "t", .x_title = "x", .y_title = "y", .series = {}};
    EXPECT_EQ(to_svg(plot), "");
    plot.series.push_back({.label = "a", .points = {{1, 1}}});
    EXPECT_EQ(to_svg(plot), "");
    plot.series[0].points = {{1, 1}, {1, 2}};
    EXPECT_EQ(to_svg(plot), "");
    EXPECT_EQ(to_svg(RangePlot{.title = "t", .x_title = "x", .rows = {}}), "");
}

TEST(SvgPlot, HasNoNumberThatIsNone) {
    const LinePlot plot{.title = "t",
                        .x_title = "x",
                        .y_title = "y",
                        .series = {{.label = "a", .points = {{0, 0}, {1, 0}}}}};
    for (const std::string& svg :
         {to_svg(plot),
          to_svg(RangePlot{.title = "t",
                           .x_title = "x",
                           .rows = {{.label = "r", .low = 1, .middle = 1, .high = 1}}})}) {
        EXPECT_THAT(svg, HasSubstr("</svg>"));
        EXPECT_THAT(svg, Not(HasSubstr("nan")));
        EXPECT_THAT(svg, Not(HasSubstr("inf")));
    }
}

TEST(SvgPlot, RangesStandBesideOneAndTheirMiddleWithin) {
    const std::string svg =
        to_svg(RangePlot{.title = "t",
                         .x_title = "x",
                         .rows = {{.label = "throughput", .low = 2, .middle = 3, .high = 4}}});
    EXPECT_THAT(svg, HasSubstr("throughput"));
    EXPECT_THAT(svg, HasSubstr(">1</text>"));
    std::smatch range;
    std::smatch middle;
    ASSERT_TRUE(std::regex_search(
        svg, range, std::regex("x1=\"([0-9.]+)\" y1=\"[0-9.]+\" x2=\"([0-9.]+)\"[^>]*range")));
    ASSERT_TRUE(std::regex_search(svg, middle, std::regex("circle cx=\"([0-9.]+)\"")));
    EXPECT_LT(std::stod(range[1]), std::stod(middle[1]));
    EXPECT_LT(std::stod(middle[1]), std::stod(range[2]));
}

}  // namespace
}  // namespace moldau::load
