#include "moldau/runtime/shard.hpp"

#include "shard_state.hpp"
#include "waiter.hpp"

#include "moldau/base/check.hpp"

#include <boost/asio/basic_waitable_timer.hpp>
#include <boost/asio/post.hpp>
#include <fmt/format.h>
#include <fmt/ranges.h>

#include <chrono>
#include <exception>

namespace moldau::runtime {
namespace {

constexpr Duration kStopWarning = std::chrono::seconds(5);
constexpr int kRoundsPerTurn = 8;  // then streams and timers have their turn

class SteadyAlarm final : public Alarm {
public:
    explicit SteadyAlarm(Shard& shard) : shard_(shard), timer_(shard.io().get_executor()) {}

    void set(MonoTime at) override {
        timer_.expires_after(at - shard_.now());
        timer_.async_wait([&shard = shard_](const boost::system::error_code& error) {
            if (!error) shard.on_alarm();
        });
    }

private:
    Shard& shard_;
    boost::asio::basic_waitable_timer<std::chrono::steady_clock,
                                      boost::asio::wait_traits<std::chrono::steady_clock>,
                                      boost::asio::io_context::executor_type>
        timer_;
};

}  // namespace

Shard::Shard(Options options, const Clock& clock, Random& random, LogSink& sink, Alarm* alarm)
    : clock_(clock),
      random_(random),
      log_(sink),
      state_(std::make_unique<State>(options, *this, clock.now())) {
    if (alarm == nullptr) {
        state_->own_alarm = std::make_unique<SteadyAlarm>(*this);
        alarm = state_->own_alarm.get();
    }
    state_->alarm = alarm;
}

Shard::~Shard() {
    kill();
}

std::size_t Shard::index() const {
    return state_->options.index;
}
boost::asio::io_context& Shard::io() {
    return state_->io;
}
TaskGroup& Shard::root() {
    return state_->root;
}

Result<> Shard::post(Job job) {
    {
        const std::lock_guard lock(state_->mailbox_mutex);
        if (state_->mailbox_closed)
            return Error{ErrorCode::broker_not_available,
                         fmt::format("shard {} has stopped", state_->options.index)};
        if (state_->mailbox_counted >= state_->options.mailbox_jobs_max)
            return Error{ErrorCode::throttling_quota_exceeded,
                         fmt::format("mailbox of shard {} is full", state_->options.index)};
        ++state_->mailbox_counted;
    }
    return enqueue(std::move(job));
}

Result<> Shard::post_answer(Job job) {
    return enqueue(std::move(job));
}

Result<> Shard::enqueue(Job job) {
    bool first = false;
    {
        const std::lock_guard lock(state_->mailbox_mutex);
        if (state_->mailbox_closed)
            return Error{ErrorCode::broker_not_available,
                         fmt::format("shard {} has stopped", state_->options.index)};
        state_->mailbox.push_back(std::move(job));
        first = !std::exchange(state_->mailbox_posted, true);
    }
    if (first) post_turn();
    return {};
}

void Shard::post_turn() {
    boost::asio::post(state_->io, [this] { turn(); });
}

// What jobs and tasks bring about on their own shard happens in the same turn: each turn more of
// the loop would be a look at all streams, a system call.
void Shard::turn() {
    ++state_->stats.turns;
    struct Turning {
        explicit Turning(Shard& of) : shard(of) { shard.state_->turning = true; }
        Turning(const Turning&) = delete;
        Turning& operator=(const Turning&) = delete;
        ~Turning() {
            shard.state_->turning = false;
            if (goes_on && !shard.state_->killed) shard.post_turn();
        }
        Shard& shard;
        bool goes_on = true;  // also when an exception ends it
    } turning(*this);
    for (int round = 0; round < kRoundsPerTurn && turning.goes_on; ++round) {
        run_ready();
        const bool had_jobs = run_jobs();
        turning.goes_on = had_jobs || !state_->ready.alone();
    }
}

bool Shard::run_jobs() {
    {
        const std::lock_guard lock(state_->mailbox_mutex);
        if (state_->mailbox.empty()) {
            state_->mailbox_posted = false;
            return false;
        }
        state_->mailbox.swap(state_->delivered);
        state_->mailbox_counted = 0;
    }
    state_->stats.jobs_run += state_->delivered.size();
    for (Job& job : state_->delivered) {
        if (state_->killed) break;
        run_guarded(job);
    }
    state_->delivered.clear();
    return true;
}

void Shard::run_guarded(Job& job) {
    try {
        job();
    } catch (const std::exception& error) {
        log_.error("a job ended by an exception shard={} what={}", index(), error.what());
    }
}

void Shard::arm(Timer& timer, MonoTime deadline) {
    state_->wheel.arm(timer, deadline);
    // While the wheel turns, on_alarm() sets the alarm once at its end.
    if (!state_->advancing) alarm_by(TimerWheel::due_time(deadline));
}

void Shard::disarm(Timer& timer) {
    state_->wheel.disarm(timer);
}

void Shard::alarm_by(MonoTime at) {
    if (at >= state_->alarm_at) return;
    state_->alarm_at = at;
    state_->alarm->set(at);
}

void Shard::on_alarm() {
    if (state_->killed) return;
    const MonoTime time = now();
    if (state_->alarm_at != kForever) state_->stats.timers_lag.record(time - state_->alarm_at);
    state_->alarm_at = kForever;
    state_->advancing = true;
    state_->wheel.advance(time);
    state_->advancing = false;
    alarm_by(state_->wheel.next_deadline());
}

void Shard::run_ready() {
    // Those that become ready meanwhile wait for the next round.
    ListLink now_ready;
    now_ready.take_ring_of(state_->ready);
    while (!now_ready.alone() && !state_->killed) {
        auto& place = static_cast<Waiter::Place&>(*now_ready.next());
        place.leave();
        place.waiter.resume();
    }
}

void Shard::add_ready(ListLink& place) {
    const bool is_first = state_->ready.alone();
    place.join(state_->ready);
    if (is_first && !state_->turning) post_turn();
}

// Behind what the loop has before it, a look at all streams among it: not a part of turn().
void Shard::add_next(ListLink& place) {
    const bool is_first = state_->next.alone();
    place.join(state_->next);
    if (is_first) boost::asio::post(state_->io, [this] { run_next(); });
}

void Shard::run_next() {
    ListLink now_ready;
    now_ready.take_ring_of(state_->next);
    while (!now_ready.alone() && !state_->killed)
        static_cast<Waiter::Place&>(*now_ready.next()).waiter.finish(Waited::ready);
}

void Shard::run() {
    for (;;) {
        try {
            state_->io.run();
            return;
        } catch (const std::exception& error) {
            // From a library's handler: tasks and jobs catch their own.
            log_.error("the loop of a shard met an exception shard={} what={}", index(),
                       error.what());
        }
    }
}

bool Shard::poll_one() {
    return state_->io.poll_one() > 0;
}

void Shard::stop() {
    (void)post_answer([this] {
        state_->stopping = true;
        arm(state_->stop_warning, now() + kStopWarning);
        for (ListLink* link = state_->tasks.next(); link != &state_->tasks; link = link->next())
            static_cast<RunningTask&>(*link).cancel();
        task_ended();
    });
}

void Shard::task_ended() {
    if (!state_->stopping || state_->killed || !state_->tasks.alone()) return;
    // In the next turn: the frames of the last task are still being left.
    boost::asio::post(state_->io, [this] {
        if (!state_->tasks.alone()) return;  // one was started since; it ends soon, cancelled
        close_mailbox();
        state_->io.stop();
    });
}

void Shard::close_mailbox() {
    std::vector<Job> dropped;  // destroyed outside the lock: jobs may post when they are dropped
    const std::lock_guard lock(state_->mailbox_mutex);
    state_->mailbox_closed = true;
    dropped.swap(state_->mailbox);
}

void Shard::warn_of_slow_stop() {
    log_.warn("still waiting for tasks to end shard={} tasks={}", index(),
              fmt::join(task_names(), ", "));
    arm(state_->stop_warning, now() + kStopWarning);
}

const Shard::Stats& Shard::stats() const {
    return state_->stats;
}

std::size_t Shard::mailbox_depth() const {
    const std::lock_guard lock(state_->mailbox_mutex);
    return state_->mailbox.size();
}

std::vector<std::string> Shard::task_names() const {
    std::vector<std::string> names;
    for (ListLink* link = state_->tasks.next(); link != &state_->tasks; link = link->next())
        names.push_back(static_cast<RunningTask&>(*link).name());
    return names;
}

void Shard::kill() {
    state_->killed = true;
    close_mailbox();
    // The newest first: what a task owns outlives the tasks that it has started. Asio leaves the
    // frames of a destroyed task in a step of the loop, as it begins a new one in a step.
    do {
        state_->io.restart();
        while (state_->io.poll_one() > 0) {
        }
        if (state_->tasks.alone()) break;
        static_cast<RunningTask&>(*state_->tasks.previous()).destroy();
    } while (true);
}

}  // namespace moldau::runtime
