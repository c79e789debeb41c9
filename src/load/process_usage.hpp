// What a process has used, as Linux tells it.
#pragma once

#include "moldau/base/result.hpp"

#include <cstdint>
#include <optional>
#include <string_view>

namespace moldau::load {

struct ProcessUsage {
    double cpu_seconds = 0;  // user and system, of all its threads
    std::uint64_t rss_bytes = 0;
    std::optional<std::uint64_t> rss_peak_bytes;  // where it is told
    std::optional<std::uint64_t> threads;
};

/// All but CPU time, from the text of /proc/PID/status. Errors: invalid_request: it is none
Result<ProcessUsage> parse_memory(std::string_view status);

/// CPU time is that of the process's own clock (clock_getcpuclockid(3)), in nanoseconds: /proc
/// tells it in ticks of 10 ms. Errors: invalid_request: there is no such process, or it is not ours
/// to see
Result<ProcessUsage> usage_of(std::int32_t pid);

/// User and system time of this process.
double own_cpu_seconds();

}  // namespace moldau::load
