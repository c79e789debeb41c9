// Two times that are never mixed: MonoTime drives timers, Timestamp is what records and people see.
#pragma once

#include <chrono>
#include <compare>
#include <cstdint>

namespace moldau {

using Duration = std::chrono::nanoseconds;

struct MonoTimeTag {
    using rep = Duration::rep;
    using period = Duration::period;
    using duration = Duration;
    using time_point = std::chrono::time_point<MonoTimeTag>;
    static constexpr bool is_steady = true;  // NOLINT(readability-identifier-naming): chrono's name
};

/// A moment on the monotonic clock. No relation to any calendar; differs between runs and nodes.
using MonoTime = std::chrono::time_point<MonoTimeTag, Duration>;

/// Milliseconds since 1970-01-01 UTC, as on the wire; -1 where there is none. May jump in either
/// direction.
struct Timestamp {
    std::int64_t ms = -1;
    friend constexpr auto operator<=>(Timestamp, Timestamp) = default;
};

}  // namespace moldau
