// One producer or consumer of the load, on one shard.
#pragma once

#include "figures.hpp"

#include "moldau/base/result.hpp"
#include "moldau/runtime/task.hpp"

namespace moldau::load {

class Worker {
public:
    virtual ~Worker() = default;
    /// Finds what it will talk to, so that the measured time holds none of that.
    virtual runtime::Task<Result<>> prepare() = 0;
    /// From `start` to its end. An error ends it early; what was counted until then holds.
    virtual runtime::Task<Result<>> run(MonoTime start) = 0;
    /// Nothing of it runs afterwards; always the last call.
    virtual runtime::Task<> stop() = 0;

    const Figures& figures() const { return figures_; }

protected:
    Figures figures_;
};

}  // namespace moldau::load
