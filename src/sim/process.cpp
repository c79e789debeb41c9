#include "process.hpp"

#include <fmt/format.h>

#include <ranges>

namespace moldau::sim {
namespace {

constexpr std::int64_t kMillion = 1'000'000;
constexpr std::int64_t kYear2026Ms = 1'767'225'600'000;

std::int64_t scaled(std::int64_t value, std::int64_t by, std::int64_t over) {
    return static_cast<std::int64_t>(static_cast<__int128>(value) * by / over);
}

std::int64_t drawn(SeededRandom& random, std::int64_t most) {
    return static_cast<std::int64_t>(random.between(0, 2 * static_cast<std::uint64_t>(most))) -
           most;
}

}  // namespace

HostClock::HostClock(const Engine& engine, Host& host, const World::Options& options)
    : engine_(engine),
      drift_(drawn(host.random, options.clock_drift_max)),
      wall_offset_(drawn(host.random, options.clock_skew_max.count())) {
    restart(host);
}

void HostClock::restart(Host& host) {
    boot_ = MonoTime(host.random.between(Duration(0), std::chrono::hours(240)));
}

Duration HostClock::local(Duration world) const {
    return Duration(scaled(world.count(), kMillion + drift_, kMillion));
}

Timestamp HostClock::wall() const {
    const Duration since = local(engine_.now - kStart) + wall_offset_;
    return {kYear2026Ms + since.count() / kMillion};
}

MonoTime HostClock::world_time(MonoTime at) const {
    // One more: rounded up, or the alarm would find that it is not due yet.
    return kStart + Duration(scaled((at - boot_).count(), kMillion, kMillion + drift_) + 1);
}

void RunningProcess::Lines::write(LogLevel level, std::string_view line) {
    engine_.trace(What::line, host_.id, static_cast<std::uint64_t>(level));
    engine_.digest.add(as_bytes(line));
    if (next_ == nullptr) return;
    next_->write(level,
                 fmt::format("[{:.6f} {}] {}",
                             std::chrono::duration<double>(engine_.now.time_since_epoch()).count(),
                             host_.name, line));
}

void RunningProcess::VirtualAlarm::set(MonoTime at) {
    engine_.at(clock_.world_time(at), host_.id, What::alarm, [this, number = ++last_] {
        if (number == last_) shard->on_alarm();
    });
}

RunningProcess::RunningProcess(Engine& engine, Host& host, const HostClock& clock, Network& network,
                               Medium& medium, std::size_t shards, std::uint64_t incarnation,
                               LogSink* sink)
    : engine_(engine), host_(host), lines_(engine, host, sink) {
    for (std::size_t index = 0; index < shards; ++index) {
        places_.push_back(std::make_unique<Place>(
            engine, host, clock, network, medium, index,
            fmt::format("process {} {} {}", host.name, incarnation, index), lines_));
    }
}

RunningProcess::~RunningProcess() {
    // Tasks first, while all that they use still stands; then what the program owns.
    for (auto& place : places_ | std::views::reverse) place->shard.kill();
    program.reset();
    // What was to happen in this process holds parts of it.
    engine_.forget(host_.id);
}

bool RunningProcess::run_round() {
    bool any = false;
    for (auto& place : places_) {
        if (host_.dying) return false;
        any = place->shard.poll_one() || any;
    }
    return any;
}

}  // namespace moldau::sim
