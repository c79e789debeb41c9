#include "moldau/io/system_clock.hpp"

#include <ctime>

namespace moldau::io {
namespace {

std::int64_t nanoseconds_of(clockid_t clock) {
    timespec time{};
    clock_gettime(clock, &time);  // cannot fail for these clocks
    return static_cast<std::int64_t>(time.tv_sec) * 1'000'000'000 + time.tv_nsec;
}

}  // namespace

MonoTime SystemClock::now() const {
    return MonoTime(Duration(nanoseconds_of(CLOCK_MONOTONIC)));
}

Timestamp SystemClock::wall() const {
    return {nanoseconds_of(CLOCK_REALTIME) / 1'000'000};
}

}  // namespace moldau::io
