#include "parse_value.hpp"

#include "fixture.hpp"
#include "rows.hpp"
#include "text.hpp"

#include <fmt/core.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <limits>

namespace moldau::config {
namespace {

using namespace rows;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;

Setting of(Type type, Rule rule = anything) {
    return row("x", type, null, rule, medium, read_only);
}

struct Case {
    std::string name;
    Setting setting;
    std::string text;
    Value value;
};

TEST(ParseValue, TakesWhatKafkaTakes) {
    const std::vector<std::string> none;
    const Case cases[] = {
        {"boolean in capitals", of(boolean), " TRUE ", true},
        {"boolean", of(boolean), "false", false},
        {"int with a sign", of(int32), "+7", std::int32_t{7}},
        {"int at its end", of(int32), "-2147483648", std::numeric_limits<std::int32_t>::min()},
        {"int with zeros", of(int32), "007", std::int32_t{7}},
        {"short", of(int16), "32767", std::int16_t{32767}},
        {"long", of(int64), "9223372036854775807", std::numeric_limits<std::int64_t>::max()},
        {"double", of(float64), "0.5", 0.5},
        {"double with an exponent", of(float64), "1.5E3", 1500.0},
        {"double with Java's suffix", of(float64), "2d", 2.0},
        {"string is trimmed", of(string), " \t a b ", std::string("a b")},
        {"string may be empty", of(string), "", std::string()},
        {"list", of(list), "a , b,c", std::vector<std::string>{"a", "b", "c"}},
        {"list of nothing", of(list), "  ", none},
        {"class", of(class_name), "org.example.C", std::string("org.example.C")},
        {"password", of(password), " secret ", Secret("secret")},
        {"bounds belong to a range", of(int32, between(2, 10)), "10", std::int32_t{10}},
        {"minus one beside a range", of(int32, between_or_minus_one(1, 9)), "-1", std::int32_t{-1}},
        {"one of", of(string, one_of("a, b")), "b", std::string("b")},
        {"any case", of(string, one_of_ignoring_case("AB, C")), "aB", std::string("aB")},
        {"voters", of(list, voters), "1@h:9093,2@[::1]:1",
         std::vector<std::string>{"1@h:9093", "2@[::1]:1"}},
        {"every replica", of(list, throttled_replicas), "*", std::vector<std::string>{"*"}},
        {"replicas", of(list, throttled_replicas), "0:1,1:2",
         std::vector<std::string>{"0:1", "1:2"}},
        {"duration", of(string, offset_reset), "by_duration:P1DT2H3.5S",
         std::string("by_duration:P1DT2H3.5S")},
        {"latest", of(string, offset_reset), "latest", std::string("latest")},
    };
    for (const Case& each : cases) {
        SCOPED_TRACE(each.name);
        const Result<Parsed> parsed = parse_value(each.setting, each.text);
        ASSERT_TRUE(parsed) << parsed.error().detail;
        EXPECT_TRUE(parsed->value == each.value);
    }
}

TEST(ParseValue, SaysWhatIsAllowedWhereItRefuses) {
    struct {
        Setting setting;
        std::string text;
        std::string message;
    } const cases[] = {
        {of(boolean), "yes", "'yes' is no boolean; allowed: true or false"},
        {of(int32), "64MiB",
         "'64MiB' is no int; allowed: a whole number from -2147483648 to 2147483647"},
        {of(int32), "2147483648",
         "'2147483648' is no int; allowed: a whole number from -2147483648 to 2147483647"},
        {of(int16), "1 2", "'1 2' is no short; allowed: a whole number from -32768 to 32767"},
        {of(int64), "",
         "'' is no long; allowed: a whole number from -9223372036854775808 to 9223372036854775807"},
        {of(int32), "+-1",
         "'+-1' is no int; allowed: a whole number from -2147483648 to 2147483647"},
        {of(int32, at_least(1)), "0", "'0' is out of range; allowed: [1,...]"},
        {of(int32, between(0, 1024)), "1025", "'1025' is out of range; allowed: [0,...,1024]"},
        {of(int32, between_or_minus_one(1, 9)), "0",
         "'0' is out of range; allowed: [1,...,9] or -1"},
        {of(float64), "1e999", "'1e999' is no finite number; allowed: a number"},
        {of(float64), "NaN", "'NaN' is no finite number; allowed: a number"},
        {of(float64), "d", "'d' is no finite number; allowed: a number"},
        {of(float64, between(0, 0.5)), "0.6", "'0.6' is out of range; allowed: [0,...,0.5]"},
        {of(string, one_of("a, b")), "c", "'c' is not one of those; allowed: [a, b]"},
        {of(string, one_of("a, b")), "A", "'A' is not one of those; allowed: [a, b]"},
        {of(string, not_empty), " ", "'' is empty; allowed: at least one character"},
        {of(list, one_of("a, b")), "a,c", "'a,c' holds 'c'; allowed: a list of [a, b]"},
        {of(list), "a,", "'a,' has an empty item; allowed: a list"},
        {of(list, anything.no_empty_list()), "",
         "an empty list is not enough; allowed: a list of at least one item"},
        {of(list, voters), "1@h",
         "'1@h' holds '1@h'; allowed: entries id@host:port, commas "
         "between"},
        {of(list, servers), "h:66000",
         "'h:66000' holds 'h:66000'; allowed: entries host:port, commas between"},
        {of(list, throttled_replicas), "*,0:1",
         "'*,0:1' holds '*'; allowed: * or entries partition:broker, commas between"},
        {of(string, offset_reset), "by_duration:PT",
         "'by_duration:PT' is not one of those; allowed: latest, earliest or "
         "by_duration:PnDTnHnMn.nS"},
    };
    for (const auto& each : cases) {
        const Result<Parsed> parsed = parse_value(each.setting, each.text);
        ASSERT_FALSE(parsed) << each.text;
        EXPECT_EQ(parsed.error().code, ErrorCode::invalid_config);
        EXPECT_EQ(parsed.error().detail, each.message);
    }
}

TEST(ParseValue, KnowsADurationFromWhatOnlyLooksLikeOne) {
    for (const std::string good : {"P1D", "PT1H", "PT1M", "PT0.1S", "pt5s", "P1DT1H1M1.5S"})
        EXPECT_TRUE(parse_value(of(string, offset_reset), "by_duration:" + good)) << good;
    for (const std::string bad : {"", "P", "1D", "PD", "P1", "P1H", "PT1D", "PT1M1H", "P1DT",
                                  "PTT1H", "PT1.5H", "PT.5S", "PT1..5S", "PT1S1S", "P-1D"})
        EXPECT_FALSE(parse_value(of(string, offset_reset), "by_duration:" + bad)) << bad;
}

TEST(ParseValue, DropsWhatAListHoldsTwiceAndSaysSo) {
    const Result<Parsed> parsed = parse_value(of(list), "a,b,a");
    ASSERT_TRUE(parsed);
    EXPECT_EQ(std::get<std::vector<std::string>>(parsed->value),
              (std::vector<std::string>{"a", "b"}));
    EXPECT_THAT(parsed->dropped, ElementsAre("a"));
}

TEST(ParseValue, TakesNullOnlyWhereItIsTheDefault) {
    EXPECT_TRUE(parse_value(of(string), std::monostate{}));
    const Setting with_default = row("x", int32, "1", anything, medium, read_only);
    const Result<Parsed> parsed = parse_value(with_default, std::monostate{});
    ASSERT_FALSE(parsed);
    EXPECT_THAT(parsed.error().detail, HasSubstr("null is no value"));
}

TEST(ParseValue, TakesAListOfYamlOnlyForLists) {
    EXPECT_TRUE(parse_value(of(list), std::vector<std::string>{"a,b", " c "}));
    const Result<Parsed> parsed = parse_value(of(string), std::vector<std::string>{"a"});
    ASSERT_FALSE(parsed);
    EXPECT_EQ(parsed.error().detail, "a list is no string; allowed: text");
}

TEST(ParseValue, NeverShowsAPassword) {
    const Result<Parsed> parsed = parse_value(of(password), std::vector<std::string>{"hunter2"});
    ASSERT_FALSE(parsed);
    EXPECT_THAT(parsed.error().detail, Not(HasSubstr("hunter2")));
    static_assert(!fmt::is_formattable<Secret>::value);
}

TEST(Text, ShowsOddBytesEscapedAndCutsWhatIsLong) {
    EXPECT_EQ(in_quotes("a\nb\x7F\xC3"), "'a\\x0ab\\x7f\\xc3'");
    const std::string shown = in_quotes(std::string(5000, 'x'));
    EXPECT_LT(shown.size(), 150U);
    EXPECT_THAT(shown, HasSubstr("(5000 bytes)"));
}

}  // namespace
}  // namespace moldau::config
