#include "report.hpp"

#include <gtest/gtest.h>

namespace moldau::cli {
namespace {

using Numbers = std::vector<std::int32_t>;

TEST(Report, IsOneJsonDocumentInAnEnvelope) {
    Report report("topic.list");
    EXPECT_EQ(report.to_json(), "{\"kind\":\"topic.list\",\"version\":1,\"items\":[]}\n");
    report.add({"a\"b", "id", false, 3, 1});
    report.add({"c", "id", true, std::size_t{50}, std::int16_t{-1}});
    EXPECT_EQ(report.to_json(),
              R"({"kind":"topic.list","version":1,"items":[)"
              R"({"name":"a\"b","id":"id","internal":false,"partitions":3,"replication_factor":1},)"
              R"({"name":"c","id":"id","internal":true,"partitions":50,"replication_factor":-1}]})"
              "\n");
}

TEST(Report, IsATableOfTheFieldsThatAreShown) {
    Report report("topic.list");
    report.add({"orders", "id", false, 3, 1});
    EXPECT_EQ(report.to_table(), "TOPIC   PARTITIONS  REPLICATION\norders  3           1\n");
}

TEST(Report, LeavesAColumnAwayThatNobodyAskedFor) {
    Report without("topic.offsets");
    without.add({"t", 0, 1, 2, Cell()});
    EXPECT_EQ(without.to_table(), "TOPIC  PARTITION  START  END\nt      0          1      2\n");
    EXPECT_TRUE(without.to_json().ends_with(R"("end":2,"at":null}]})"
                                            "\n"));
    Report with("topic.offsets");
    with.add({"t", 0, 1, 2, 7});
    EXPECT_EQ(with.to_table(),
              "TOPIC  PARTITION  START  END  AT\nt      0          1      2    7\n");
}

TEST(Report, ShowsWhatHasMoreLinesAsSections) {
    Report report("topic.describe");
    std::vector<Item> partitions;
    partitions.push_back({0, Cell().shown_as("none"), 4, Numbers{1, 2}, Numbers{1}, Numbers{}});
    report.add({"a", "ID", false, std::map<std::string, std::string>{{"k", "v"}}, partitions});
    report.add({"b", "ID", false, std::map<std::string, std::string>(), std::vector<Item>()});
    EXPECT_EQ(report.to_table(),
              "a  id=ID\n"
              "  k=v\n"
              "PARTITION  LEADER  EPOCH  REPLICAS  ISR  OFFLINE\n"
              "0          none    4      1,2       1    -\n"
              "\n"
              "b  id=ID\n");
    EXPECT_EQ(report.to_json(),
              R"({"kind":"topic.describe","version":1,"items":[{"name":"a","id":"ID",)"
              R"("internal":false,"configs":{"k":"v"},"partitions":[{"partition":0,"leader":null,)"
              R"("leader_epoch":4,"replicas":[1,2],"isr":[1],"offline":[]}]},{"name":"b",)"
              R"("id":"ID","internal":false,"configs":{},"partitions":[]}]})"
              "\n");
}

TEST(Report, SaysNothingToPeopleWhereTheCommandHasToldThem) {
    Report report("produce");
    report.add({"t", 5});
    EXPECT_EQ(report.to_table(), "");
}

TEST(Cell, ShowsNothingAsADash) {
    EXPECT_EQ(Cell().to_text(), "-");
    EXPECT_EQ(Cell("").to_text(), "-");
    EXPECT_EQ(Cell(Numbers()).to_text(), "-");
    EXPECT_EQ(Cell(false).to_text(), "-");
    EXPECT_EQ(Cell(std::optional<std::string>()).to_text(), "-");
    EXPECT_EQ(Cell(std::map<std::string, Numbers>{{"a", {1, 2}}, {"b", {}}}).to_text(),
              "a=1,2 b=-");
    EXPECT_EQ(Cell(0.5).to_text(), "0.5");
    EXPECT_EQ(Cell(1024.0).to_text(), "1024");
}

TEST(ReportDeathTest, AnItemThatIsNotOfItsKindIsOurMistake) {
    Report report("produce");
    EXPECT_DEATH(report.add({"t"}), "cells=1 fields=2");
    EXPECT_DEATH(report.add({"t", "five"}), "field=records");
}

TEST(Failures, AreAllSaidAndTheLastIsWhatTheCommandEndsWith) {
    const Global global{.brokers = "", .output = Output::json, .yes = false};
    Report done("topic.delete");
    done.add({"a"});
    testing::internal::CaptureStdout();
    testing::internal::CaptureStderr();
    Failures failures(global);
    failures.add({ErrorCode::unknown_topic_or_partition, "first"});
    failures.add({ErrorCode::request_timed_out, "last"});
    const Result<> outcome = std::move(failures).print(done);
    EXPECT_EQ(testing::internal::GetCapturedStdout(), done.to_json());
    EXPECT_EQ(
        testing::internal::GetCapturedStderr(),
        R"({"kind":"error","version":1,"code":"UNKNOWN_TOPIC_OR_PARTITION","message":"first"})"
        "\n");
    ASSERT_FALSE(outcome);
    EXPECT_EQ(outcome.error().detail, "last");
}

TEST(Failures, OfEverythingLeaveNothingToPrint) {
    const Global global{.brokers = "", .output = Output::json, .yes = false};
    const Report nothing("topic.delete");
    testing::internal::CaptureStdout();
    Failures failures(global);
    failures.add({ErrorCode::request_timed_out, "last"});
    EXPECT_FALSE(std::move(failures).print(nothing));
    EXPECT_EQ(testing::internal::GetCapturedStdout(), "");
    testing::internal::CaptureStdout();
    EXPECT_TRUE(Failures(global).print(nothing));
    EXPECT_EQ(testing::internal::GetCapturedStdout(), nothing.to_json());
}

}  // namespace
}  // namespace moldau::cli
