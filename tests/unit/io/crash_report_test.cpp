#include "moldau/io/crash_report.hpp"

#include "support/lone_shard.hpp"
#include "support/temporary_directory.hpp"

#include "moldau/base/check.hpp"
#include "moldau/base/version.hpp"
#include "moldau/runtime/shards.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <csignal>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <stdexcept>
#include <string>

// A sanitizer reports by itself, and the crash report leaves it to that.
#if !defined(__SANITIZE_ADDRESS__) && !__has_feature(address_sanitizer) && \
    !__has_feature(thread_sanitizer)

namespace moldau::io {
namespace {

using testing::AllOf;
using testing::ContainsRegex;
using testing::HasSubstr;
using testing::KilledBySignal;
using testing::Not;

class CrashReport : public testing::Test {
protected:
    void install(bool json = false) const {
        install_crash_report({.program = "test", .directory = directory_.path(), .json = json});
    }
    /// The only file there is.
    std::string report() const {
        std::string text;
        int files = 0;
        for (const auto& each : std::filesystem::directory_iterator(directory_.path())) {
            EXPECT_THAT(each.path().filename().string(),
                        ContainsRegex("^test-crash-[0-9]+-[0-9]+.txt$"));
            std::ifstream file(each.path());
            text.assign(std::istreambuf_iterator<char>(file), {});
            ++files;
        }
        EXPECT_EQ(files, 1);
        return text;
    }

    support::TemporaryDirectory directory_;
};

volatile int* volatile nowhere = nullptr;
void (*volatile no_code)() = nullptr;

void throws() {
    if (nowhere == nullptr) throw std::runtime_error("out of luck");
}
void throws_out_of_noexcept() noexcept {
    throws();
}

[[gnu::noinline]] int endless(volatile int* depth) {
    volatile char page[4096] = {};
    page[0] = static_cast<char>(*depth);
    *depth = *depth + 1;
    return *depth == -1 ? 0 : endless(depth) + page[0];
}

/// As the daemon's do: on a shard's thread, with its signals and its stack.
void on_a_shard(void (*job)()) {
    support::SteadyClock clock;
    support::LinesSink sink;
    runtime::Shards shards(
        {.count = 1}, clock,
        [](std::size_t) { return std::make_unique<support::CountingRandom>(); }, sink);
    (void)shards.run_on(0, [job] { job(); });
}

TEST_F(CrashReport, SaysOfAFaultWhereItWasAndOfWhichBuild) {
    EXPECT_EXIT(
        install();
        on_a_shard([] { *nowhere = 1; }), KilledBySignal(SIGSEGV),
        AllOf(HasSubstr("test crashed\nsignal 11 SIGSEGV code 1 address 0x0000000000000000\n"),
              HasSubstr("this report is in " + directory_.path() + "/test-crash-")));
    const std::string text = report();
    EXPECT_THAT(text, HasSubstr("version " + std::string(version()) + " commit " +
                                std::string(commit()) + " build-id "));
    EXPECT_THAT(text,
                ContainsRegex("build-id [0-9a-f]{40}\ntime 20[0-9-]+T[0-9:.]+Z pid [0-9]+ tid "
                              "[0-9]+ thread shard-0\npc 0x[0-9a-f]{16} test\\+0x"));
    EXPECT_THAT(text, ContainsRegex("#0 0x[0-9a-f]{16} test\\+0x[0-9a-f]+\n#1 0x[0-9a-f]{16} "));
    EXPECT_THAT(text, HasSubstr("\nend of report\n"));
    EXPECT_THAT(text, Not(HasSubstr("reason")));
}

TEST_F(CrashReport, SaysWhichCheckHasFailed) {
    const int answer = 41;
    EXPECT_EXIT(
        install();
        MOLDAU_CHECK(answer == 42, "answer={}", answer), KilledBySignal(SIGABRT),
        AllOf(HasSubstr("signal 6 SIGABRT"),
              ContainsRegex("\nreason check failed: answer == 42 at .*crash_report_test.cpp:"
                            "[0-9]+ answer=41\n")));
    EXPECT_THAT(report(), HasSubstr("answer=41"));
}

TEST_F(CrashReport, SaysWhichExceptionNobodyHasCaught) {
    EXPECT_EXIT(install(); throws_out_of_noexcept(), KilledBySignal(SIGABRT),
                           HasSubstr("\nreason terminated by out of luck\n"));
}

TEST_F(CrashReport, IsWrittenWhenTheStackIsUsedUp) {
    EXPECT_EXIT(install(); on_a_shard([] {
                               volatile int depth = 0;
                               endless(&depth);
                           }),
                           KilledBySignal(SIGSEGV),
                           ContainsRegex("thread shard-0\npc .*\nbacktrace"));
    EXPECT_THAT(report(), HasSubstr("\n#95 ")) << "the innermost frames, up to a bound";
}

TEST_F(CrashReport, FollowsTheFramesOfACallToWhereNoCodeIs) {
    EXPECT_EXIT(install(); on_a_shard([] { no_code(); }), KilledBySignal(SIGSEGV),
                           ContainsRegex("pc 0x0000000000000000 \\?\n"));
    EXPECT_THAT(report(), ContainsRegex("#0 0x0000000000000000 \\?\n#1 0x[0-9a-f]{16} test\\+0x"));
}

TEST_F(CrashReport, SaysWhoSentASignal) {
    EXPECT_EXIT(install(); ::kill(::getpid(), SIGBUS);
                ::pause(), KilledBySignal(SIGBUS),
                ContainsRegex("signal [0-9]+ SIGBUS code 0 sent by pid [0-9]+\n"));
}

TEST_F(CrashReport, IsOneLineOnStderrWhereThatIsJson) {
    EXPECT_EXIT(
        install(true);
        MOLDAU_CHECK(nowhere != nullptr, "a=\"b\"\n"), KilledBySignal(SIGABRT),
        ContainsRegex("^\\{\"ts\":\"20[0-9-]+T[0-9:.]+Z\",\"level\":\"error\",\"thread\":"
                      "\"[^\"]*\",\"message\":\"crashed\",\"signal\":\"SIGABRT\",\"address\":"
                      "\"0x0\",\"pc\":\"[^\"]+\",\"reason\":\"check failed: [^\"\\]+ a=.b..\","
                      "\"version\":\"[^\"]+\",\"commit\":\"[^\"]+\",\"report\":\"/[^\"]+\"\\}\n$"));
    EXPECT_THAT(report(), HasSubstr("end of report"));
}

TEST_F(CrashReport, GoesToStderrAloneWhereNoFileCanBeWritten) {
    EXPECT_EXIT(install_crash_report({.program = "test", .directory = "/nowhere"});
                std::abort(), KilledBySignal(SIGABRT),
                AllOf(HasSubstr("end of report"), Not(HasSubstr("this report is in"))));
}

}  // namespace
}  // namespace moldau::io

#endif
