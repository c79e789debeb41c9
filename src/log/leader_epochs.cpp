#include "moldau/log/leader_epochs.hpp"

#include <algorithm>

namespace moldau::log {

void LeaderEpochs::assign(LeaderEpoch epoch, Offset start) {
    if (epoch.value < 0) return;
    if (!starts_.empty() && starts_.back().epoch == epoch && starts_.back().start_offset <= start)
        return;
    while (!starts_.empty() &&
           (starts_.back().epoch >= epoch || starts_.back().start_offset >= start))
        starts_.pop_back();
    starts_.push_back({epoch, start});
    dirty_ = true;
}

void LeaderEpochs::truncate_end(Offset end) {
    while (!starts_.empty() && starts_.back().start_offset >= end) {
        starts_.pop_back();
        dirty_ = true;
    }
}

void LeaderEpochs::truncate_start(Offset start) {
    const auto first_after =
        std::ranges::upper_bound(starts_, start, {}, &EpochStart::start_offset);
    if (first_after == starts_.begin()) return;
    const auto holder = std::prev(first_after);
    if (holder == starts_.begin() && holder->start_offset == start) return;
    holder->start_offset = start;
    starts_.erase(starts_.begin(), holder);
    dirty_ = true;
}

void LeaderEpochs::clear() {
    if (starts_.empty()) return;
    starts_.clear();
    dirty_ = true;
}

std::optional<LeaderEpoch> LeaderEpochs::latest() const {
    if (starts_.empty()) return std::nullopt;
    return starts_.back().epoch;
}

std::optional<LeaderEpoch> LeaderEpochs::epoch_at(Offset offset) const {
    const auto first_after =
        std::ranges::upper_bound(starts_, offset, {}, &EpochStart::start_offset);
    if (first_after == starts_.begin()) return std::nullopt;
    return std::prev(first_after)->epoch;
}

std::optional<EpochEnd> LeaderEpochs::end_of(LeaderEpoch epoch, Offset log_end) const {
    if (starts_.empty() || epoch.value < 0) return std::nullopt;
    if (starts_.back().epoch == epoch) return EpochEnd{epoch, log_end};
    const auto higher = std::ranges::upper_bound(starts_, epoch, {}, &EpochStart::epoch);
    if (higher == starts_.end()) return std::nullopt;
    // Before all that is known: the follower keeps nothing of it, and asks with an epoch of its own
    // again.
    if (higher == starts_.begin()) return EpochEnd{epoch, higher->start_offset};
    return EpochEnd{std::prev(higher)->epoch, higher->start_offset};
}

}  // namespace moldau::log
