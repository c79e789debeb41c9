// A process that runs: its shards, and its ports as this world makes them.
#pragma once

#include "disk.hpp"
#include "engine.hpp"
#include "medium.hpp"
#include "network.hpp"

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

namespace moldau::sim {

/// Clocks of one machine: they start anywhere, run too fast or too slow, and the wall's may jump.
class HostClock final : public Clock {
public:
    HostClock(const Engine& engine, Host& host, const World::Options& options);

    MonoTime now() const override { return boot_ + local(engine_.now - kStart); }
    Timestamp wall() const override;
    /// When, in the world's time, this clock will show `at`.
    MonoTime world_time(MonoTime at) const;
    void jump_wall(Duration by) { wall_offset_ += by; }
    /// A machine that has restarted counts from somewhere else.
    void restart(Host& host);

private:
    static constexpr MonoTime kStart{std::chrono::hours(1)};
    Duration local(Duration world) const;

    const Engine& engine_;
    std::int64_t drift_ = 0;  // per million
    MonoTime boot_;
    Duration wall_offset_;
};

class RunningProcess final : public Process {
public:
    RunningProcess(Engine& engine, Host& host, const HostClock& clock, Network& network,
                   Medium& medium, std::size_t shards, std::uint64_t incarnation, LogSink* sink);
    RunningProcess(const RunningProcess&) = delete;
    RunningProcess& operator=(const RunningProcess&) = delete;
    ~RunningProcess() override;  // where it stands: no task runs on

    const std::string& host() const override { return host_.address; }
    std::size_t shards() const override { return places_.size(); }
    runtime::Shard& shard(std::size_t index) override { return places_[index]->shard; }
    Transport& transport(std::size_t index) override { return *places_[index]->transport; }
    Disk& disk(std::size_t index) override { return *places_[index]->disk; }

    /// Runs one step of each shard that has one; false when none has. Stops when the process dies.
    bool run_round();
    std::unique_ptr<Program> program;

private:
    class Lines final : public LogSink {
    public:
        Lines(Engine& engine, const Host& host, LogSink* next)
            : engine_(engine), host_(host), next_(next) {}
        bool enabled(LogLevel level) const override { return level >= LogLevel::info; }
        void write(LogLevel level, std::string_view line) override;

    private:
        Engine& engine_;
        const Host& host_;
        LogSink* next_;
    };

    class VirtualAlarm final : public runtime::Alarm {
    public:
        VirtualAlarm(Engine& engine, const Host& host, const HostClock& clock)
            : engine_(engine), host_(host), clock_(clock) {}
        void set(MonoTime at) override;
        runtime::Shard* shard = nullptr;

    private:
        Engine& engine_;
        const Host& host_;
        const HostClock& clock_;
        std::uint64_t last_ = 0;
    };

    struct Place {
        Place(Engine& engine, Host& host, const HostClock& clock, Network& network, Medium& medium,
              std::size_t index, const std::string& stream, LogSink& sink)
            : alarm(engine, host, clock),
              random(engine.seed, stream),
              shard({.index = index}, clock, random, sink, &alarm),
              transport(network.make_transport(host)),
              disk(make_disk(engine, host, medium)) {
            alarm.shard = &shard;
        }
        VirtualAlarm alarm;
        SeededRandom random;
        runtime::Shard shard;
        std::unique_ptr<Transport> transport;
        std::unique_ptr<Disk> disk;
    };

    Engine& engine_;
    Host& host_;
    Lines lines_;
    std::vector<std::unique_ptr<Place>> places_;
};

}  // namespace moldau::sim
