#include "moldau/runtime/wait.hpp"

#include "shard_state.hpp"
#include "waiter.hpp"

// What is waited on outlives the wait, by the rule in task.hpp.
// NOLINTBEGIN(cppcoreguidelines-avoid-reference-coroutine-parameters)
namespace moldau::runtime {
namespace {

// Takes a wake-up back from a port when the wait has ended in another way.
template <class Withdraw>
class Registration {
public:
    Registration(const Waiter& waiter, Withdraw withdraw) : waiter_(waiter), withdraw_(withdraw) {}
    Registration(const Registration&) = delete;
    Registration& operator=(const Registration&) = delete;
    ~Registration() {
        const bool woken = waiter_.over() && waiter_.outcome() == Waited::ready;
        if (!woken && !waiter_.killed()) withdraw_();
    }

private:
    const Waiter& waiter_;
    Withdraw withdraw_;
};

struct Connecting {
    explicit Connecting(Shard& shard) : done(shard) {}
    std::optional<Result<std::unique_ptr<ByteStream>>> result;
    Signal done;
};

}  // namespace

bool cancelled(Shard& shard) {
    return Waiter::running(shard).cancelled();
}

Error error_of(Waited outcome) {
    return outcome == Waited::cancelled ? Error{ErrorCode::broker_not_available, "cancelled"}
                                        : Error{ErrorCode::request_timed_out, "deadline passed"};
}

Task<Waited> sleep_until(Shard& shard, MonoTime time) {
    Waiter waiter(shard, time);
    if (!waiter.over()) co_await waiter.suspend();
    co_return waiter.outcome();
}

Task<Waited> next_turn(Shard& shard) {
    Waiter waiter(shard, kForever);
    if (waiter.over()) co_return waiter.outcome();
    waiter.finish_next_turn();
    co_await waiter.suspend();
    co_return waiter.outcome();
}

Task<Waited> readable(Shard& shard, ByteStream& stream, MonoTime deadline) {
    Waiter waiter(shard, deadline);
    if (waiter.over()) co_return waiter.outcome();
    const Registration registration(waiter, [&stream] { stream.when_readable(nullptr); });
    stream.when_readable([&waiter] { waiter.finish(Waited::ready); });
    co_await waiter.suspend();
    co_return waiter.outcome();
}

Task<Waited> writable(Shard& shard, ByteStream& stream, MonoTime deadline) {
    Waiter waiter(shard, deadline);
    if (waiter.over()) co_return waiter.outcome();
    const Registration registration(waiter, [&stream] { stream.when_writable(nullptr); });
    stream.when_writable([&waiter] { waiter.finish(Waited::ready); });
    co_await waiter.suspend();
    co_return waiter.outcome();
}

Task<Waited> acceptable(Shard& shard, Acceptor& acceptor, MonoTime deadline) {
    Waiter waiter(shard, deadline);
    if (waiter.over()) co_return waiter.outcome();
    const Registration registration(waiter, [&acceptor] { acceptor.when_acceptable(nullptr); });
    acceptor.when_acceptable([&waiter] { waiter.finish(Waited::ready); });
    co_await waiter.suspend();
    co_return waiter.outcome();
}

Task<Result<std::unique_ptr<ByteStream>>> connect(Shard& shard, Transport& transport, Endpoint to,
                                                  MonoTime deadline) {
    auto connecting = std::make_shared<Connecting>(shard);
    // A stream that comes when nobody waits any more is closed with `connecting`.
    transport.connect(to, [connecting](Result<std::unique_ptr<ByteStream>> result) {
        connecting->result.emplace(std::move(result));
        connecting->done.set();
    });
    const Waited waited = co_await connecting->done.wait(deadline);
    if (waited != Waited::ready) co_return error_of(waited);
    co_return std::move(*connecting->result);
}

void Signal::set() {
    if (waiting_.alone()) {
        set_ = true;
        return;
    }
    while (!waiting_.alone())
        static_cast<Waiter::Place&>(*waiting_.next()).waiter.finish_soon(Waited::ready);
}

Task<Waited> Signal::wait(MonoTime deadline) {
    Waiter waiter(shard_, deadline);
    if (waiter.over()) co_return waiter.outcome();
    if (set_) {
        set_ = false;
        co_return Waited::ready;
    }
    waiter.place().join(waiting_);
    co_await waiter.suspend();
    co_return waiter.outcome();
}

}  // namespace moldau::runtime
// NOLINTEND(cppcoreguidelines-avoid-reference-coroutine-parameters)
