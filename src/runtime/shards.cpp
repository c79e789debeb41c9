#include "moldau/runtime/shards.hpp"

#include "alternate_stack.hpp"
#include "signals_blocked.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <future>
#include <pthread.h>
#include <ranges>
#include <sched.h>
#include <sys/resource.h>

namespace moldau::runtime {

std::size_t usable_cores() {
    cpu_set_t cores;
    CPU_ZERO(&cores);
    if (sched_getaffinity(0, sizeof cores, &cores) == 0)
        return static_cast<std::size_t>(std::max(CPU_COUNT(&cores), 1));
    return std::max(std::thread::hardware_concurrency(), 1U);
}

Result<std::uint64_t> raise_open_files_limit() {
    rlimit limit{};
    if (getrlimit(RLIMIT_NOFILE, &limit) != 0)
        return Error{ErrorCode::unknown_server_error,
                     fmt::format("cannot read the limit of open files: {}", std::strerror(errno))};
    limit.rlim_cur = limit.rlim_max;
    if (setrlimit(RLIMIT_NOFILE, &limit) != 0)
        return Error{ErrorCode::unknown_server_error,
                     fmt::format("cannot raise the limit of open files to {}: {}", limit.rlim_max,
                                 std::strerror(errno))};
    return limit.rlim_cur;
}

Shards::Shards(Options options, const Clock& clock, const MakeRandom& make_random, LogSink& sink) {
    const std::size_t count = options.count == 0 ? usable_cores() : options.count;
    for (std::size_t index = 0; index < count; ++index) {
        running_.push_back(std::make_unique<Running>(
            Shard::Options{.index = index, .mailbox_jobs_max = options.mailbox_jobs_max}, clock,
            make_random(index), sink));
    }
    const SignalsBlocked blocked;
    for (auto& running : running_) {
        running->thread = std::thread([&shard = running->shard] {
            const AlternateStack stack;
            shard.run();
        });
        pthread_setname_np(running->thread.native_handle(),
                           fmt::format("{}-{}", options.name, running->shard.index()).c_str());
    }
}

Result<> Shards::run_on(std::size_t index, Job job) {
    // The job owns the promise: one that is dropped, or throws, ends the wait, too.
    std::promise<void> ran;
    std::future<void> done = ran.get_future();
    Result<> posted =
        running_[index]->shard.post([job = std::move(job), ran = std::move(ran)]() mutable {
            job();
            ran.set_value();
        });
    if (!posted) return posted;
    try {
        done.get();
    } catch (const std::future_error&) {
        return Error{ErrorCode::broker_not_available,
                     fmt::format("shard {} has not run the job to its end", index)};
    }
    return {};
}

void Shards::stop() {
    for (auto& running : running_ | std::views::reverse) {
        if (!running->thread.joinable()) continue;
        running->shard.stop();
        running->thread.join();
    }
}

}  // namespace moldau::runtime
