// A shard: one thread, one io_context, one timer wheel, one mailbox, and all tasks that live on it.
// What it owns is touched by no other. The simulator runs the same shard without a thread.
#pragma once

#include "moldau/base/duration_histogram.hpp"
#include "moldau/base/ports/clock.hpp"
#include "moldau/base/ports/log.hpp"
#include "moldau/base/ports/random.hpp"
#include "moldau/base/result.hpp"
#include "moldau/runtime/list.hpp"
#include "moldau/runtime/timer_wheel.hpp"

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

namespace boost::asio {
class io_context;  // NOLINT(readability-identifier-naming): its name
}

namespace moldau::runtime {

class TaskGroup;

/// Wakes one shard at one time: the kernel's timer in production, virtual time in sim. When it is
/// due it calls Shard::on_alarm(), on the shard's thread.
class Alarm {
public:
    virtual ~Alarm() = default;
    virtual void set(MonoTime at) = 0;  // replaces what was set before
};

/// What one shard asks of another: a value that carries all it needs.
using Job = std::move_only_function<void()>;

class Shard {
public:
    struct Options {
        std::size_t index = 0;
        std::size_t mailbox_jobs_max = 65536;
    };

    /// Without an alarm the shard makes its own, on its io_context.
    Shard(Options options, const Clock& clock, Random& random, LogSink& sink,
          Alarm* alarm = nullptr);
    Shard(const Shard&) = delete;
    Shard& operator=(const Shard&) = delete;
    ~Shard();  // kills what still waits

    std::size_t index() const;
    MonoTime now() const { return clock_.now(); }
    const Clock& clock() const { return clock_; }
    Random& random() { return random_; }
    const Logger& log() const { return log_; }
    TaskGroup& root();  // owner of what spawn() starts
    boost::asio::io_context& io();

    /// From any thread: runs `job` on this shard, in the order of posting, never inside this call.
    /// Errors: throttling_quota_exceeded (the mailbox is full: the job is dropped, ask later or let
    /// the asker wait) · broker_not_available (the shard has stopped)
    Result<> post(Job job);
    /// As post(), for an answer to what this shard has asked: it is not counted against the bound,
    /// which the question has kept already.
    Result<> post_answer(Job job);

    void arm(Timer& timer, MonoTime deadline);
    void disarm(Timer& timer);

    /// Production: runs on the calling thread until stop() and until no task is left.
    void run();
    /// From any thread: cancels all tasks; run() returns when the last has ended.
    void stop();

    /// Simulator: runs one thing that is ready; false when there is none.
    bool poll_one();
    /// Simulator: the process dies here. Destroys all tasks where they wait; none runs on.
    void kill();

    /// The alarm is due.
    void on_alarm();
    /// Figures of this shard, on it.
    struct Stats {
        std::size_t tasks = 0;         // that have not ended
        std::uint64_t jobs_run = 0;    // from the mailbox
        std::uint64_t turns = 0;       // of the loop
        DurationHistogram timers_lag;  // how long after it was due an alarm came
    };
    const Stats& stats() const;
    /// Jobs that wait; from any thread.
    std::size_t mailbox_depth() const;
    /// Names of the tasks that have not ended, oldest first.
    std::vector<std::string> task_names() const;

private:
    friend class Waiter;
    friend class TaskGroup;
    friend class RunningTask;
    struct State;

    Result<> enqueue(Job job);
    void post_turn();
    void turn();
    bool run_jobs();
    void run_guarded(Job& job);
    void alarm_by(MonoTime at);
    void add_ready(ListLink& place);
    void run_ready();
    void add_next(ListLink& place);
    void run_next();
    void task_ended();
    void close_mailbox();
    void warn_of_slow_stop();

    const Clock& clock_;
    Random& random_;
    Logger log_;
    std::unique_ptr<State> state_;
};

}  // namespace moldau::runtime
