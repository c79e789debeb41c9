#include "moldau/quota/rate.hpp"

#include <algorithm>
#include <cmath>
#include <limits>

namespace moldau::quota {
namespace {

double seconds(Duration time) {
    return std::chrono::duration<double>(time).count();
}

bool is_over(const Sample& sample, MonoTime now, Duration span) {
    return now - sample.last >= span;
}

}  // namespace

Duration Windows::span() const {
    const Duration one = size;
    return one > Duration::max() / samples ? Duration::max() : one * samples;
}

double Windows::span_seconds() const {
    return static_cast<double>(samples) * static_cast<double>(size.count());
}

std::size_t Rate::record(MonoTime now, double value) {
    const bool is_first = samples_.empty();
    const bool has_ended = !is_first && now - samples_[current_].start >= windows_.size;
    if (is_first || has_ended) {
        const std::size_t most = static_cast<std::size_t>(windows_.samples) + 1;
        current_ = is_first ? 0 : (current_ + 1) % most;
        const Sample fresh{.start = now, .last = now, .value = 0};
        if (current_ == samples_.size()) {
            samples_.push_back(fresh);
        } else {
            samples_[current_] = fresh;
        }
    }
    samples_[current_].value += value;
    samples_[current_].last = now;
    return current_;
}

bool Rate::is_over(MonoTime now) const {
    return samples_.empty() || quota::is_over(samples_[current_], now, windows_.span());
}

Observed observe(const Windows& windows, MonoTime now, std::span<const Sample> samples) {
    const Duration span = windows.span();
    double value = 0;
    MonoTime oldest = now;
    for (const Sample& each : samples) {
        if (is_over(each, now, span)) continue;
        value += each.value;
        oldest = std::min(oldest, each.start);
    }
    const Duration elapsed = now - oldest;
    const Duration::rep whole = elapsed / windows.size;
    const Duration::rep least = windows.samples - 1;
    double window = seconds(elapsed);
    if (whole < least)
        window += static_cast<double>(least - whole) * static_cast<double>(windows.size.count());
    constexpr double kLeastSeconds = 0.001;
    window = std::max(window, kLeastSeconds);
    return {.per_second = value / window, .window_seconds = window};
}

Milliseconds throttle_time(const Observed& observed, double bound) {
    if (observed.per_second <= bound) return Milliseconds(0);
    const double ms = (observed.per_second - bound) / bound * observed.window_seconds * 1000;
    // What the protocol can tell is the most.
    constexpr std::int32_t kMost = std::numeric_limits<std::int32_t>::max();
    if (!(ms < kMost)) return Milliseconds(kMost);
    return Milliseconds(std::llround(ms));
}

}  // namespace moldau::quota
