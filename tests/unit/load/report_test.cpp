#include "report.hpp"

#include "moldau/base/version.hpp"

#include <gmock/gmock.h>

namespace moldau::load {
namespace {

using testing::AllOf;
using testing::HasSubstr;
using testing::Not;

Report some_report() {
    Report report;
    report.figures.done = 4000;
    report.figures.batches = 100;
    report.figures.batch_bytes = 2'000'000'000;
    report.figures.value_bytes = 1'900'000'000;
    report.figures.latency.record(2'000'000, 4000);
    report.elapsed_seconds = 4;
    report.client_cpu_seconds = 1;
    report.brokers.push_back({.pid = 7,
                              .before = {.cpu_seconds = 10},
                              .after = {.cpu_seconds = 13,
                                        .rss_bytes = 5'000'000,
                                        .rss_peak_bytes = 6'000'000,
                                        .threads = 3}});
    return report;
}

std::vector<SideResult> two_sides() {
    std::vector<SideResult> sides{{.side = {.label = "one"}, .rounds = {}},
                                  {.side = {.label = "other"}, .rounds = {}}};
    for (const double factor : {1.0, 2.0, 4.0}) {
        Report report = some_report();
        sides[0].rounds.push_back(report);
        report.elapsed_seconds *= factor;
        sides[1].rounds.push_back(report);
    }
    return sides;
}

TEST(Report, TellsProgramsEveryFigure) {
    const Work what = ProduceOptions{.topic = "t"};
    const std::string json = to_json(what, some_report());
    for (const char* each :
         {R"("command":"produce")", R"("topic":"t")", R"("records":4000)",
          R"("records_per_second":1000)", R"("mb_per_second":500)", R"("batch_bytes":2000000000)",
          R"("p99.9":2000)", R"("max":2000)", R"("errors":{})", R"("client_cpu_seconds":1)",
          R"("pid":7)", R"("cpu_seconds":3)", R"("cpu_seconds_per_gb":1.5)",
          R"("cpu_us_per_batch":30000)", R"("rss_bytes":5000000)"})
        EXPECT_THAT(json, HasSubstr(each));
    EXPECT_TRUE(json.ends_with("}]}\n"));
}

TEST(Report, SaysInItsHeadWhatItIsAndWhoseFiguresTheseAre) {
    const std::string tool =
        std::string(R"(,"version":1,"tool":"moldau-bench )").append(version()) + " (";
    EXPECT_TRUE(
        to_json(JoinOptions{}, some_report()).starts_with(R"({"kind":"bench.join")" + tool));
    EXPECT_THAT(to_json(JoinOptions{}, some_report()),
                HasSubstr(R"(,"items":[{"command":"join","settings":{)"));
    EXPECT_TRUE(to_json(ConsumeOptions{.topic = "t"}, two_sides())
                    .starts_with(R"({"kind":"bench.comparison")" + tool));
}

TEST(Report, TellsPeopleInUnitsThatTheyRead) {
    const Work what = ConsumeOptions{.topic = "t"};
    const std::string table = to_table(what, some_report());
    EXPECT_THAT(table, HasSubstr("CONSUMED\n"));
    EXPECT_THAT(table, HasSubstr("1000 records/s, 500.00 MB/s\n"));
    EXPECT_THAT(table, HasSubstr("p50 2.00 ms"));
    EXPECT_THAT(table, HasSubstr("process 7   3.00 s CPU, 1.50 s/GB"));
    EXPECT_THAT(table, testing::Not(HasSubstr("failed")));
}

TEST(Report, TellsWhatFailedAndWhatWasNeverSent) {
    const Work what = ProduceOptions{.topic = "t"};
    Report report = some_report();
    report.figures.failed = 12;
    report.figures.unsent = 34;
    report.figures.errors["NOT_LEADER_OR_FOLLOWER"] = 2;
    EXPECT_THAT(to_json(what, report), HasSubstr(R"("failed_records":12,"unsent_records":34)"));
    EXPECT_THAT(to_json(what, report), HasSubstr(R"("errors":{"NOT_LEADER_OR_FOLLOWER":2})"));
    const std::string table = to_table(what, report);
    EXPECT_THAT(table, HasSubstr("failed                        12 records"));
    EXPECT_THAT(table, HasSubstr("never sent                    34 records"));
    EXPECT_THAT(table, HasSubstr("error NOT_LEADER_OR_FOLLOWER  2"));
}

TEST(Report, HasNoInfiniteFiguresWhenNothingCame) {
    const Work what = ProduceOptions{.topic = "t"};
    Report report;
    report.brokers.push_back({.pid = 1, .after = {.rss_peak_bytes = 1, .threads = 1}});
    const std::string json = to_json(what, report);
    EXPECT_THAT(json, testing::Not(HasSubstr("null")));
    EXPECT_THAT(json, HasSubstr(R"("records_per_second":0)"));
}

TEST(Report, TellsWritingAndReadingOfTheSameRunApart) {
    const Work what = MixOptions{.produce = {.topic = "t"}, .times_records = true};
    Report report = some_report();
    report.consumed.emplace();
    report.consumed->done = 8000;
    report.consumed->latency.record(5'000'000, 8000);
    report.consume_seconds = 5;
    const std::string json = to_json(what, report);
    EXPECT_THAT(json, HasSubstr(R"("command":"latency")"));
    EXPECT_THAT(json, HasSubstr(R"("produced":{"elapsed_seconds":4,"records":4000)"));
    EXPECT_THAT(json, HasSubstr(R"("consumed":{"elapsed_seconds":5,"records":8000)"));
    const std::string table = to_table(what, report);
    EXPECT_THAT(table, HasSubstr("LATENCY\n"));
    EXPECT_THAT(table, HasSubstr("end to end    p50 5.00 ms"));
    EXPECT_THAT(table, HasSubstr("acknowledged  p50 2.00 ms"));
    EXPECT_EQ(&report.latency(what), &report.consumed->latency);
}

TEST(Report, CountsWhatTheCommandIsAbout) {
    Report report = some_report();
    report.figures.failed = 3;
    EXPECT_THAT(to_json(CommitOptions{}, report),
                AllOf(HasSubstr(R"("commits":4000)"), HasSubstr(R"("commits_per_second":1000)"),
                      HasSubstr(R"("failed_commits":3)"), HasSubstr(R"("cpu_us_per_one":750)"),
                      Not(HasSubstr("batch_bytes"))));
    EXPECT_THAT(to_json(JoinOptions{}, report),
                AllOf(HasSubstr(R"("members":4000)"), HasSubstr(R"("generation":100)")));
    EXPECT_THAT(to_json(TopicsOptions{}, report),
                AllOf(HasSubstr(R"("topics":4000)"), HasSubstr(R"("requests":100)")));
    EXPECT_THAT(to_json(ConnectOptions{}, report), HasSubstr(R"("connections":4000)"));
    EXPECT_THAT(to_table(CommitOptions{}, report),
                AllOf(HasSubstr("1000 commits/s\n"), HasSubstr("750.0 µs for each of the commits"),
                      HasSubstr("3 commits\n")));
}

TEST(Report, LeavesOutWhatAMetricsPageDoesNotTell) {
    const Work what = ProduceOptions{.topic = "t"};
    Report report;
    report.brokers.push_back({.metrics = "broker:9100"});
    const std::string json = to_json(what, report);
    EXPECT_THAT(json, HasSubstr(R"("metrics":"broker:9100")"));
    EXPECT_THAT(json, HasSubstr(R"("rss_peak_bytes":null,"threads":null)"));
    EXPECT_THAT(to_table(what, report), Not(HasSubstr("peak")));
}

TEST(Report, TellsRatiosWithTheirSpread) {
    const Work what = ProduceOptions{.topic = "t"};
    const std::string json = to_json(what, two_sides());
    EXPECT_THAT(json, HasSubstr(R"("sides":[{"label":"one","rounds":[{"elapsed_seconds":4)"));
    EXPECT_THAT(json, HasSubstr(R"("records_per_second":{"unit":"1/s","better":"more",)"
                                R"("first":{"median":1000,"min":1000,"max":1000},)"
                                R"("second":{"median":500,"min":250,"max":1000},)"
                                R"("ratio":{"median":2,"min":1,"max":4},"ratios":[1,2,4]})"));
    const std::string table = to_table(what, two_sides());
    EXPECT_THAT(table, HasSubstr("one"));
    EXPECT_THAT(table, testing::ContainsRegex("records +1/s +1000 +500.0 +2.00 +1.00 +4.00 +more"));
    EXPECT_THAT(table, HasSubstr("Medians of 3 rounds"));
}

}  // namespace
}  // namespace moldau::load
