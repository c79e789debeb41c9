// What one shard has recorded of a rate that several shards share: written there, read on all.
#pragma once

#include "moldau/quota/rate.hpp"

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <vector>

namespace moldau::broker {

class RateWindow {
public:
    explicit RateWindow(quota::Windows windows)
        : rate_(windows), published_(static_cast<std::size_t>(windows.samples) + 1) {}
    RateWindow(const RateWindow&) = delete;
    RateWindow& operator=(const RateWindow&) = delete;

    /// On its own shard, as the next one.
    void record(MonoTime now, double value);
    bool is_over(MonoTime now) const { return rate_.is_over(now); }

    /// Adds its samples to `to`, as they were at one moment; from any shard. None while its own
    /// shard is held up in the middle of writing: nobody waits for another.
    void read(std::vector<quota::Sample>& to) const;

    /// Of memory, for one with such windows.
    static std::size_t bytes_of(const quota::Windows& windows) {
        return sizeof(RateWindow) + (static_cast<std::size_t>(windows.samples) + 1) *
                                        (sizeof(Published) + sizeof(quota::Sample));
    }

private:
    struct Published {
        std::atomic<Duration::rep> start = 0, last = 0;
        std::atomic<double> value = 0;
    };

    quota::Rate rate_;
    // A copy of its samples. The version is odd while one of them is written; who reads sees the
    // same even one before and after.
    std::atomic<std::uint64_t> version_ = 0;
    std::atomic<std::size_t> count_ = 0;
    std::vector<Published> published_;
};

}  // namespace moldau::broker
