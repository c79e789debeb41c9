#include "waiter.hpp"

#include "shard_state.hpp"

#include "moldau/base/check.hpp"

#include <utility>

namespace moldau::runtime {

RunningTask& Waiter::running(Shard& shard) {
    MOLDAU_CHECK(shard.state_->current != nullptr, "only a spawned task may wait");
    return *shard.state_->current;
}

Waiter::Waiter(Shard& shard, MonoTime deadline) : Waiter(shard, running(shard), deadline) {
    cancellable_ = true;
    if (task_.cancelled_) {
        end(Waited::cancelled);
    } else if (deadline != kForever) {
        shard.arm(timer_, deadline);
    }
}

Waiter::Waiter(Shard& shard, RunningTask& task, MonoTime)
    : shard_(shard),
      task_(task),
      timer_([](void* owner) { static_cast<Waiter*>(owner)->finish(Waited::deadline_passed); },
             this) {}

Waiter::~Waiter() {
    if (task_.waiting_ == this) task_.waiting_ = nullptr;
}

bool Waiter::killed() const {
    return shard_.state_->killed;
}

Task<> Waiter::suspend() {
    MOLDAU_CHECK(task_.waiting_ == nullptr, "a task waits for one thing at a time");
    return boost::asio::async_initiate<const boost::asio::use_awaitable_t<>, void()>(
        [this](Handler handler) {
            handler_.emplace(std::move(handler));
            task_.waiting_ = this;
        },
        boost::asio::use_awaitable);
}

void Waiter::end(Waited outcome) {
    over_ = true;
    outcome_ = outcome;
    place_.leave();
    shard_.disarm(timer_);
}

void Waiter::finish(Waited outcome) {
    if (over_) return;
    end(outcome);
    resume();
}

void Waiter::finish_soon(Waited outcome) {
    if (over_) return;
    end(outcome);
    shard_.add_ready(place_);
}

void Waiter::finish_next_turn() {
    shard_.add_next(place_);
}

void Waiter::resume() {
    Handler handler = std::move(*handler_);
    handler_.reset();
    task_.waiting_ = nullptr;
    Shard::State& state = *shard_.state_;
    RunningTask* before = std::exchange(state.current, &task_);
    handler();  // `this` may be gone, and the task with it
    state.current = before;
}

}  // namespace moldau::runtime
