#include "moldau/runtime/worker_pool.hpp"

#include "alternate_stack.hpp"
#include "signals_blocked.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <pthread.h>

namespace moldau::runtime {

WorkerPool::WorkerPool(Options options) : options_(std::move(options)), begun_(options_.threads) {
    const SignalsBlocked blocked;
    for (std::size_t index = 0; index < options_.threads; ++index) {
        threads_.emplace_back([this, index] { work(index); });
        pthread_setname_np(threads_.back().native_handle(),
                           fmt::format("{}-{}", options_.name, index).c_str());
    }
}

Result<> WorkerPool::submit(Job job) {
    {
        const std::lock_guard lock(mutex_);
        if (stopping_)
            return Error{ErrorCode::broker_not_available,
                         fmt::format("pool '{}' has stopped", options_.name)};
        if (jobs_.size() >= options_.jobs_max)
            return Error{ErrorCode::throttling_quota_exceeded,
                         fmt::format("pool '{}' has {} jobs waiting", options_.name, jobs_.size())};
        jobs_.push_back(std::move(job));
    }
    changed_.notify_one();
    return {};
}

std::size_t WorkerPool::waiting() {
    const std::lock_guard lock(mutex_);
    return jobs_.size();
}

Duration WorkerPool::oldest_running() {
    const Moment now = std::chrono::steady_clock::now();
    const std::lock_guard lock(mutex_);
    Duration oldest{0};
    for (const auto& each : begun_)
        if (each) oldest = std::max<Duration>(oldest, now - *each);
    return oldest;
}

void WorkerPool::work(std::size_t index) {
    const AlternateStack stack;
    for (;;) {
        Job job;
        {
            std::unique_lock lock(mutex_);
            begun_[index].reset();
            changed_.wait(lock, [this] { return stopping_ || !jobs_.empty(); });
            if (jobs_.empty()) return;
            job = std::move(jobs_.front());
            jobs_.pop_front();
            begun_[index] = std::chrono::steady_clock::now();
        }
        job();
    }
}

void WorkerPool::stop() {
    {
        const std::lock_guard lock(mutex_);
        stopping_ = true;
    }
    changed_.notify_all();
    for (std::thread& thread : threads_) {
        if (thread.joinable()) thread.join();
    }
}

}  // namespace moldau::runtime
