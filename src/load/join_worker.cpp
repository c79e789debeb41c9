#include "join_worker.hpp"

#include <algorithm>

namespace moldau::load {

using runtime::Task;

namespace {

constexpr const char* kTopic =
    "moldau-bench";  // that they subscribe to; nobody looks whether it is

}  // namespace

JoinWorker::JoinWorker(client::Cluster& cluster, Transport& transport, std::string group,
                       JoinOptions options)
    : shard_(cluster.shard()),
      options_(options),
      group_(cluster, transport, std::move(group), kTopic, options_.group) {}

Task<Result<>> JoinWorker::prepare() {
    return group_.connect();
}

Task<Result<>> JoinWorker::run(MonoTime start) {
    figures_.end = start;
    (void)co_await runtime::sleep_until(shard_, start);
    group_.start();
    Result<> outcome = co_await group_.rest(start + options_.patience);
    const std::int32_t generation = group_.generations();
    for (const Member& member : group_.members()) {
        if (generation == 0 || member.generation != generation) {
            ++figures_.failed;
            continue;
        }
        ++figures_.done;
        figures_.latency.record((member.entered - start).count());
        figures_.end = std::max(figures_.end, member.entered);
    }
    figures_.batches = static_cast<std::uint64_t>(generation);
    if (!outcome) ++figures_.errors[std::string(name(outcome.error().code))];
    co_return outcome;
}

Task<> JoinWorker::stop() {
    return group_.leave();
}

}  // namespace moldau::load
