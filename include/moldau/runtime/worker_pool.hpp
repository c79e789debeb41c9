// Threads for what would block a shard: fsync, cold reads.
#pragma once

#include "moldau/base/result.hpp"
#include "moldau/base/time.hpp"
#include "moldau/runtime/shard.hpp"

#include <chrono>
#include <condition_variable>
#include <cstddef>
#include <deque>
#include <mutex>
#include <optional>
#include <string>
#include <thread>
#include <vector>

namespace moldau::runtime {

class WorkerPool {
public:
    struct Options {
        std::string name = "worker";
        std::size_t threads = 4;
        std::size_t jobs_max = 65536;  // waiting; those that run are not counted
    };

    explicit WorkerPool(Options options);
    WorkerPool(const WorkerPool&) = delete;
    WorkerPool& operator=(const WorkerPool&) = delete;
    ~WorkerPool() { stop(); }

    /// Runs `job` on one of the threads, from any thread. A job answers by Shard::post_answer.
    /// Errors: throttling_quota_exceeded (as many as jobs_max wait) · broker_not_available
    /// (stopped)
    Result<> submit(Job job);

    /// Jobs that no thread has begun.
    std::size_t waiting();
    /// How long the oldest of the jobs that run has run; 0: none runs.
    Duration oldest_running();

    /// Runs what was submitted to its end; returns when no thread runs.
    void stop();

private:
    void work(std::size_t index);

    Options options_;
    std::mutex mutex_;
    std::condition_variable changed_;
    std::deque<Job> jobs_;
    bool stopping_ = false;
    using Moment = std::chrono::steady_clock::time_point;
    std::vector<std::optional<Moment>> begun_;  // by thread: its job
    std::vector<std::thread> threads_;
};

}  // namespace moldau::runtime
