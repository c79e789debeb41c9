#include "html_report.hpp"

#include <gmock/gmock.h>

namespace moldau::load {
namespace {

using testing::HasSubstr;
using testing::Not;

Report some_report() {
    Report report;
    report.figures.done = 4000;
    report.figures.batches = 100;
    report.figures.batch_bytes = 2'000'000'000;
    for (std::int64_t i = 1; i <= 4000; ++i) report.figures.latency.record(i * 1000);
    report.elapsed_seconds = 4;
    report.brokers.push_back({.pid = 7, .after = {.cpu_seconds = 3, .rss_bytes = 5'000'000}});
    for (int second = 1; second <= 4; ++second)
        report.samples.push_back({.ends = static_cast<double>(second),
                                  .length = 1,
                                  .done = 1000,
                                  .batch_bytes = 500'000'000,
                                  .timed = 1000,
                                  .latency_us = {1, 2, 3, 4},
                                  .max_us = 5,
                                  .broker_cores = 0.75,
                                  .client_cores = 0.5,
                                  .broker_rss_bytes = 5'000'000});
    return report;
}

const PageHead kHead{.command_line = "moldau-bench produce <t>",
                     .made_at = "2026-01-02",
                     .machine = "two cores",
                     .version = "1 (abc)"};

std::vector<SideResult> sides(std::size_t count) {
    std::vector<SideResult> all;
    for (std::size_t i = 0; i < count; ++i)
        all.push_back({.side = {.label = i == 0 ? "ours & all" : "theirs"},
                       .rounds = {some_report(), some_report()}});
    if (count == 1) all[0].rounds.pop_back();
    return all;
}

std::size_t count_of(const std::string& text, const std::string& part) {
    std::size_t count = 0;
    for (std::size_t at = text.find(part); at != std::string::npos; at = text.find(part, at + 1))
        ++count;
    return count;
}

TEST(HtmlReport, HasFiguresPlotsAndHowItWasMade) {
    const std::string html = to_html(kHead, ProduceOptions{.topic = "t"}, sides(1));
    for (const char* each :
         {"moldau-bench produce &lt;t&gt;", "two cores", "1 (abc)", "<td>records</td>",
          "latency by share of all", "latency over time", "throughput", "the brokers' CPU",
          "the brokers' memory", "this client's CPU"})
        EXPECT_THAT(html, HasSubstr(each));
    EXPECT_EQ(count_of(html, "<svg "), 7U);
    EXPECT_EQ(count_of(html, "<svg "), count_of(html, "</svg>"));
    EXPECT_THAT(html, HasSubstr("&quot;records&quot;:4000"));
}

TEST(HtmlReport, NeedsNothingFromElsewhere) {
    const std::string html = to_html(kHead, ProduceOptions{.topic = "t"}, sides(2));
    for (const char* each :
         {"<script", "<link", "<img", "http://", "https://", "url(", "@import", "src="})
        EXPECT_THAT(html, Not(HasSubstr(each)));
}

TEST(HtmlReport, OfTwoSidesHasTheirRatios) {
    const std::string html = to_html(kHead, ProduceOptions{.topic = "t"}, sides(2));
    EXPECT_THAT(html, HasSubstr("ours &amp; all"));
    EXPECT_THAT(html, Not(HasSubstr("ours & all")));
    EXPECT_THAT(html, HasSubstr("ratios of the rounds"));
    EXPECT_THAT(html, HasSubstr("Medians of 2 rounds"));
    EXPECT_EQ(count_of(html, "<svg "), 9U);  // one latency over time for each, and the ratios
}

TEST(HtmlReport, LeavesOutPlotsOfWhatWasNotMeasured) {
    std::vector<SideResult> none = sides(1);
    none[0].rounds[0] = Report{};
    const std::string html = to_html(kHead, CommitOptions{}, none);
    EXPECT_EQ(count_of(html, "<svg "), 0U);
    EXPECT_THAT(html, HasSubstr("<h1>moldau-bench commits</h1>"));
    EXPECT_THAT(html, Not(HasSubstr("nan")));
}

TEST(HtmlReport, KnowsTheMachine) {
    EXPECT_THAT(machine_text(), testing::ContainsRegex("[0-9]+ cores, [0-9]+ GiB, Linux"));
}

}  // namespace
}  // namespace moldau::load
