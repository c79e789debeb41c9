#include "moldau/metrics/log_sink.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <atomic>
#include <pthread.h>
#include <sstream>
#include <string>
#include <thread>
#include <vector>

namespace moldau::metrics {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

class SetClock final : public Clock {
public:
    MonoTime now() const override { return MonoTime(Duration(mono.load())); }
    Timestamp wall() const override { return {.ms = wall_ms}; }
    void advance(Duration by) { mono += by.count(); }
    std::atomic<Duration::rep> mono = 0;
    std::int64_t wall_ms = 1'795'370'400'123;  // 2026-11-22T18:00:00.123Z
};

/// A stream whose lines can be read back.
class Stream {
public:
    Stream() : file_(std::tmpfile()) {}
    ~Stream() { std::fclose(file_); }
    Stream(const Stream&) = delete;
    Stream& operator=(const Stream&) = delete;
    std::FILE* file() { return file_; }
    std::vector<std::string> lines() {
        std::string text(static_cast<std::size_t>(std::ftell(file_)), '\0');
        std::rewind(file_);
        text.resize(std::fread(text.data(), 1, text.size(), file_));
        std::fseek(file_, 0, SEEK_END);  // between reading and writing, C asks for it
        std::istringstream stream(text);
        std::vector<std::string> all;
        for (std::string line; std::getline(stream, line);) all.push_back(line);
        return all;
    }

private:
    std::FILE* file_;
};

/// Gives this thread a name while it lives.
class ThreadName {
public:
    explicit ThreadName(const char* name) {
        pthread_getname_np(pthread_self(), before_, sizeof before_);
        pthread_setname_np(pthread_self(), name);
    }
    ~ThreadName() { pthread_setname_np(pthread_self(), before_); }

private:
    char before_[16] = {};
};

TEST(StreamLogSink, WritesTimeLevelThreadAndLine) {
    const ThreadName name("shard-3");
    const SetClock clock;
    Stream stream;
    StreamLogSink sink(stream.file(), clock, LogLevel::trace);
    const Logger log(sink);
    log.info("became leader topic={} partition={}", "orders", 3);
    log.error("stopped");
    EXPECT_THAT(stream.lines(),
                ElementsAre("2026-11-22T18:00:00.123Z info  shard-3 became leader topic=orders "
                            "partition=3",
                            "2026-11-22T18:00:00.123Z error shard-3 stopped"));
}

TEST(StreamLogSink, LeavesOutWhatIsBelowItsLevel) {
    const SetClock clock;
    Stream stream;
    StreamLogSink sink(stream.file(), clock, LogLevel::warn);
    for (const LogLevel level :
         {LogLevel::trace, LogLevel::debug, LogLevel::info, LogLevel::warn, LogLevel::error}) {
        EXPECT_EQ(sink.enabled(level), level >= LogLevel::warn);
        sink.write(level, "line");
    }
    EXPECT_EQ(stream.lines().size(), 2U);
}

TEST(StreamLogSink, TakesAnotherLevelWhileItIsInUse) {
    const SetClock clock;
    Stream stream;
    StreamLogSink sink(stream.file(), clock, LogLevel::info);
    EXPECT_EQ(sink.level(), LogLevel::info);
    Logger(sink).debug("unheard");
    sink.set_level(LogLevel::debug);
    EXPECT_EQ(sink.level(), LogLevel::debug);
    Logger(sink).debug("heard");
    EXPECT_EQ(stream.lines().size(), 1U);
}

TEST(StreamLogSink, KeepsAClientFromWritingLinesOfItsOwn) {
    const ThreadName name("main");
    const SetClock clock;
    Stream stream;
    StreamLogSink sink(stream.file(), clock, LogLevel::info);
    Logger(sink).info("client connected id={}", "x\n2026 error main all is lost %v {}");
    EXPECT_THAT(
        stream.lines(),
        ElementsAre("2026-11-22T18:00:00.123Z info  main client connected id=x\\n2026 error "
                    "main all is lost %v {}"));
}

TEST(StreamLogSink, WritesAnObjectALineWhereItIsAskedForJson) {
    const ThreadName name("shard-3");
    SetClock clock;
    Stream stream;
    {
        StreamLogSink sink(stream.file(), clock, LogLevel::info, LogFormat::json);
        Logger(sink).info("became leader topic={} partition={}", "or\nders", 3);
        sink.write(LogLevel::error, "said=as it is");
        for (int i = 0; i < 25; ++i) Logger(sink).warn("refused peer={}", i);
        clock.advance(std::chrono::seconds(5));
        sink.tick();
    }
    const auto lines = stream.lines();
    ASSERT_EQ(lines.size(), 23U);
    EXPECT_EQ(lines[0],
              R"({"ts":"2026-11-22T18:00:00.123Z","level":"info","thread":"shard-3","message":)"
              R"("became leader","topic":"or\u000aders","partition":3,"shard":3})");
    EXPECT_EQ(lines[1],
              R"({"ts":"2026-11-22T18:00:00.123Z","level":"error","thread":"shard-3","message":)"
              R"("said=as it is","shard":3})");
    EXPECT_THAT(lines.back(), HasSubstr(R"("message":"refused","repeated":5,"shard":3})"));
}

TEST(StreamLogSink, CountsRepeatsAndTellsTheCountWhenTheWindowIsOver) {
    const ThreadName name("main");
    SetClock clock;
    Stream stream;
    {
        StreamLogSink sink(stream.file(), clock, LogLevel::debug);
        for (int i = 0; i < 50; ++i) Logger(sink).warn("refused peer={}", i);
        sink.tick();
        EXPECT_EQ(stream.lines().size(), 20U) << "the window is not over";
        clock.advance(std::chrono::seconds(5));
        sink.tick();
        EXPECT_THAT(stream.lines().back(), HasSubstr(" warn  main refused (repeated 30 times)"));
        for (int i = 0; i < 22; ++i) Logger(sink).warn("refused peer={}", i);
        EXPECT_EQ(stream.lines().size(), 41U);
        clock.advance(std::chrono::seconds(5));
        Logger(sink).info("another");
        const auto lines = stream.lines();
        ASSERT_EQ(lines.size(), 43U) << "the next line brings the count with it";
        EXPECT_THAT(lines[41], HasSubstr("refused (repeated 2 times)"));
        for (int i = 0; i < 21; ++i) Logger(sink).error("broken");
        for (int i = 0; i < 100; ++i) Logger(sink).debug("asked for");
        EXPECT_EQ(stream.lines().size(), 43U + 20 + 100) << "debug is never held back";
    }
    EXPECT_THAT(stream.lines().back(), HasSubstr(" error main broken (repeated 1 times)"));
}

TEST(StreamLogSink, KeepsLinesOfManyThreadsWhole) {
    const SetClock clock;
    Stream stream;
    StreamLogSink sink(stream.file(), clock, LogLevel::debug);
    constexpr std::size_t kThreads = 4;
    constexpr std::size_t kLines = 500;
    {
        std::vector<std::jthread> threads;
        for (std::size_t t = 0; t < kThreads; ++t)
            threads.emplace_back([&sink, t] {
                for (std::size_t i = 0; i < kLines; ++i)
                    Logger(sink).debug("line thread={} {}", t, std::string(200, 'x'));
            });
    }
    const auto lines = stream.lines();
    EXPECT_EQ(lines.size(), kThreads * kLines);
    for (const std::string& line : lines)
        ASSERT_TRUE(line.starts_with("2026-11-22T18:00:00.123Z debug ") && line.ends_with("xxx"));
}

TEST(LogLevelNamed, KnowsTheValuesOfTheSetting) {
    EXPECT_EQ(log_level_named("trace"), LogLevel::trace);
    EXPECT_EQ(log_level_named("warn"), LogLevel::warn);
    EXPECT_EQ(log_level_named("error"), LogLevel::error);
    EXPECT_EQ(log_level_named("WARN"), std::nullopt);
    EXPECT_EQ(log_level_named("fatal"), std::nullopt);
}

}  // namespace
}  // namespace moldau::metrics
