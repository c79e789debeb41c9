// Timers of one shard: arming and cancelling cost the same for a million of them.
#pragma once

#include "moldau/base/time.hpp"
#include "moldau/runtime/list.hpp"

#include <array>
#include <cstddef>
#include <cstdint>

namespace moldau::runtime {

/// "No deadline": a timer armed for it never fires.
inline constexpr MonoTime kForever = MonoTime::max();

/// Something that is due at a time; embed it in what waits. Destroying it disarms it.
class Timer : private ListLink {
public:
    /// Called from the shard's loop when the timer is due, after it has been disarmed.
    using Fire = void (*)(void* owner);

    Timer(Fire fire, void* owner) : fire_(fire), owner_(owner) {}
    bool armed() const { return !alone(); }

private:
    friend class TimerWheel;
    Fire fire_;
    void* owner_;
    std::uint64_t due_ = 0;  // in ticks
};

/// A hierarchical wheel: eight levels of 64 slots over ticks of 2^16 ns (66 µs). A timer fires
/// never before its deadline and at most one tick after it, as soon as advance() is called.
class TimerWheel {
public:
    static constexpr Duration kTick{1 << 16};

    explicit TimerWheel(MonoTime now);
    TimerWheel(const TimerWheel&) = delete;
    TimerWheel& operator=(const TimerWheel&) = delete;

    /// Arms or moves `timer`; a deadline that has passed fires at the next advance().
    void arm(Timer& timer, MonoTime deadline);
    void disarm(Timer& timer) { timer.leave(); }

    /// When advance() has something to do; kForever when no timer is armed. May lie before the
    /// first deadline (a slot is to be spread out), never after it.
    MonoTime next_deadline();

    /// When advance() will fire a timer armed for `deadline`: rounded up to a tick.
    static MonoTime due_time(MonoTime deadline);

    /// Fires all that is due; returns how many. Timers that fire may arm and disarm any timer.
    std::size_t advance(MonoTime now);

private:
    static constexpr std::size_t kLevels = 8;
    static constexpr std::size_t kSlots = 64;
    struct Expiry {
        std::uint64_t at = 0;  // in ticks
        ListLink* slot = nullptr;
    };

    void place(Timer& timer);
    Expiry next_expiry();

    std::uint64_t elapsed_;  // in ticks: everything due until here has been moved to due_
    ListLink due_;
    // A bit is set when something joined the slot; it is cleared when the slot is found empty, so
    // that disarming needs to know nothing of slots.
    std::array<std::uint64_t, kLevels> occupied_{};
    std::array<std::array<ListLink, kSlots>, kLevels> slots_;
};

}  // namespace moldau::runtime
