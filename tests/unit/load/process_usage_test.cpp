#include "process_usage.hpp"

#include <gtest/gtest.h>

#include <string>
#include <unistd.h>

namespace moldau::load {
namespace {

constexpr std::string_view kStat =
    "4242 (a ) (b) S 1 4242 4242 0 -1 4194560 900 0 3 0 250 125 0 0 20 0 105 0 77 99 88";
constexpr std::string_view kStatus =
    "Name:\ta ) (b\nUmask:\t0022\nVmHWM:\t  2048 kB\nVmRSS:\t  1024 kB\nThreads:\t105\n";

TEST(ProcessUsage, ReadsTimesBehindANameWithParenthesesAndMemoryInKib) {
    const Result<ProcessUsage> usage = parse_usage(kStat, kStatus, 100);
    ASSERT_TRUE(usage);
    EXPECT_DOUBLE_EQ(usage->cpu_seconds, 3.75);
    EXPECT_EQ(usage->rss_bytes, 1024U * 1024);
    EXPECT_EQ(usage->rss_peak_bytes, 2048U * 1024);
    EXPECT_EQ(usage->threads, 105U);
}

TEST(ProcessUsage, RefusesTextsThatAreCutOff) {
    EXPECT_FALSE(parse_usage("", kStatus, 100));
    EXPECT_FALSE(parse_usage("4242 (a) S 1 4242", kStatus, 100));
    EXPECT_FALSE(parse_usage(kStat, "Name:\tkthreadd\n", 100));
}

TEST(ProcessUsage, SeesThisProcess) {
    const Result<ProcessUsage> usage = usage_of(::getpid());
    ASSERT_TRUE(usage) << usage.error().detail;
    EXPECT_GT(usage->rss_bytes, 0U);
    EXPECT_GE(usage->rss_peak_bytes, usage->rss_bytes);
    EXPECT_GE(usage->threads, 1U);
}

TEST(ProcessUsage, SaysThatThereIsNoSuchProcess) {
    const Result<ProcessUsage> usage = usage_of(INT32_MAX);
    ASSERT_FALSE(usage);
    EXPECT_EQ(usage.error().detail, "there is no process 2147483647");
}

}  // namespace
}  // namespace moldau::load
