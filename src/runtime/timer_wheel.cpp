#include "moldau/runtime/timer_wheel.hpp"

#include <algorithm>
#include <bit>

namespace moldau::runtime {
namespace {

constexpr std::uint64_t kTickBits = 16;
constexpr std::uint64_t kSlotBits = 6;

std::uint64_t ticks_down(MonoTime time) {
    return static_cast<std::uint64_t>(std::max<std::int64_t>(time.time_since_epoch().count(), 0)) >>
           kTickBits;
}

std::uint64_t ticks_up(MonoTime time) {
    auto ns =
        static_cast<std::uint64_t>(std::max<std::int64_t>(time.time_since_epoch().count(), 0));
    return (ns + (1U << kTickBits) - 1) >> kTickBits;
}

MonoTime time_of(std::uint64_t ticks) {
    return MonoTime(Duration(static_cast<std::int64_t>(ticks << kTickBits)));
}

}  // namespace

TimerWheel::TimerWheel(MonoTime now) : elapsed_(ticks_down(now)) {}

void TimerWheel::arm(Timer& timer, MonoTime deadline) {
    timer.leave();
    if (deadline == kForever) return;
    timer.due_ = ticks_up(deadline);
    place(timer);
}

void TimerWheel::place(Timer& timer) {
    if (timer.due_ <= elapsed_) {
        timer.join(due_);
        return;
    }
    // The highest bit in which the due time differs from now names the level, so that all of a
    // lower level comes before anything of a higher one.
    const std::uint64_t differs = (elapsed_ ^ timer.due_) | (kSlots - 1);
    const auto level = static_cast<std::size_t>(std::bit_width(differs) - 1) / kSlotBits;
    const auto slot = static_cast<std::size_t>(timer.due_ >> (level * kSlotBits)) % kSlots;
    timer.join(slots_[level][slot]);
    occupied_[level] |= std::uint64_t{1} << slot;
}

TimerWheel::Expiry TimerWheel::next_expiry() {
    for (std::size_t level = 0; level < kLevels; ++level) {
        const std::uint64_t shift = level * kSlotBits;
        const auto current = static_cast<std::size_t>(elapsed_ >> shift) % kSlots;
        while (occupied_[level] != 0) {
            // Slots of one level are visited in the order of time: from the current one, around.
            const auto ahead = static_cast<std::size_t>(
                std::countr_zero(std::rotr(occupied_[level], static_cast<int>(current))));
            const std::size_t slot = (current + ahead) % kSlots;
            if (slots_[level][slot].alone()) {
                occupied_[level] &= ~(std::uint64_t{1} << slot);
                continue;
            }
            const std::uint64_t start = elapsed_ >> shift;
            return {.at = (start + ahead) << shift, .slot = &slots_[level][slot]};
        }
    }
    return {};
}

MonoTime TimerWheel::next_deadline() {
    if (!due_.alone()) return time_of(elapsed_);
    const Expiry expiry = next_expiry();
    return expiry.slot == nullptr ? kForever : time_of(expiry.at);
}

MonoTime TimerWheel::due_time(MonoTime deadline) {
    return deadline == kForever ? kForever : time_of(ticks_up(deadline));
}

std::size_t TimerWheel::advance(MonoTime now) {
    const std::uint64_t until = std::max(ticks_down(now), elapsed_);
    for (Expiry expiry = next_expiry(); expiry.slot != nullptr && expiry.at <= until;
         expiry = next_expiry()) {
        elapsed_ = std::max(elapsed_, expiry.at);
        ListLink moved;
        moved.take_ring_of(*expiry.slot);
        while (!moved.alone()) place(static_cast<Timer&>(*moved.next()));
    }
    elapsed_ = until;

    std::size_t fired = 0;
    ListLink firing;  // what is armed by those that fire waits for the next call: no endless loop
    firing.take_ring_of(due_);
    while (!firing.alone()) {
        auto& timer = static_cast<Timer&>(*firing.next());
        timer.leave();
        ++fired;
        timer.fire_(timer.owner_);
    }
    return fired;
}

}  // namespace moldau::runtime
