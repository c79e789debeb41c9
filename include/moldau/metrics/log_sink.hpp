// Where the log goes in the world: lines on a stream, of text for people or of JSON for programs.
#pragma once

#include "moldau/base/ports/clock.hpp"
#include "moldau/base/ports/log.hpp"

#include <atomic>
#include <cstdint>
#include <cstdio>
#include <memory>
#include <optional>
#include <string_view>

namespace moldau::metrics {

/// `trace`, `debug`, `info`, `warn`, `error`: the values of the setting moldau.log.level.
std::optional<LogLevel> log_level_named(std::string_view name);

/// The values of the setting moldau.log.format.
enum class LogFormat : std::uint8_t { text, json };

/// `2026-11-22T18:00:00.123Z warn  shard-0 closed connection peer=…`: time in UTC, level, thread,
/// line. What a client may have put into a line cannot harm: control characters are escaped, what
/// is long is cut. Lines of info and above that come too often are counted instead, by their
/// sentence (what stands before the first key=value), and the count is written when the window is
/// over. Safe from every thread; a write waits for the stream.
///
/// As JSON each line is an object: ts, level, thread, shard, message and a field for each key=value
/// that the line was made from; `repeated` in lines that tell a count.
class StreamLogSink final : public LogSink {
public:
    /// `to` is not closed. `clock` must outlive the sink.
    StreamLogSink(std::FILE* to, const Clock& clock, LogLevel level,
                  LogFormat format = LogFormat::text);
    ~StreamLogSink() override;  // writes the counts that are left

    bool enabled(LogLevel level) const override { return level >= level_; }
    void write(LogLevel level, std::string_view line) override;
    std::optional<LogLevel> level() const override { return level_; }
    void set_level(LogLevel level) override { level_ = level; }
    void write_formatted(LogLevel level, fmt::string_view format, fmt::format_args args) override;

    /// Writes the counts whose window is over, which else wait for the next line. Once a second
    /// will do.
    void tick();

private:
    struct Parts;

    std::atomic<LogLevel> level_;
    std::unique_ptr<Parts> parts_;
};

}  // namespace moldau::metrics
