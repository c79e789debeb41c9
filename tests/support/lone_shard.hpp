// A shard without a thread, on a clock that tests move.
#pragma once

#include "moldau/base/ports/clock.hpp"
#include "moldau/base/ports/log.hpp"
#include "moldau/base/ports/random.hpp"
#include "moldau/runtime/shard.hpp"
#include "moldau/runtime/task_group.hpp"
#include "moldau/runtime/wait.hpp"

#include <mutex>
#include <string>
#include <vector>

namespace moldau::support {

class ManualClock final : public Clock {
public:
    MonoTime now() const override { return now_; }
    Timestamp wall() const override { return {now_.time_since_epoch().count() / 1'000'000}; }
    void advance(Duration by) { now_ += by; }

private:
    MonoTime now_{std::chrono::seconds(1)};
};

/// What the machine says; for tests with threads and sockets.
class SteadyClock final : public Clock {
public:
    MonoTime now() const override {
        return MonoTime(std::chrono::steady_clock::now().time_since_epoch());
    }
    Timestamp wall() const override { return {now().time_since_epoch().count() / 1'000'000}; }
};

class CountingRandom final : public Random {
public:
    std::uint64_t next() override { return state_ += 0x9E3779B97F4A7C15ULL; }

private:
    std::uint64_t state_ = 0;
};

class LinesSink final : public LogSink {
public:
    bool enabled(LogLevel) const override { return true; }
    void write(LogLevel, std::string_view line) override {
        const std::lock_guard lock(mutex_);
        lines_.emplace_back(line);
    }
    std::vector<std::string> lines() const {
        const std::lock_guard lock(mutex_);
        return lines_;
    }

private:
    mutable std::mutex mutex_;
    std::vector<std::string> lines_;
};

class ManualAlarm final : public runtime::Alarm {
public:
    void set(MonoTime time) override { at = time; }
    MonoTime at = runtime::kForever;
};

struct LoneShard {
    explicit LoneShard(std::size_t mailbox_jobs_max = 1000)
        : shard({.mailbox_jobs_max = mailbox_jobs_max}, clock, random, sink, &alarm) {}

    /// Runs all that is ready.
    void run() {
        while (shard.poll_one()) {
        }
    }
    /// Moves time to its end in the steps that the alarm asks for.
    void pass(Duration time) {
        const MonoTime end = clock.now() + time;
        run();
        while (alarm.at <= end) {
            if (alarm.at > clock.now()) clock.advance(alarm.at - clock.now());
            alarm.at = runtime::kForever;
            shard.on_alarm();
            run();
        }
        clock.advance(end - clock.now());
    }

    ManualClock clock;
    CountingRandom random;
    LinesSink sink;
    ManualAlarm alarm;
    runtime::Shard shard;
};

}  // namespace moldau::support
