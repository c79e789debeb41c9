#include "report.hpp"

#include <gmock/gmock.h>

namespace moldau::load {
namespace {

using testing::HasSubstr;

Report some_report() {
    Report report;
    report.figures.records = 4000;
    report.figures.batches = 100;
    report.figures.batch_bytes = 2'000'000'000;
    report.figures.value_bytes = 1'900'000'000;
    report.figures.latency.record(2'000'000, 4000);
    report.elapsed_seconds = 4;
    report.client_cpu_seconds = 1;
    report.brokers.push_back({.pid = 7,
                              .before = {.cpu_seconds = 10},
                              .after = {.cpu_seconds = 13, .rss_bytes = 5'000'000, .threads = 3}});
    return report;
}

TEST(Report, TellsProgramsEveryFigure) {
    const Arguments arguments{.what = ProduceOptions{.topic = "t"}};
    const std::string json = to_json(arguments, some_report());
    for (const char* each :
         {R"("command":"produce")", R"("topic":"t")", R"("records":4000)",
          R"("records_per_second":1000)", R"("mb_per_second":500)", R"("batch_bytes":2000000000)",
          R"("p99.9":2000)", R"("max":2000)", R"("errors":{})", R"("client_cpu_seconds":1)",
          R"("pid":7)", R"("cpu_seconds":3)", R"("cpu_seconds_per_gb":1.5)",
          R"("cpu_us_per_batch":30000)", R"("rss_bytes":5000000)"})
        EXPECT_THAT(json, HasSubstr(each));
    EXPECT_TRUE(json.ends_with("}\n"));
}

TEST(Report, TellsPeopleInUnitsThatTheyRead) {
    const Arguments arguments{.what = ConsumeOptions{.topic = "t"}};
    const std::string table = to_table(arguments, some_report());
    EXPECT_THAT(table, HasSubstr("CONSUMED\n"));
    EXPECT_THAT(table, HasSubstr("1000 records/s, 500.00 MB/s\n"));
    EXPECT_THAT(table, HasSubstr("p50 2.00 ms"));
    EXPECT_THAT(table, HasSubstr("process 7   3.00 s CPU, 1.50 s/GB"));
    EXPECT_THAT(table, testing::Not(HasSubstr("failed")));
}

TEST(Report, TellsWhatFailedAndWhatWasNeverSent) {
    const Arguments arguments{.what = ProduceOptions{.topic = "t"}};
    Report report = some_report();
    report.figures.failed_records = 12;
    report.figures.unsent_records = 34;
    report.figures.errors["NOT_LEADER_OR_FOLLOWER"] = 2;
    EXPECT_THAT(to_json(arguments, report),
                HasSubstr(R"("failed_records":12,"unsent_records":34)"));
    EXPECT_THAT(to_json(arguments, report), HasSubstr(R"("errors":{"NOT_LEADER_OR_FOLLOWER":2})"));
    const std::string table = to_table(arguments, report);
    EXPECT_THAT(table, HasSubstr("failed                        12 records"));
    EXPECT_THAT(table, HasSubstr("never sent                    34 records"));
    EXPECT_THAT(table, HasSubstr("error NOT_LEADER_OR_FOLLOWER  2"));
}

TEST(Report, HasNoInfiniteFiguresWhenNothingCame) {
    const Arguments arguments{.what = ProduceOptions{.topic = "t"}};
    const std::string json = to_json(arguments, {.brokers = {{.pid = 1}}});
    EXPECT_THAT(json, testing::Not(HasSubstr("null")));
    EXPECT_THAT(json, HasSubstr(R"("records_per_second":0)"));
}

}  // namespace
}  // namespace moldau::load
