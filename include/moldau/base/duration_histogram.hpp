// How long things took: counts in log-linear buckets, a few hundred bytes for durations by the
// million. One writer; a copy of it can be added to others.
#pragma once

#include "moldau/base/time.hpp"

#include <algorithm>
#include <array>
#include <bit>
#include <cstddef>
#include <cstdint>

namespace moldau {

/// Two buckets for each power of two from 1.024 µs to 68.7 s, one below and one above. A duration
/// is counted in the first bucket whose bound is not less than it.
class DurationHistogram {
public:
    static constexpr unsigned kFirstBits = 10;  // the first bound is 2^10 ns
    static constexpr unsigned kLastBits = 36;   // and the last 2^36 ns
    static constexpr std::size_t kBounds = 2 * (kLastBits - kFirstBits) + 1;
    static constexpr std::size_t kBuckets = kBounds + 1;

    void record(Duration took) {
        const Duration counted = std::max(took, Duration(0));
        ++counts_[bucket_of(counted)];
        sum_ += counted;
    }
    void add(const DurationHistogram& other) {
        for (std::size_t i = 0; i < kBuckets; ++i) counts_[i] += other.counts_[i];
        sum_ += other.sum_;
    }

    const std::array<std::uint64_t, kBuckets>& counts() const { return counts_; }
    Duration sum() const { return sum_; }
    std::uint64_t count() const {
        std::uint64_t all = 0;
        for (const std::uint64_t each : counts_) all += each;
        return all;
    }

    static std::size_t bucket_of(Duration took) {
        // Less one, so that a bound itself is still below its bound.
        const auto below = static_cast<std::uint64_t>(std::max<Duration::rep>(took.count(), 1) - 1);
        const auto bits = static_cast<unsigned>(std::bit_width(below));
        if (bits <= kFirstBits) return 0;
        if (bits > kLastBits) return kBounds;
        return 2 * std::size_t{bits - kFirstBits} - 1 + ((below >> (bits - 2)) & 1U);
    }
    /// Of a bucket below the last, which has none.
    static Duration bound_of(std::size_t bucket) {
        const std::uint64_t power = std::uint64_t{1} << (kFirstBits + bucket / 2);
        return Duration(static_cast<Duration::rep>(bucket % 2 == 0 ? power : power + power / 2));
    }

private:
    std::array<std::uint64_t, kBuckets> counts_{};
    Duration sum_{0};
};

}  // namespace moldau
