#include "moldau/config/value.hpp"

#include <gtest/gtest.h>

#include <limits>

namespace moldau::config {
namespace {

const Setting& topic(std::string_view name) {
    return *find(Table::topic, name);
}

TEST(Value, ReadsTextByTheRulesOfItsSetting) {
    const Result<Value> read = value_from_text(topic("retention.ms"), " 5000 ");
    ASSERT_TRUE(read);
    EXPECT_TRUE(*read == Value(std::int64_t{5000}));
    const Result<Value> policies =
        value_from_text(topic("cleanup.policy"), "delete, compact,delete");
    ASSERT_TRUE(policies);
    EXPECT_EQ(text_of(*policies), "delete,compact");
    const Result<Value> none = value_from_text(topic("cleanup.policy"), "");
    ASSERT_TRUE(none);
    EXPECT_EQ(text_of(*none), "");
}

TEST(Value, SaysWhatIsAllowedWhereTheTextIsNot) {
    const struct {
        std::string_view name, text, why;
    } rows[] = {
        {"retention.ms", "abc", "'abc' is no long; allowed: [-1,...]"},
        {"segment.bytes", "-1", "'-1' is out of range; allowed: [1048576,...]"},
        {"max.message.bytes", "99999999999", "'99999999999' is no int; allowed: [0,...]"},
        {"cleanup.policy", "shred", "'shred' holds 'shred'; allowed: a list of [compact, delete]"},
        {"preallocate", "yes", "'yes' is no boolean; allowed: true or false"},
    };
    for (const auto& row : rows) {
        SCOPED_TRACE(row.name);
        const Result<Value> read = value_from_text(topic(row.name), row.text);
        ASSERT_FALSE(read);
        EXPECT_EQ(read.error().code, ErrorCode::invalid_config);
        EXPECT_EQ(read.error().detail, row.why);
    }
}

TEST(Value, WritesNumbersAsJavaDoes) {
    const struct {
        double value;
        std::string_view text;
    } rows[] = {
        {0, "0.0"},
        {0.5, "0.5"},
        {1, "1.0"},
        {0.001, "0.001"},
        {9'999'999, "9999999.0"},
        {10'000'000, "1.0E7"},
        {0.0001, "1.0E-4"},
        {2.147483647E9, "2.147483647E9"},
        {-1.5E300, "-1.5E300"},
        {std::numeric_limits<double>::max(), "1.7976931348623157E308"},
    };
    for (const auto& row : rows) EXPECT_EQ(text_of(Value(row.value)), row.text);
    EXPECT_EQ(text_of(Value(std::int16_t{-3})), "-3");
    EXPECT_EQ(text_of(Value(true)), "true");
}

TEST(Value, NeitherNullNorASecretHasAText) {
    EXPECT_EQ(text_of(Value()), std::nullopt);
    EXPECT_EQ(text_of(Value(Secret("hunter2"))), std::nullopt);
}

TEST(Value, ReadsBackEveryDefaultThatItWrites) {
    for (const Table which : {Table::broker, Table::topic, Table::group}) {
        for (const Setting& setting : table(which)) {
            SCOPED_TRACE(setting.name);
            const std::optional<std::string> text = text_of(default_value(setting));
            if (!text || text->empty()) continue;  // an empty list may be a default and no value
            const Result<Value> read = value_from_text(setting, *text);
            ASSERT_TRUE(read) << read.error().detail;
            EXPECT_TRUE(*read == default_value(setting));
        }
    }
}

}  // namespace
}  // namespace moldau::config
