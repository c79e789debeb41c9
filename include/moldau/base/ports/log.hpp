// Port: where log lines go. The world's sink (spdlog) is in metrics, the simulator's collects lines
// with virtual time. A line is a sentence constant enough to grep, then key=value. Cores do not
// log: their drivers do.
#pragma once

#include <fmt/core.h>

#include <cstdint>
#include <optional>
#include <string_view>
#include <utility>

namespace moldau {

enum class LogLevel : std::uint8_t {
    trace,  // per batch
    debug,  // per request
    info,   // rare state changes
    warn,   // we coped, look in the morning
    error,  // someone must act
};

class LogSink {
public:
    virtual ~LogSink() = default;
    virtual bool enabled(LogLevel level) const = 0;
    virtual void write(LogLevel level, std::string_view line) = 0;  // safe from every thread
    /// The least important level that is written; nothing: it is not told, nor can it be changed.
    virtual std::optional<LogLevel> level() const { return std::nullopt; }
    virtual void set_level(LogLevel /*level*/) {}  // safe from every thread
    /// As write(), of what the line is to be made from: a sink that tells keys from values looks
    /// there, since a value may hold anything.
    virtual void write_formatted(LogLevel level, fmt::string_view format, fmt::format_args args) {
        write(level, fmt::vformat(format, args));
    }
};

/// What code holds to write lines with: a reference to the sink, formatted only when somebody
/// listens.
class Logger {
public:
    explicit Logger(LogSink& sink) : sink_(&sink) {}

    template <class... Args>
    void trace(fmt::format_string<Args...> text, Args&&... args) const {
        write(LogLevel::trace, text, std::forward<Args>(args)...);
    }
    template <class... Args>
    void debug(fmt::format_string<Args...> text, Args&&... args) const {
        write(LogLevel::debug, text, std::forward<Args>(args)...);
    }
    template <class... Args>
    void info(fmt::format_string<Args...> text, Args&&... args) const {
        write(LogLevel::info, text, std::forward<Args>(args)...);
    }
    template <class... Args>
    void warn(fmt::format_string<Args...> text, Args&&... args) const {
        write(LogLevel::warn, text, std::forward<Args>(args)...);
    }
    template <class... Args>
    void error(fmt::format_string<Args...> text, Args&&... args) const {
        write(LogLevel::error, text, std::forward<Args>(args)...);
    }

    LogSink& sink() const { return *sink_; }

private:
    template <class... Args>
    void write(LogLevel level, fmt::format_string<Args...> text, Args&&... args) const {
        if (sink_->enabled(level))
            sink_->write_formatted(level, text, fmt::make_format_args(args...));
    }

    LogSink* sink_;
};

}  // namespace moldau
