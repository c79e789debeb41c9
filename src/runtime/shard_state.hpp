// What a shard holds behind its front door.
#pragma once

#include "moldau/runtime/shard.hpp"
#include "moldau/runtime/task_group.hpp"

#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/io_context.hpp>

#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

namespace moldau::runtime {

class Waiter;

/// A spawned task: in its shard's list (as ListLink) and in its owner's.
class RunningTask : public ListLink {
public:
    struct Place : ListLink {
        explicit Place(RunningTask& of) : task(of) {}
        RunningTask& task;
    };

    RunningTask(Shard& shard, TaskGroup& owner, std::string name);
    ~RunningTask();  // has ended: tells who joins

    void cancel();
    void destroy();  // where it waits; its frames are left in the next steps of the loop
    bool cancelled() const { return cancelled_; }
    const std::string& name() const { return name_; }

private:
    friend class Waiter;
    friend class TaskGroup;
    Shard& shard_;
    std::string name_;
    TaskGroup* owner_;  // null when it has died before its tasks, as happens in a killed process
    Place place_{*this};
    bool cancelled_ = false;
    Waiter* waiting_ = nullptr;  // a task waits for one thing at a time
};

struct Shard::State {
    State(Options given, Shard& shard, MonoTime now)
        : options(given),
          wheel(now),
          stop_warning([](void* owner) { static_cast<Shard*>(owner)->warn_of_slow_stop(); },
                       &shard),
          root(shard) {}

    Options options;
    boost::asio::io_context io{1};  // one thread runs it; others only post
    std::optional<boost::asio::executor_work_guard<boost::asio::io_context::executor_type>> work{
        io.get_executor()};

    TimerWheel wheel;
    Timer stop_warning;
    std::unique_ptr<Alarm> own_alarm;
    Alarm* alarm = nullptr;
    MonoTime alarm_at = kForever;
    bool advancing = false;

    Stats stats;
    ListLink tasks;        // all, oldest first
    ListLink ready;        // places of the waiters to be resumed
    ListLink next;         // likewise, when the loop has been round
    bool turning = false;  // a turn runs: it looks for what becomes ready
    RunningTask* current = nullptr;
    bool stopping = false;
    bool killed = false;

    std::mutex mailbox_mutex;
    std::vector<Job> mailbox;
    std::size_t mailbox_counted = 0;  // jobs in it that the bound counts
    bool mailbox_posted = false;      // a turn is to come, or runs, that looks into it
    bool mailbox_closed = false;
    std::vector<Job> delivered;  // the loop's own

    // Last: it must be destroyed first, and is empty by then.
    TaskGroup root;
};

}  // namespace moldau::runtime
