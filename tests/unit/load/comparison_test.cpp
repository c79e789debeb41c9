#include "comparison.hpp"

#include <gmock/gmock.h>

namespace moldau::load {
namespace {

using testing::ElementsAre;

const Work kProduce = ProduceOptions{.topic = "t"};

Report some_report(double seconds, double cpu_seconds) {
    Report report;
    report.figures.done = 1000;
    report.figures.batches = 10;
    report.figures.batch_bytes = 500'000'000;
    report.elapsed_seconds = seconds;
    report.brokers.push_back({.pid = 1, .after = {.cpu_seconds = cpu_seconds, .rss_bytes = 1}});
    report.brokers.push_back({.pid = 2, .after = {.cpu_seconds = cpu_seconds, .rss_bytes = 1}});
    return report;
}

const Compared* find(const std::vector<Compared>& rows, std::string_view name) {
    const auto found =
        std::ranges::find(rows, name, [](const Compared& row) { return row.metric.name; });
    return found == rows.end() ? nullptr : &*found;
}

TEST(Comparison, SpreadIsTheMiddleAndTheEnds) {
    EXPECT_EQ(spread_of({3, 1, 2}).median, 2);
    EXPECT_EQ(spread_of({4, 1, 2, 3}).median, 2.5);
    EXPECT_EQ(spread_of({5}).min, 5);
    EXPECT_EQ(spread_of({4, 1, 9}).min, 1);
    EXPECT_EQ(spread_of({4, 1, 9}).max, 9);
}

TEST(Comparison, RatiosAreOfEachRoundNotOfTheMedians) {
    SideResult first{.side = {.label = "a"}, .rounds = {}};
    SideResult second{.side = {.label = "b"}, .rounds = {}};
    // Two loads a second: the machine was slow in the second round, for both.
    for (const double seconds : {1.0, 10.0, 2.0}) {
        first.rounds.push_back(some_report(seconds, seconds * 3));
        second.rounds.push_back(some_report(seconds * 2, seconds));
    }
    const std::vector<Compared> rows = compared(kProduce, first, second);
    const Compared* const rate = find(rows, "records_per_second");
    ASSERT_NE(rate, nullptr);
    EXPECT_THAT(rate->ratios, ElementsAre(2, 2, 2));
    EXPECT_EQ(rate->first.median, 500);
    EXPECT_EQ(rate->first.min, 100);
    EXPECT_EQ(rate->metric.better, Better::more);
    const Compared* const cpu = find(rows, "broker_cpu_s_per_gb");
    ASSERT_NE(cpu, nullptr);
    EXPECT_THAT(cpu->ratios, ElementsAre(3, 3, 3));
    EXPECT_EQ(cpu->second.median, 8);  // of both brokers
    EXPECT_EQ(cpu->metric.better, Better::less);
}

TEST(Comparison, WhatOneSideDoesNotTellIsLeftOut) {
    SideResult first{.side = {.label = "a"}, .rounds = {some_report(1, 1)}};
    SideResult second{.side = {.label = "b"}, .rounds = {some_report(1, 0)}};
    second.rounds[0].brokers.clear();
    const std::vector<Compared> rows = compared(kProduce, first, second);
    EXPECT_EQ(find(rows, "broker_cpu_seconds"), nullptr);
    EXPECT_NE(find(rows, "mb_per_second"), nullptr);
}

TEST(Comparison, HasNoRatioToNothing) {
    const SideResult first{.side = {.label = "a"}, .rounds = {some_report(1, 1)}};
    const SideResult second{.side = {.label = "b"}, .rounds = {some_report(1, 0)}};
    const std::vector<Compared> rows = compared(kProduce, first, second);
    const Compared* const cpu = find(rows, "broker_cpu_seconds");
    ASSERT_NE(cpu, nullptr);
    EXPECT_FALSE(cpu->ratio);
    EXPECT_EQ(cpu->first.median, 2);
}

TEST(Comparison, EndToEndLatencyComesWithLatency) {
    const Work what = MixOptions{.times_records = true};
    Report report = some_report(1, 1);
    report.figures.latency.record(1000, 10);
    report.consumed.emplace();
    report.consumed->latency.record(3000, 10);
    std::vector<std::string> names;
    for (const Metric& metric : metrics_of(what, report)) names.push_back(metric.name);
    EXPECT_THAT(names,
                testing::IsSupersetOf({"produced_records_per_second", "consumed_records_per_second",
                                       "end_to_end_p99_9_us", "latency_p99_us", "broker_rss_mb"}));
}

TEST(Comparison, CommandsWithoutRecordsAreMeasuredInWhatTheyCount) {
    for (const Work& what : {Work(CommitOptions{}), Work(JoinOptions{}), Work(TopicsOptions{}),
                             Work(ConnectOptions{})}) {
        const Report report = some_report(4, 1);
        const std::vector<Metric> metrics = metrics_of(what, report);
        EXPECT_EQ(metrics.front().name, std::string(things_of(what)) + "_per_second");
        EXPECT_EQ(metrics.front().value, 250);
        const auto each = std::ranges::find(metrics, "broker_cpu_us_per_one", &Metric::name);
        ASSERT_NE(each, metrics.end());
        EXPECT_EQ(each->value, 2000);
    }
}

}  // namespace
}  // namespace moldau::load
