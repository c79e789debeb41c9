#include "moldau/metrics/log_sink.hpp"

#include "json_line.hpp"
#include "repeat_limiter.hpp"

#include "moldau/metrics/log_text.hpp"

#include <fmt/format.h>
#include <spdlog/details/null_mutex.h>
#include <spdlog/logger.h>
#include <spdlog/sinks/stdout_sinks.h>

#include <array>
#include <chrono>
#include <ctime>
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

std::string iso_time(Timestamp time) {
    const std::time_t seconds = static_cast<std::time_t>(time.ms / 1000);
    std::tm utc{};
    gmtime_r(&seconds, &utc);
    return fmt::format("{:04}-{:02}-{:02}T{:02}:{:02}:{:02}.{:03}Z", utc.tm_year + 1900,
                       utc.tm_mon + 1, utc.tm_mday, utc.tm_hour, utc.tm_min, utc.tm_sec,
                       time.ms % 1000);
}

// spdlog's own lock is left out: ours holds the limiter and the stream together.
using StreamSink = spdlog::sinks::stdout_sink_base<spdlog::details::console_nullmutex>;

}  // namespace

struct StreamLogSink::Parts {
    Parts(std::FILE* to, const Clock& of_clock, LogFormat of_lines)
        : clock(of_clock),
          format(of_lines),
          limiter({}),
          logger("moldau", std::make_shared<StreamSink>(to)) {
        logger.set_level(spdlog::level::trace);
        logger.set_pattern(format == LogFormat::json ? "%v" : "%Y-%m-%dT%H:%M:%S.%eZ %v",
                           spdlog::pattern_time_type::utc);
    }

    void write_json(LogLevel level, std::string_view thread, const JsonLine& line) {
        logger.log(spdlog::level::critical,
                   json_object(iso_time(clock.wall()), name(level), thread, line, kLineBytesMax));
    }

    void write_line(LogLevel level, std::string_view thread, std::string_view text) {
        const spdlog::log_clock::time_point time{std::chrono::milliseconds(clock.wall().ms)};
        logger.log(time, spdlog::source_loc{}, spdlog::level::critical,
                   fmt::format("{:<5} {} {}", name(level), thread, text));
    }

    void write_repeats(std::string_view thread, const std::vector<RepeatLimiter::Repeats>& all) {
        for (const RepeatLimiter::Repeats& repeats : all) {
            const std::string sentence = repeats.sentence.empty()
                                             ? "lines of other kinds"
                                             : printable(repeats.sentence, kLineBytesMax);
            if (format == LogFormat::json)
                write_json(repeats.level, thread,
                           {sentence, {{"repeated", std::to_string(repeats.count)}}});
            else
                write_line(repeats.level, thread,
                           fmt::format("{} (repeated {} times)", sentence, repeats.count));
        }
    }

    /// Whether a line may be written, after the counts that are due. Who wants debug wants every
    /// line of it.
    bool admit(LogLevel level, std::string_view thread, std::string_view line) {
        const MonoTime now = clock.now();
        write_repeats(thread, limiter.take_due(now));
        return level < LogLevel::info || limiter.admit(now, level, line);
    }

    const Clock& clock;
    const LogFormat format;
    std::mutex mutex;  // over everything below
    RepeatLimiter limiter;
    spdlog::logger logger;
};

std::optional<LogLevel> log_level_named(std::string_view wanted) {
    for (std::size_t i = 0; i < kLevelNames.size(); ++i)
        if (kLevelNames[i] == wanted) return static_cast<LogLevel>(i);
    return std::nullopt;
}

StreamLogSink::StreamLogSink(std::FILE* to, const Clock& clock, LogLevel level, LogFormat format)
    : level_(level), parts_(std::make_unique<Parts>(to, clock, format)) {}

StreamLogSink::~StreamLogSink() {
    parts_->write_repeats(thread_name(), parts_->limiter.take_all());
}

void StreamLogSink::write(LogLevel level, std::string_view line) {
    write_formatted(level, "{}", fmt::make_format_args(line));
}

void StreamLogSink::write_formatted(LogLevel level, fmt::string_view format,
                                    fmt::format_args args) {
    if (!enabled(level)) return;
    const std::string thread = thread_name();
    const std::string line = fmt::vformat(format, args);
    const std::lock_guard lock(parts_->mutex);
    if (!parts_->admit(level, thread, line)) return;
    if (parts_->format == LogFormat::json)
        parts_->write_json(level, thread, json_line(format, args, kLineBytesMax));
    else
        parts_->write_line(level, thread, printable(line, kLineBytesMax));
}

void StreamLogSink::tick() {
    const std::string thread = thread_name();
    const std::lock_guard lock(parts_->mutex);
    parts_->write_repeats(thread, parts_->limiter.take_due(parts_->clock.now()));
}

}  // namespace moldau::metrics
