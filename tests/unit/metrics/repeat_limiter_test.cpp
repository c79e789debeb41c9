#include "repeat_limiter.hpp"

#include <fmt/format.h>
#include <gtest/gtest.h>

namespace moldau::metrics {
namespace {

using std::chrono::seconds;

MonoTime at(int second) {
    return MonoTime(seconds(second));
}
RepeatLimiter three_in_ten_seconds() {
    return RepeatLimiter({.lines_max = 3, .window = seconds(10), .sentences_max = 4});
}

TEST(SentenceOf, IsWhatStandsBeforeTheFirstKeyAndValue) {
    EXPECT_EQ(sentence_of("became leader topic=orders partition=3"), "became leader");
    EXPECT_EQ(sentence_of("started"), "started");
    EXPECT_EQ(sentence_of("key=value"), "");
    EXPECT_EQ(sentence_of(""), "");
    EXPECT_EQ(sentence_of(std::string(1000, 'x')).size(), 128U);
}

TEST(RepeatLimiter, LetsTheFirstLinesOfASentenceThroughAndCountsTheRest) {
    RepeatLimiter limiter = three_in_ten_seconds();
    int written = 0;
    for (int i = 0; i < 10; ++i)
        written += limiter.admit(at(1), LogLevel::warn, fmt::format("closed peer={}", i)) ? 1 : 0;
    EXPECT_EQ(written, 3);
    EXPECT_TRUE(limiter.take_due(at(10)).empty()) << "the window ends ten seconds after it began";
    const auto due = limiter.take_due(at(11));
    ASSERT_EQ(due.size(), 1U);
    EXPECT_EQ(due[0].sentence, "closed");
    EXPECT_EQ(due[0].level, LogLevel::warn);
    EXPECT_EQ(due[0].count, 7U);
    EXPECT_TRUE(limiter.take_all().empty()) << "a count is told once";
}

TEST(RepeatLimiter, StartsAnewAfterEachWindow) {
    RepeatLimiter limiter = three_in_ten_seconds();
    for (int i = 0; i < 4; ++i) limiter.admit(at(0), LogLevel::info, "same");
    EXPECT_EQ(limiter.take_due(at(10)).size(), 1U);
    EXPECT_TRUE(limiter.admit(at(10), LogLevel::info, "same"));
    EXPECT_TRUE(limiter.take_due(at(20)).empty()) << "nothing was held back";
}

TEST(RepeatLimiter, KeepsSentencesAndLevelsApart) {
    RepeatLimiter limiter = three_in_ten_seconds();
    for (int i = 0; i < 5; ++i) limiter.admit(at(0), LogLevel::info, "a x=1");
    EXPECT_FALSE(limiter.admit(at(0), LogLevel::info, "a x=2"));
    EXPECT_TRUE(limiter.admit(at(0), LogLevel::error, "a x=2"));
    EXPECT_TRUE(limiter.admit(at(0), LogLevel::info, "b x=2"));
}

TEST(RepeatLimiter, EndsEachWindowAtItsOwnTime) {
    RepeatLimiter limiter = three_in_ten_seconds();
    for (int i = 0; i < 4; ++i) limiter.admit(at(0), LogLevel::info, "early");
    for (int i = 0; i < 5; ++i) limiter.admit(at(6), LogLevel::info, "late");
    const auto first = limiter.take_due(at(10));
    ASSERT_EQ(first.size(), 1U);
    EXPECT_EQ(first[0].sentence, "early");
    EXPECT_TRUE(limiter.take_due(at(15)).empty());
    const auto second = limiter.take_due(at(16));
    ASSERT_EQ(second.size(), 1U);
    EXPECT_EQ(second[0].count, 2U);
}

TEST(RepeatLimiter, HoldsABoundedNumberOfSentences) {
    RepeatLimiter limiter = three_in_ten_seconds();
    int written = 0;
    for (int i = 0; i < 1000; ++i)
        written += limiter.admit(at(0), LogLevel::warn, fmt::format("sentence {}", i)) ? 1 : 0;
    EXPECT_EQ(written, 4 + 3) << "four of their own, and three that share one count";
    const auto due = limiter.take_all();
    ASSERT_EQ(due.size(), 1U);
    EXPECT_EQ(due[0].sentence, "");
    EXPECT_EQ(due[0].count, 993U);
}

}  // namespace
}  // namespace moldau::metrics
