// Waiting for what ends by a callback: the cores' and ports' "done" as something a task can await.
#pragma once

#include "moldau/base/ports/disk.hpp"
#include "moldau/base/result.hpp"
#include "moldau/runtime/shard.hpp"
#include "moldau/runtime/task.hpp"
#include "moldau/runtime/wait.hpp"

#include <functional>
#include <memory>
#include <optional>
#include <type_traits>
#include <utility>

namespace moldau::runtime {

/// One operation under way. `R` is Result<T> or DiskResult<T>. The callback belongs to the shard;
/// it may come from inside the call that it is given to, and may outlive the one who waits.
template <class R>
class Ending {
public:
    explicit Ending(Shard& shard) : state_(std::make_shared<State>(shard)) {}

    std::move_only_function<void(R)> done() const {
        return [state = state_](R result) {
            state->result.emplace(std::move(result));
            state->ended.set();
        };
    }

    /// Once. A task that is told to end meanwhile gets an error: cancelled.
    Task<R> wait() { return outcome_of(state_); }

private:
    struct State {
        explicit State(Shard& shard) : ended(shard) {}
        std::optional<R> result;
        Signal ended;
    };

    static Task<R> outcome_of(std::shared_ptr<State> state) {
        if (!state->result) {
            const Waited waited = co_await state->ended.wait();
            if (!state->result) {
                if constexpr (std::is_same_v<typename R::error_type, DiskError>) {
                    co_return DiskError{DiskFault::cancelled, "cancelled"};
                } else {
                    co_return error_of(waited);
                }
            }
        }
        co_return std::move(*state->result);
    }

    std::shared_ptr<State> state_;
};

}  // namespace moldau::runtime
