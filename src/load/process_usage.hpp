// What a process has used, as Linux tells it in /proc/PID.
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

/// `stat` and `status` are the texts of these files. Errors: invalid_request: they are none
Result<ProcessUsage> parse_usage(std::string_view stat, std::string_view status,
                                 std::int64_t ticks_per_second);

/// Errors: invalid_request: there is no such process, or it is not ours to see
Result<ProcessUsage> usage_of(std::int32_t pid);

/// User and system time of this process.
double own_cpu_seconds();

}  // namespace moldau::load
