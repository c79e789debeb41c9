// Log lines of a command line tool: only what is wrong, on stderr.
#pragma once

#include "moldau/base/ports/log.hpp"

#include <fmt/core.h>

#include <cstdio>

namespace moldau::cli {

class TalkSink final : public LogSink {
public:
    bool enabled(LogLevel level) const override { return level >= LogLevel::warn; }
    void write(LogLevel, std::string_view line) override {
        fmt::print(stderr, "warning: {}\n", line);
    }
};

}  // namespace moldau::cli
