// Every task has a name, an owner that cancels it, and a handler for what escapes.
#pragma once

#include "moldau/runtime/list.hpp"
#include "moldau/runtime/shard.hpp"
#include "moldau/runtime/task.hpp"

#include <cstddef>
#include <string>

namespace moldau::runtime {

/// The owner of tasks on one shard; used on that shard only. It must be empty when it is destroyed:
/// cancel(), then `co_await join()`.
class TaskGroup {
public:
    explicit TaskGroup(Shard& shard) : shard_(shard) {}
    TaskGroup(const TaskGroup&) = delete;
    TaskGroup& operator=(const TaskGroup&) = delete;
    ~TaskGroup();

    /// Starts `task`; its first step runs from the shard's loop, not in here. An exception that
    /// escapes it is logged with the name, and ends this task alone.
    void spawn(std::string name, Task<> task);

    /// Ends every wait of these tasks, now and from now on, with Waited::cancelled.
    void cancel();
    /// Waits until the group is empty. Not itself ended by cancellation: who stops waits.
    Task<> join();

    bool empty() const { return tasks_.alone(); }
    std::size_t size() const;

private:
    friend class RunningTask;
    Shard& shard_;
    ListLink tasks_;
    ListLink joining_;
};

/// Starts `task` with the shard itself as its owner: it is cancelled when the shard stops.
void spawn(Shard& shard, std::string name, Task<> task);

}  // namespace moldau::runtime
