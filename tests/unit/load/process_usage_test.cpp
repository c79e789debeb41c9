#include "process_usage.hpp"

#include <gtest/gtest.h>

#include <string>
#include <unistd.h>

namespace moldau::load {
namespace {

constexpr std::string_view kStatus =
    "Name:\ta ) (b\nUmask:\t0022\nVmHWM:\t  2048 kB\nVmRSS:\t  1024 kB\nThreads:\t105\n";

TEST(ProcessUsage, ReadsMemoryInKib) {
    const Result<ProcessUsage> usage = parse_memory(kStatus);
    ASSERT_TRUE(usage);
    EXPECT_EQ(usage->rss_bytes, 1024U * 1024);
    EXPECT_EQ(usage->rss_peak_bytes, 2048U * 1024);
    EXPECT_EQ(usage->threads, 105U);
}

TEST(ProcessUsage, RefusesTextsThatAreCutOff) {
    EXPECT_FALSE(parse_memory(""));
    EXPECT_FALSE(parse_memory("Name:\tkthreadd\n"));
    EXPECT_FALSE(parse_memory(kStatus.substr(0, kStatus.find("Threads"))));
}

TEST(ProcessUsage, SeesThisProcess) {
    const Result<ProcessUsage> usage = usage_of(::getpid());
    ASSERT_TRUE(usage) << usage.error().detail;
    EXPECT_GT(usage->rss_bytes, 0U);
    EXPECT_GE(usage->rss_peak_bytes, usage->rss_bytes);
    EXPECT_GE(usage->threads, 1U);
}

TEST(ProcessUsage, TellsCpuTimeFinerThanTheTicksOfProc) {
    const double before = usage_of(::getpid())->cpu_seconds;
    while (own_cpu_seconds() < before + 0.0001) {
    }
    const double used = usage_of(::getpid())->cpu_seconds - before;
    EXPECT_GT(used, 0.0);
    EXPECT_NEAR(usage_of(::getpid())->cpu_seconds, own_cpu_seconds(), 0.1);
}

TEST(ProcessUsage, SaysThatThereIsNoSuchProcess) {
    const Result<ProcessUsage> usage = usage_of(INT32_MAX);
    ASSERT_FALSE(usage);
    EXPECT_EQ(usage.error().detail, "there is no process 2147483647");
}

}  // namespace
}  // namespace moldau::load
