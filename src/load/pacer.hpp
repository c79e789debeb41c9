// When records are to be sent: so many a second, whatever becomes of those before. A late answer
// puts off no later record, so that a latency counted from here leaves nothing out (no coordinated
// omission).
#pragma once

#include "moldau/base/time.hpp"

#include <cstdint>

namespace moldau::load {

/// One producer's part of the schedule: of the records 0, 1, 2, … it has `index`, `index + of`, ….
struct Share {
    std::uint64_t index = 0;
    std::uint64_t of = 1;
};

/// How many of `total` things are its.
inline std::uint64_t part_of(std::uint64_t total, Share share) {
    return total / share.of + (share.index < total % share.of ? 1 : 0);
}

class Pacer {
public:
    /// `records_per_second` is from 1 to 10^9, over all producers.
    Pacer(MonoTime start, std::uint64_t records_per_second, Share share)
        : start_(start), rate_(records_per_second), share_(share) {}

    /// The time of this producer's `record`-th record, from 0.
    MonoTime time_of(std::uint64_t record) const;
    /// How many of its records have their time at `now` or before.
    std::uint64_t due(MonoTime now) const;

private:
    MonoTime start_;
    std::uint64_t rate_;
    Share share_;
};

}  // namespace moldau::load
