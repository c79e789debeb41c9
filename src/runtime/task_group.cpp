#include "moldau/runtime/task_group.hpp"

#include "shard_state.hpp"
#include "waiter.hpp"

#include "moldau/base/check.hpp"

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>

#include <exception>
#include <memory>
#include <utility>

// A shard outlives its tasks.
// NOLINTBEGIN(cppcoreguidelines-avoid-reference-coroutine-parameters)
namespace moldau::runtime {

RunningTask::RunningTask(Shard& shard, TaskGroup& owner, std::string name)
    : shard_(shard), name_(std::move(name)), owner_(&owner), cancelled_(shard.state_->stopping) {
    join(shard.state_->tasks);
    ++shard.state_->stats.tasks;
    place_.join(owner.tasks_);
}

RunningTask::~RunningTask() {
    leave();
    --shard_.state_->stats.tasks;
    place_.leave();
    if (owner_ != nullptr && owner_->tasks_.alone()) {
        while (!owner_->joining_.alone())
            static_cast<Waiter::Place&>(*owner_->joining_.next()).waiter.finish_soon(Waited::ready);
    }
    shard_.task_ended();
}

void RunningTask::cancel() {
    cancelled_ = true;
    if (waiting_ != nullptr && waiting_->cancellable_) waiting_->finish_soon(Waited::cancelled);
}

void RunningTask::destroy() {
    MOLDAU_CHECK(waiting_ != nullptr, "task '{}' is running", name_);
    waiting_->end(Waited::cancelled);
    // The handler goes out of scope while the frames, which hold `waiting_`, still stand.
    const Waiter::Handler handler = std::move(*waiting_->handler_);
    waiting_->handler_.reset();
}

namespace {

Task<> run_task(Shard& shard, std::unique_ptr<RunningTask> self, Task<> body) {
    {
        Waiter start(shard, *self);
        start.finish_soon(Waited::ready);
        co_await start.suspend();
    }
    try {
        co_await std::move(body);
    } catch (const std::exception& error) {
        shard.log().error("a task ended by an exception task='{}' shard={} what={}", self->name(),
                          shard.index(), error.what());
    }
}

}  // namespace

TaskGroup::~TaskGroup() {
    MOLDAU_CHECK(tasks_.alone() || shard_.state_->killed, "tasks={}", size());
    for (ListLink* link = tasks_.next(); link != &tasks_; link = link->next())
        static_cast<RunningTask::Place&>(*link).task.owner_ = nullptr;
}

void TaskGroup::spawn(std::string name, Task<> task) {
    auto record = std::make_unique<RunningTask>(shard_, *this, std::move(name));
    boost::asio::co_spawn(shard_.io(), run_task(shard_, std::move(record), std::move(task)),
                          boost::asio::detached);
}

void TaskGroup::cancel() {
    for (ListLink* link = tasks_.next(); link != &tasks_; link = link->next())
        static_cast<RunningTask::Place&>(*link).task.cancel();
}

Task<> TaskGroup::join() {
    while (!tasks_.alone()) {
        Waiter waiter(shard_, Waiter::running(shard_));
        waiter.place().join(joining_);
        co_await waiter.suspend();
    }
}

std::size_t TaskGroup::size() const {
    std::size_t count = 0;
    for (ListLink* link = tasks_.next(); link != &tasks_; link = link->next()) ++count;
    return count;
}

void spawn(Shard& shard, std::string name, Task<> task) {
    shard.root().spawn(std::move(name), std::move(task));
}

}  // namespace moldau::runtime
// NOLINTEND(cppcoreguidelines-avoid-reference-coroutine-parameters)
