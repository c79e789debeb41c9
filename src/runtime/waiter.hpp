// The one way a task of ours is suspended and resumed: lives in the frame of the coroutine that
// waits, so that waiting costs no allocation beyond Asio's recycled frames.
#pragma once

#include "moldau/runtime/list.hpp"
#include "moldau/runtime/shard.hpp"
#include "moldau/runtime/task.hpp"

#include <boost/asio/use_awaitable.hpp>

#include <optional>

namespace moldau::runtime {

class RunningTask;

class Waiter {
public:
    /// Where it waits: a signal's list, then the list of those to be resumed.
    struct Place : ListLink {
        explicit Place(Waiter& of) : waiter(of) {}
        Waiter& waiter;
    };

    /// Of the task that runs now; over at once when that is cancelled.
    Waiter(Shard& shard, MonoTime deadline);
    /// Of `task`, for something that cancellation does not end.
    Waiter(Shard& shard, RunningTask& task) : Waiter(shard, task, kForever) {}
    static RunningTask& running(Shard& shard);
    Waiter(const Waiter&) = delete;
    Waiter& operator=(const Waiter&) = delete;
    ~Waiter();

    bool over() const { return over_; }
    Waited outcome() const { return outcome_; }
    /// The process has died (sim): what it waited for is told nothing any more.
    bool killed() const;
    Place& place() { return place_; }

    /// Suspends the coroutine until finish(); the awaitable must be awaited at once.
    Task<> suspend();
    /// Resumes the coroutine in this very call; only from the shard's loop. The first call counts.
    void finish(Waited outcome);
    /// Resumes it from the shard's loop, soon. The first call counts.
    void finish_soon(Waited outcome);
    /// Resumes it, ready, when the loop has been round; until then it may be finished otherwise.
    void finish_next_turn();

private:
    friend class Shard;
    friend class RunningTask;
    // The handler owns the suspended frames, and so, while suspended, this very object.
    using Handler = boost::asio::async_result<boost::asio::use_awaitable_t<>, void()>::handler_type;

    Waiter(Shard& shard, RunningTask& task, MonoTime deadline);
    void end(Waited outcome);
    void resume();

    Shard& shard_;
    RunningTask& task_;
    bool cancellable_ = false;
    bool over_ = false;
    Waited outcome_ = Waited::ready;
    Place place_{*this};
    Timer timer_;
    std::optional<Handler> handler_;
};

}  // namespace moldau::runtime
