// How fast something happened lately, and how long to wait so that it happens no faster. Arithmetic
// on times that are given: no clock.
#pragma once

#include "moldau/base/time.hpp"

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

namespace moldau::quota {

using Milliseconds = std::chrono::milliseconds;

/// What rates are observed over: so many samples of such a length (quota.window.num,
/// quota.window.size.seconds).
struct Windows {
    std::int32_t samples = 11;
    std::chrono::seconds size{1};

    /// All samples together; Duration::max() where they would be longer.
    Duration span() const;
    /// The same in seconds.
    double span_seconds() const;
};

/// What happened from `start` on, for one window at most.
struct Sample {
    MonoTime start;
    MonoTime last;  // when something was recorded last
    double value = 0;
};

/// The samples of the last windows. A window begins with what is recorded when the one before it is
/// over, not at a multiple of its length; one sample more than `samples` is kept, since the oldest
/// may reach into the time that is looked at.
class Rate {
public:
    explicit Rate(Windows windows) : windows_(windows) {}

    /// A negative value takes back what was recorded. The index of the sample that it went into.
    std::size_t record(MonoTime now, double value);
    std::span<const Sample> samples() const { return samples_; }
    /// Nothing that was recorded counts any more.
    bool is_over(MonoTime now) const;

private:
    Windows windows_;
    std::vector<Sample> samples_;  // a ring, once it is full
    std::size_t current_ = 0;
};

struct Observed {
    double per_second = 0;
    double window_seconds = 0;  // that it was observed over
};

/// Over samples of one rate or of several, which then count as one. A sample counts until nothing
/// was added to it for all windows. The time that the value is divided by runs from the oldest
/// sample's start, and is at least all windows but one and what of the newest has passed, so that
/// the first moments are no burst.
Observed observe(const Windows& windows, MonoTime now, std::span<const Sample> samples);

/// How long nothing should be added until `observed` has come down to `bound`; 0 where it is not
/// above.
Milliseconds throttle_time(const Observed& observed, double bound);

}  // namespace moldau::quota
