#include "json_line.hpp"

#include <boost/json/object.hpp>
#include <boost/json/parse.hpp>
#include <fmt/format.h>
#include <gtest/gtest.h>

#include <limits>

namespace moldau::metrics {
namespace {

constexpr std::size_t kBytesMax = 4096;

template <class... Args>
boost::json::object parsed(fmt::format_string<Args...> format, Args&&... args) {
    const JsonLine line = json_line(format, fmt::make_format_args(args...), kBytesMax);
    return boost::json::parse(json_object("T", "info", "shard-3", line, kBytesMax)).as_object();
}

TEST(JsonLine, HasAFieldForEachKeyOfTheSentence) {
    const auto line = parsed("became leader topic={} partition={} is_clean={} note='{}' peer={}:{}",
                             "orders", 3, true, "two words", "::1", 9092);
    EXPECT_EQ(line.at("ts"), "T");
    EXPECT_EQ(line.at("level"), "info");
    EXPECT_EQ(line.at("thread"), "shard-3");
    EXPECT_EQ(line.at("shard"), 3);
    EXPECT_EQ(line.at("message"), "became leader");
    EXPECT_EQ(line.at("topic"), "orders");
    EXPECT_EQ(line.at("partition"), 3);
    EXPECT_EQ(line.at("is_clean"), true);
    EXPECT_EQ(line.at("note"), "two words");
    EXPECT_EQ(line.at("peer"), "::1:9092");
}

TEST(JsonLine, TakesNothingForAKeyThatCameFromOutside) {
    const auto line = parsed("cannot reason={} after={}", "a=1 level=debug", "x");
    EXPECT_EQ(line.at("reason"), "a=1 level=debug");
    EXPECT_EQ(line.at("after"), "x");
    EXPECT_EQ(line.at("level"), "info");
    EXPECT_FALSE(line.contains("a"));
    EXPECT_EQ(parsed("{}=1", "key").at("message"), "key=1");
    EXPECT_EQ(parsed("{}", "all of it a=1").at("message"), "all of it a=1");
}

TEST(JsonLine, KeepsWordsBehindAValueAndKeysThatAreTaken) {
    const auto line = parsed("refused peer={} and said so shard={} message={}", "p", 7, "m");
    EXPECT_EQ(line.at("message"), "refused and said so");
    EXPECT_EQ(line.at("peer"), "p");
    EXPECT_EQ(line.at("shard"), 7) << "the line's own, not the thread's";
    EXPECT_EQ(line.at("message_"), "m");
}

TEST(JsonLine, ReadsAFormatAsFmtDoes) {
    EXPECT_EQ(parsed("{{not a field}} n={:04} m={}", 7, 8).at("n"), "0007");
    EXPECT_EQ(parsed("{{x}} n={1} m={0}", 7, 8).at("n"), 8);
    EXPECT_EQ(parsed("{{x}} n={}", 8).at("message"), "{x}");
    EXPECT_EQ(parsed("n={:{}}|", 7, 4).at("message"), "n=   7|") << "a width that is an argument";
    EXPECT_EQ(parsed("n={}", std::numeric_limits<std::int64_t>::min()).at("n"),
              std::numeric_limits<std::int64_t>::min());
}

TEST(JsonLine, IsJsonWhateverAValueHolds) {
    const std::string bad = "\" \\ \n \x01 \xff \xe2\x80\xae \xf0\x9f\x90\xb1";
    EXPECT_EQ(parsed("a={}", bad).at("a"),
              "\" \\ \n \x01 \xef\xbf\xbd \xe2\x80\xae \xf0\x9f\x90\xb1");
    const JsonLine line = json_line("a={}", fmt::make_format_args(bad), kBytesMax);
    EXPECT_EQ(line.fields.front().json,
              "\"\\\" \\\\ \\u000a \\u0001 \\ufffd \\u202e \xf0\x9f\x90\xb1\"");
    const std::string large(100'000, 'x');
    EXPECT_LT(json_line("a={}", fmt::make_format_args(large), kBytesMax).fields.front().json.size(),
              kBytesMax + 100);
}

}  // namespace
}  // namespace moldau::metrics
