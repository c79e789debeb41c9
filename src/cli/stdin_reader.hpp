// Reads stdin without blocking the shard: a thread of a pool waits for it.
#pragma once

#include "moldau/base/result.hpp"
#include "moldau/runtime/shard.hpp"
#include "moldau/runtime/task.hpp"
#include "moldau/runtime/worker_pool.hpp"

#include <memory>
#include <string>

namespace moldau::cli {

class StdinReader {
public:
    explicit StdinReader(runtime::Shard& shard);
    StdinReader(const StdinReader&) = delete;
    StdinReader& operator=(const StdinReader&) = delete;
    ~StdinReader();

    /// What is there, at least a byte; empty at the end. One call at a time.
    /// Errors: unknown_server_error with the reason · broker_not_available (cancelled)
    runtime::Task<Result<std::string>> read();

private:
    struct State;
    static Result<std::string> wait_and_read(const State& state);

    std::shared_ptr<State> state_;
    runtime::WorkerPool pool_;
};

}  // namespace moldau::cli
