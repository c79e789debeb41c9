#include "quotas/rate_window.hpp"

namespace moldau::broker {
namespace {

/// Writing takes a few nanoseconds: who meets it more often meets a shard that does not run.
constexpr int kTriesMax = 16;

}  // namespace

void RateWindow::record(MonoTime now, double value) {
    const std::size_t index = rate_.record(now, value);
    const quota::Sample& sample = rate_.samples()[index];
    // Each store is a release, so that none is seen before the odd version is.
    const std::uint64_t version = version_.load(std::memory_order_relaxed);
    version_.store(version + 1, std::memory_order_relaxed);
    Published& to = published_[index];
    to.start.store(sample.start.time_since_epoch().count(), std::memory_order_release);
    to.last.store(sample.last.time_since_epoch().count(), std::memory_order_release);
    to.value.store(sample.value, std::memory_order_release);
    count_.store(rate_.samples().size(), std::memory_order_release);
    version_.store(version + 2, std::memory_order_release);
}

void RateWindow::read(std::vector<quota::Sample>& to) const {
    const std::size_t before = to.size();
    for (int tries = 0; tries < kTriesMax; ++tries) {
        const std::uint64_t version = version_.load(std::memory_order_acquire);
        if (version % 2 != 0) continue;
        const std::size_t count = count_.load(std::memory_order_acquire);
        for (std::size_t i = 0; i < count; ++i) {
            const Published& from = published_[i];
            to.push_back({.start = MonoTime(Duration(from.start.load(std::memory_order_acquire))),
                          .last = MonoTime(Duration(from.last.load(std::memory_order_acquire))),
                          .value = from.value.load(std::memory_order_acquire)});
        }
        if (version_.load(std::memory_order_relaxed) == version) return;
        to.resize(before);
    }
}

}  // namespace moldau::broker
