#include "connect_worker.hpp"

#include "moldau/runtime/wait.hpp"

namespace moldau::load {

using runtime::Task;
using runtime::Waited;

ConnectWorker::ConnectWorker(client::Cluster& cluster, Transport& transport, ConnectOptions options,
                             Share share)
    : cluster_(cluster),
      shard_(cluster.shard()),
      transport_(transport),
      options_(options),
      share_(share) {}

Task<Result<>> ConnectWorker::prepare() {
    co_return Result<>{};
}

Task<Result<>> ConnectWorker::run(MonoTime start) {
    figures_.end = start;
    (void)co_await runtime::sleep_until(shard_, start);
    const std::uint64_t quota = part_of(options_.count, share_);
    std::optional<Pacer> pacer;
    if (options_.rate != 0) pacer.emplace(start, options_.rate, share_);
    const std::vector<Endpoint>& brokers = cluster_.options().bootstrap;
    for (std::uint64_t done = 0; done < quota; ++done) {
        const MonoTime due = pacer ? pacer->time_of(done) : shard_.now();
        if (pacer && co_await runtime::sleep_until(shard_, due) == Waited::cancelled) break;
        if (pacer) figures_.send_delay.record((shard_.now() - due).count());
        auto opened = co_await client::Connection::open(
            shard_, transport_, brokers[done % brokers.size()], cluster_.options().connection,
            shard_.now() + cluster_.options().connect_timeout);
        figures_.end = shard_.now();
        if (!opened) {
            ++figures_.failed;
            ++figures_.errors[std::string(name(opened.error().code))];
            continue;
        }
        ++figures_.done;
        figures_.latency.record((figures_.end - due).count());
        open_.push_back(std::move(*opened));
    }
    // Some may have been closed meanwhile: they are not open together.
    const auto closed = std::erase_if(
        open_, [](const client::ConnectionPtr& connection) { return !connection->is_open(); });
    if (closed != 0) {
        figures_.done -= closed;
        figures_.failed += closed;
        figures_.errors[std::string(name(ErrorCode::network_exception))] += closed;
    }
    co_return Result<>{};
}

Task<> ConnectWorker::stop() {
    open_.clear();
    co_return;
}

}  // namespace moldau::load
