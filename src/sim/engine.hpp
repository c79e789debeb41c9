// What the parts of the world share: time, the queue of what will happen, the digest of what has.
#pragma once

#include "moldau/base/bytes.hpp"
#include "moldau/base/crc32c.hpp"
#include "moldau/base/time.hpp"
#include "moldau/sim/world.hpp"

#include <algorithm>
#include <bit>
#include <cstdint>
#include <functional>
#include <map>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace moldau::sim {

class Digest {
public:
    void add(std::uint64_t value) {
        hash_ = std::rotl((hash_ ^ value) * 0x9E3779B97F4A7C15ULL, 29);
        hash_ ^= hash_ >> 32U;
    }
    void add(BytesView bytes) {
        add(bytes.size());
        add(std::uint64_t{crc32c(bytes)});
    }
    std::uint64_t value() const { return hash_; }

private:
    std::uint64_t hash_ = 0xCBF29CE484222325ULL;
};

enum class What : std::uint8_t {  // kinds of entries in the digest
    alarm = 1,
    start,
    crash,
    happening,
    note,
    line,
    cut,
    heal,
    connect,
    segment,
    wake,
    reset,
    listen,
    write,
    sync,
    read,
    name_change,
    fault,
};

inline constexpr ProcessId kNoProcess = ~ProcessId{0};

class Engine {
public:
    using Action = std::move_only_function<void()>;

    explicit Engine(std::uint64_t seed_of_all) : seed(seed_of_all) {}

    /// `action` happens at `time`, unless `process` has died before.
    void at(MonoTime time, ProcessId process, What what, Action action) {
        queue_.push_back({std::max(time, now), next_sequence_++, process, what, std::move(action)});
        std::ranges::push_heap(queue_, Later{});
    }
    void after(Duration delay, ProcessId process, What what, Action action) {
        at(now + delay, process, what, std::move(action));
    }

    bool due(MonoTime until) const { return !queue_.empty() && queue_.front().time <= until; }

    /// Nothing happens in `process` before `time`; then all that was due, in its order.
    void pause(ProcessId process, MonoTime time) { paused_until_[process] = time; }

    /// Lets the next thing happen; returns the process that it happened in.
    ProcessId happen() {
        std::ranges::pop_heap(queue_, Later{});
        Event event = std::move(queue_.back());
        queue_.pop_back();
        now = event.time;
        if (const auto paused = paused_until_.find(event.process);
            paused != paused_until_.end() && paused->second > now) {
            event.time = paused->second;
            queue_.push_back(std::move(event));
            std::ranges::push_heap(queue_, Later{});
            return kNoProcess;
        }
        ++happened;
        trace(event.what, static_cast<std::uint64_t>(now.time_since_epoch().count()),
              event.process);
        event.action();
        return event.process;
    }

    void forget(ProcessId process) {
        std::erase_if(queue_, [process](const Event& event) { return event.process == process; });
        std::ranges::make_heap(queue_, Later{});
        paused_until_.erase(process);
    }

    void trace(What what, std::uint64_t a, std::uint64_t b = 0) {
        digest.add(static_cast<std::uint64_t>(what));
        digest.add(a);
        digest.add(b);
    }

    std::uint64_t seed;
    MonoTime now{std::chrono::hours(1)};
    std::uint64_t happened = 0;
    Digest digest;
    DiskFaults disk_faults;
    NetworkFaults network_faults;

private:
    struct Event {
        MonoTime time;
        std::uint64_t sequence = 0;  // what was scheduled first happens first
        ProcessId process = kNoProcess;
        What what{};
        Action action;
    };
    struct Later {
        bool operator()(const Event& a, const Event& b) const {
            return std::pair(a.time, a.sequence) > std::pair(b.time, b.sequence);
        }
    };
    std::vector<Event> queue_;
    std::map<ProcessId, MonoTime> paused_until_;
    std::uint64_t next_sequence_ = 0;
};

/// A process as its ports see it. A crash may be set to come at one of their calls: from then on
/// they do nothing, until control is back with the world, which destroys the process.
class Host {
public:
    Host(const Engine& engine, ProcessId number, std::string of_name)
        : id(number),
          name(std::move(of_name)),
          address("10.0.0." + std::to_string(number + 1)),
          random(engine.seed, "host " + name) {}

    const ProcessId id;
    const std::string name;
    const std::string address;
    SeededRandom random;
    bool powered = true;  // the machine answers, be it that no process runs on it
    bool running = false;
    bool dying = false;
    std::uint64_t calls_left = 0;  // 0: no crash is set
    CrashKind crash_kind = CrashKind::process;
    std::size_t open_files = 0;
};

/// Stands at the begin of every call of a port.
class PortCall {
public:
    explicit PortCall(Host& host) : host_(host) {
        if (host.dying || host.calls_left == 0) return;
        if (--host.calls_left > 0) return;
        // The process dies at this call: either before its effect or after it.
        dies_after_ = host.random.chance(500'000);
        host.dying = !dies_after_;
    }
    PortCall(const PortCall&) = delete;
    PortCall& operator=(const PortCall&) = delete;
    ~PortCall() {
        if (dies_after_) host_.dying = true;
    }
    /// The call has no effect.
    bool dead() const { return host_.dying; }

private:
    Host& host_;
    bool dies_after_ = false;
};

}  // namespace moldau::sim
