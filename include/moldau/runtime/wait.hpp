// All the ways a task may wait. Each ends early when its task is cancelled.
#pragma once

#include "moldau/base/ports/transport.hpp"
#include "moldau/runtime/shard.hpp"
#include "moldau/runtime/task.hpp"
#include "moldau/runtime/task_group.hpp"

#include <memory>
#include <optional>
#include <string>
#include <type_traits>
#include <utility>

// What is waited on outlives the wait, by the rule in task.hpp.
// NOLINTBEGIN(cppcoreguidelines-avoid-reference-coroutine-parameters)
namespace moldau::runtime {

/// The task that runs now has been told to end.
bool cancelled(Shard& shard);

/// Until `time`: deadline_passed or cancelled.
Task<Waited> sleep_until(Shard& shard, MonoTime time);

/// Until streams, timers and other tasks have had their turn: ready or cancelled.
Task<Waited> next_turn(Shard& shard);

/// Until the stream may be read from (or has ended, or failed: read() tells). The stream must
/// outlive the wait: who wants to end it calls close().
Task<Waited> readable(Shard& shard, ByteStream& stream, MonoTime deadline = kForever);
Task<Waited> writable(Shard& shard, ByteStream& stream, MonoTime deadline = kForever);
Task<Waited> acceptable(Shard& shard, Acceptor& acceptor, MonoTime deadline = kForever);

/// Errors: network_exception (refused, unreachable, unknown name) · request_timed_out ·
/// broker_not_available (cancelled)
Task<Result<std::unique_ptr<ByteStream>>> connect(Shard& shard, Transport& transport, Endpoint to,
                                                  MonoTime deadline);

/// Something has happened: one task (or a callback of a port) tells another on the same shard.
/// Setting it wakes all that wait; when none waits it stays set for the next one.
class Signal {
public:
    explicit Signal(Shard& shard) : shard_(shard) {}
    Signal(const Signal&) = delete;
    Signal& operator=(const Signal&) = delete;
    void set();
    Task<Waited> wait(MonoTime deadline = kForever);

private:
    Shard& shard_;
    ListLink waiting_;
    bool set_ = false;
};

Error error_of(Waited outcome);  // request_timed_out, or broker_not_available when cancelled

namespace detail {

template <class R>
struct CallResult {
    using Type = Result<R>;
};
template <class R>
struct CallResult<Result<R>> {
    using Type = Result<R>;
};

template <class R>
struct Answer {
    explicit Answer(Shard& asker) : shard(asker), arrived(asker) {}
    Shard& shard;
    std::optional<R> value;  // touched on the asker's shard only
    Signal arrived;
};

/// Carries the answer home; one that is dropped unanswered says so.
template <class R>
class Reply {
public:
    explicit Reply(std::shared_ptr<Answer<R>> answer) : answer_(std::move(answer)) {}
    Reply(Reply&&) = default;
    Reply& operator=(Reply&&) = delete;
    ~Reply() {
        if (answer_ != nullptr)
            send(Error{ErrorCode::broker_not_available, "the shard that was asked has stopped"});
    }
    void send(R value) {
        Shard& home = answer_->shard;
        // When the asker's shard is gone, so is the asker.
        (void)home.post_answer([answer = std::move(answer_), value = std::move(value)]() mutable {
            answer->value.emplace(std::move(value));
            answer->arrived.set();
        });
    }

private:
    std::shared_ptr<Answer<R>> answer_;
};

}  // namespace detail

/// Runs `fn()` on shard `to` and comes back to `from` with what it returned (T or Result<T>; as
/// Result<T>). On the same shard it is a plain call. The caller must be a task of `from`.
/// Errors: fn's · throttling_quota_exceeded (mailbox full; fn was not run) · request_timed_out,
/// broker_not_available (fn may have been run)
template <class Fn, class R = typename detail::CallResult<std::invoke_result_t<Fn&>>::Type>
Task<R> call(Shard& from, Shard& to, Fn fn, MonoTime deadline = kForever) {
    auto run = [](Fn& function) -> R {
        if constexpr (std::is_void_v<std::invoke_result_t<Fn&>>) {
            function();
            return {};
        } else {
            return function();
        }
    };
    if (&from == &to) co_return run(fn);

    auto answer = std::make_shared<detail::Answer<R>>(from);
    Result<> posted = to.post([reply = detail::Reply<R>(answer), fn = std::move(fn),
                               run]() mutable { reply.send(run(fn)); });
    // A job that could not be posted has been dropped, and has said so to nobody: the error is
    // here.
    if (!posted) co_return posted.error();
    const Waited waited = co_await answer->arrived.wait(deadline);
    if (!answer->value) co_return error_of(waited);
    co_return std::move(*answer->value);
}

namespace detail {

template <class Fn, class R>
Task<> answer_with(Fn fn, Reply<R> reply) {
    R result = co_await fn();
    reply.send(std::move(result));
}

}  // namespace detail

/// As call(), for what must wait there: `fn()` makes a Task<Result<T>>, which runs as a task of
/// `to` named `name`. It runs on when the caller's deadline passes.
template <class Fn, class R = typename std::invoke_result_t<Fn&>::value_type>
Task<R> call_task(Shard& from, Shard& to, std::string name, Fn fn, MonoTime deadline = kForever) {
    if (&from == &to) co_return co_await fn();

    auto answer = std::make_shared<detail::Answer<R>>(from);
    Result<> posted = to.post([reply = detail::Reply<R>(answer), name = std::move(name),
                               fn = std::move(fn), &to]() mutable {
        spawn(to, std::move(name), detail::answer_with<Fn, R>(std::move(fn), std::move(reply)));
    });
    if (!posted) co_return posted.error();
    const Waited waited = co_await answer->arrived.wait(deadline);
    if (!answer->value) co_return error_of(waited);
    co_return std::move(*answer->value);
}

}  // namespace moldau::runtime
// NOLINTEND(cppcoreguidelines-avoid-reference-coroutine-parameters)
