// Deadlines of many timers. A timer that moves later leaves its place as it is and is looked at
// again there: a heartbeat costs one comparison.
#pragma once

#include "classic_group.hpp"

#include "moldau/base/time.hpp"

#include <cstdint>
#include <optional>
#include <queue>
#include <string>
#include <tuple>
#include <utility>
#include <vector>

namespace moldau::coordinator {

enum class TimerKind : std::uint8_t { session, pending, join, sync };

class TimerQueue {
public:
    struct Place {
        MonoTime at;
        std::uint64_t order = 0;  // among equal times: first come, first served
        TimerKind kind{};
        std::string group;
        std::string member;  // session, pending
        friend bool operator>(const Place& a, const Place& b) {
            return std::tie(a.at, a.order) > std::tie(b.at, b.order);
        }
    };

    void arm(Timer& timer, MonoTime due, TimerKind kind, const std::string& group,
             const std::string& member) {
        timer.due = due;
        if (timer.queued && *timer.queued <= due) return;
        timer.queued = due;
        places_.push({due, order_++, kind, group, member});
    }

    std::optional<MonoTime> next() const {
        if (places_.empty()) return std::nullopt;
        return places_.top().at;
    }

    Place pop() {
        Place place = places_.top();
        places_.pop();
        return place;
    }

    /// Whether the timer, found at `place`, is due. One that moved gets a new place.
    bool is_due(Timer& timer, const Place& place) {
        if (timer.queued != place.at) return false;  // an older place of the same timer
        timer.queued.reset();
        if (!timer.due) return false;
        if (*timer.due > place.at) {
            arm(timer, *timer.due, place.kind, place.group, place.member);
            return false;
        }
        timer.due.reset();
        return true;
    }

private:
    std::priority_queue<Place, std::vector<Place>, std::greater<>> places_;
    std::uint64_t order_ = 0;
};

}  // namespace moldau::coordinator
