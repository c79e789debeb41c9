#include "moldau/metrics/log_sink.hpp"

#include "log_text.hpp"
#include "repeat_limiter.hpp"

#include <fmt/format.h>
#include <spdlog/details/null_mutex.h>
#include <spdlog/logger.h>
#include <spdlog/sinks/stdout_sinks.h>

#include <array>
#include <chrono>
#include <mutex>
#include <pthread.h>
#include <string>

namespace moldau::metrics {

namespace {

constexpr std::size_t kLineBytesMax = 4096;
constexpr std::array<std::string_view, 5> kLevelNames = {"trace", "debug", "info", "warn", "error"};

std::string_view name(LogLevel level) {
    return kLevelNames.at(static_cast<std::size_t>(level));
}

/// Asked for each line: runtime names a shard's thread only after it has started.
std::string thread_name() {
    std::array<char, 16> bytes{};  // Linux allows no more
    if (pthread_getname_np(pthread_self(), bytes.data(), bytes.size()) != 0) return "?";
    return printable(bytes.data(), bytes.size());
}

// spdlog's own lock is left out: ours holds the limiter and the stream together.
using StreamSink = spdlog::sinks::stdout_sink_base<spdlog::details::console_nullmutex>;

}  // namespace

struct TextLogSink::Parts {
    Parts(std::FILE* to, const Clock& of_clock)
        : clock(of_clock), limiter({}), logger("moldau", std::make_shared<StreamSink>(to)) {
        logger.set_level(spdlog::level::trace);
        logger.set_pattern("%Y-%m-%dT%H:%M:%S.%eZ %v", spdlog::pattern_time_type::utc);
    }

    void write_line(LogLevel level, std::string_view thread, std::string_view text) {
        const spdlog::log_clock::time_point time{std::chrono::milliseconds(clock.wall().ms)};
        logger.log(time, spdlog::source_loc{}, spdlog::level::critical,
                   fmt::format("{:<5} {} {}", name(level), thread, text));
    }

    void write_repeats(std::string_view thread, const std::vector<RepeatLimiter::Repeats>& all) {
        for (const RepeatLimiter::Repeats& repeats : all)
            write_line(
                repeats.level, thread,
                fmt::format("{} (repeated {} times)",
                            repeats.sentence.empty() ? "lines of other kinds"
                                                     : printable(repeats.sentence, kLineBytesMax),
                            repeats.count));
    }

    const Clock& clock;
    std::mutex mutex;  // over everything below
    RepeatLimiter limiter;
    spdlog::logger logger;
};

std::optional<LogLevel> log_level_named(std::string_view wanted) {
    for (std::size_t i = 0; i < kLevelNames.size(); ++i)
        if (kLevelNames[i] == wanted) return static_cast<LogLevel>(i);
    return std::nullopt;
}

TextLogSink::TextLogSink(std::FILE* to, const Clock& clock, LogLevel level)
    : level_(level), parts_(std::make_unique<Parts>(to, clock)) {}

TextLogSink::~TextLogSink() {
    parts_->write_repeats(thread_name(), parts_->limiter.take_all());
}

void TextLogSink::write(LogLevel level, std::string_view line) {
    if (!enabled(level)) return;
    const std::string thread = thread_name();
    const std::lock_guard lock(parts_->mutex);
    const MonoTime now = parts_->clock.now();
    parts_->write_repeats(thread, parts_->limiter.take_due(now));
    // Who asked for debug wants every line of it.
    if (level >= LogLevel::info && !parts_->limiter.admit(now, level, line)) return;
    parts_->write_line(level, thread, printable(line, kLineBytesMax));
}

void TextLogSink::tick() {
    const std::string thread = thread_name();
    const std::lock_guard lock(parts_->mutex);
    parts_->write_repeats(thread, parts_->limiter.take_due(parts_->clock.now()));
}

}  // namespace moldau::metrics
