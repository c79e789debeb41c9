// Task: what waits. Straight-line waiting only; rules live in cores.
#pragma once

#include <boost/asio/awaitable.hpp>

#include <cstdint>

namespace moldau::runtime {

/// A coroutine that does nothing until it is awaited or spawned (task_group.hpp). It takes values;
/// a reference parameter is for what outlives it (`Shard&`). It waits only by what wait.hpp offers.
template <class T = void>
using Task = boost::asio::awaitable<T>;

/// How a wait ended.
enum class Waited : std::uint8_t {
    ready,            // what was waited for has come (a stream's wake-up may be in vain: try)
    deadline_passed,  //
    cancelled,        // the task was told to end: every further wait answers so at once
};

}  // namespace moldau::runtime
