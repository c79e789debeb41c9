// Durations by the million in 57 KiB: log-linear buckets, those of an HdrHistogram with two
// significant digits.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

namespace moldau::load {

/// Counts values from 0 to 2^63 - 1. Those below 256 are kept exactly, others in buckets that are
/// at most 1/128 of their values wide.
class Histogram {
public:
    Histogram();

    /// A negative value counts as 0: clocks of two machines may disagree.
    void record(std::int64_t value, std::uint64_t count = 1);
    void merge(const Histogram& other);
    /// What was recorded since this histogram was `earlier`. Its largest value is then known to a
    /// bucket only.
    Histogram since(const Histogram& earlier) const;

    std::uint64_t count() const { return count_; }
    std::int64_t max() const { return max_; }
    double mean() const;
    /// A value that `share` of all values do not exceed: the end of its bucket, never above the
    /// largest value itself. 0 when there are none.
    std::int64_t quantile(double share) const;

    /// By bucket, in the order of their values; to the last that is not empty.
    std::span<const std::uint64_t> counts() const;

private:
    static constexpr unsigned kBits = 7;  // a bucket is 2^-kBits of its values wide
    static std::size_t bucket_of(std::uint64_t value);
    static std::uint64_t last_of(std::size_t bucket);

    std::vector<std::uint64_t> counts_;
    std::uint64_t count_ = 0;
    std::int64_t max_ = 0;
    double sum_ = 0;
};

}  // namespace moldau::load
