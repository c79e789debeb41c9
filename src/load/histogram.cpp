#include "histogram.hpp"

#include <algorithm>
#include <bit>
#include <cmath>

namespace moldau::load {
namespace {

constexpr unsigned kValueBits = 63;

}  // namespace

// Values of one length in bits share 2^kBits buckets; the shortest ones have a bucket each.
std::size_t Histogram::bucket_of(std::uint64_t value) {
    const auto length = static_cast<unsigned>(std::bit_width(value));
    const unsigned dropped = length <= kBits + 1 ? 0 : length - (kBits + 1);
    return (std::size_t{dropped} << kBits) + static_cast<std::size_t>(value >> dropped);
}

std::uint64_t Histogram::last_of(std::size_t bucket) {
    constexpr std::size_t kExact = std::size_t{2} << kBits;
    if (bucket < kExact) return bucket;
    const std::size_t dropped = (bucket >> kBits) - 1;
    const std::uint64_t head = bucket - (dropped << kBits);
    return ((head + 1) << dropped) - 1;
}

Histogram::Histogram() : counts_(bucket_of((std::uint64_t{1} << kValueBits) - 1) + 1) {}

void Histogram::record(std::int64_t value, std::uint64_t count) {
    const std::int64_t counted = std::max<std::int64_t>(value, 0);
    counts_[bucket_of(static_cast<std::uint64_t>(counted))] += count;
    count_ += count;
    if (count != 0) max_ = std::max(max_, counted);
    sum_ += static_cast<double>(counted) * static_cast<double>(count);
}

void Histogram::merge(const Histogram& other) {
    for (std::size_t i = 0; i < counts_.size(); ++i) counts_[i] += other.counts_[i];
    count_ += other.count_;
    max_ = std::max(max_, other.max_);
    sum_ += other.sum_;
}

Histogram Histogram::since(const Histogram& earlier) const {
    Histogram later;
    for (std::size_t i = 0; i < counts_.size(); ++i) {
        later.counts_[i] = counts_[i] - earlier.counts_[i];
        if (later.counts_[i] != 0)
            later.max_ = std::min(static_cast<std::int64_t>(last_of(i)), max_);
    }
    later.count_ = count_ - earlier.count_;
    later.sum_ = sum_ - earlier.sum_;
    return later;
}

std::span<const std::uint64_t> Histogram::counts() const {
    const std::size_t used = count_ == 0 ? 0 : bucket_of(static_cast<std::uint64_t>(max_)) + 1;
    return std::span(counts_).first(used);
}

double Histogram::mean() const {
    return count_ == 0 ? 0 : sum_ / static_cast<double>(count_);
}

std::int64_t Histogram::quantile(double share) const {
    const double wanted = std::ceil(share * static_cast<double>(count_));
    std::uint64_t left = std::clamp<std::uint64_t>(
        static_cast<std::uint64_t>(std::max(wanted, 1.0)), 1, std::max<std::uint64_t>(count_, 1));
    for (std::size_t i = 0; i < counts_.size(); ++i) {
        if (counts_[i] >= left) return std::min(static_cast<std::int64_t>(last_of(i)), max_);
        left -= counts_[i];
    }
    return max_;
}

}  // namespace moldau::load
