// The shards of a process: started together, asked by index, stopped in reverse order.
#pragma once

#include "moldau/base/result.hpp"
#include "moldau/runtime/shard.hpp"

#include <cstddef>
#include <functional>
#include <memory>
#include <string>
#include <thread>
#include <vector>

namespace moldau::runtime {

class Shards {
public:
    struct Options {
        std::size_t count = 0;  // 0: one for each core that this process may use
        std::size_t mailbox_jobs_max = 65536;
        std::string name = "shard";  // of the threads, with a number behind it
    };
    using MakeRandom = std::function<std::unique_ptr<Random>(std::size_t shard)>;

    /// Starts the threads ("shard-0", …; the signals that
    /// others send are blocked). `clock` and `sink` outlive it.
    Shards(Options options, const Clock& clock, const MakeRandom& make_random, LogSink& sink);
    Shards(const Shards&) = delete;
    Shards& operator=(const Shards&) = delete;
    ~Shards() { stop(); }

    std::size_t size() const { return running_.size(); }
    Shard& operator[](std::size_t index) { return running_[index]->shard; }

    /// Runs `job` on a shard and returns when it has run. Only from a thread that is no shard's
    /// (main, a test).
    /// Errors: as Shard::post; broker_not_available, too, when the job throws or is dropped by a
    /// stop
    Result<> run_on(std::size_t index, Job job);

    /// Cancels all tasks, the last shard's first; returns when no task runs and all threads ended.
    void stop();

private:
    struct Running {
        Running(Shard::Options options, const Clock& clock, std::unique_ptr<Random> own_random,
                LogSink& sink)
            : random(std::move(own_random)), shard(options, clock, *random, sink) {}
        std::unique_ptr<Random> random;
        Shard shard;
        std::thread thread;
    };
    std::vector<std::unique_ptr<Running>> running_;
};

/// Cores that this process may run on, at least 1.
std::size_t usable_cores();

/// Raises the limit of open files to its hard limit; returns the limit that now holds.
/// Errors: unknown_server_error with the reason
Result<std::uint64_t> raise_open_files_limit();

}  // namespace moldau::runtime
