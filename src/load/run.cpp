#include "run.hpp"

#include "commit_worker.hpp"
#include "connect_worker.hpp"
#include "consume_worker.hpp"
#include "join_worker.hpp"
#include "metrics_page.hpp"
#include "produce_worker.hpp"
#include "topic_setup.hpp"
#include "topics_worker.hpp"

#include "moldau/io/system_random.hpp"
#include "moldau/net/asio_transport.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <type_traits>
#include <unistd.h>

namespace moldau::load {

using runtime::Shard;
using runtime::Task;

namespace {

constexpr Duration kStartDelay = std::chrono::milliseconds(5);  // so that all begin together
constexpr Duration kInterval = std::chrono::seconds(1);
constexpr double kSampleLeast = 0.5;  // seconds
constexpr Duration kPagePatience = std::chrono::seconds(10);

// NOLINTBEGIN(cppcoreguidelines-avoid-reference-coroutine-parameters): main waits for these tasks,
// and holds what they refer to.

template <class R>
Task<> fulfil(Task<R> task, std::shared_ptr<std::promise<R>> promise) {
    R outcome = co_await std::move(task);
    promise->set_value(std::move(outcome));
}

Task<Result<>> stopped(Worker& worker) {
    co_await worker.stop();
    co_return Result<>{};
}

Task<Result<>> reach(client::Cluster& cluster) {
    const Result<client::ConnectionPtr> reached = co_await cluster.any();
    if (!reached)
        co_return Error{reached.error().code,
                        fmt::format("no broker answers: {} (is one running? --brokers or "
                                    "MOLDAU_BROKERS names others)",
                                    reached.error().detail)};
    co_return Result<>{};
}

Task<Result<std::int32_t>> find_to_read(client::Cluster& cluster, std::string topic) {
    const Result<client::TopicPtr> found = co_await cluster.topic_now(topic);
    if (found) co_return static_cast<std::int32_t>((*found)->partitions.size());
    if (found.error().code == ErrorCode::unknown_topic_or_partition)
        co_return Error{found.error().code, fmt::format("topic '{}' does not exist", topic)};
    co_return found.error();
}

// NOLINTEND(cppcoreguidelines-avoid-reference-coroutine-parameters)

const ProduceOptions* producing(const Work& what) {
    if (const auto* mix = std::get_if<MixOptions>(&what)) return &mix->produce;
    return std::get_if<ProduceOptions>(&what);
}

}  // namespace

Run::Run(const Work& what, const Side& side)
    : what_(what),
      side_(side),
      shards_(
          {.count = threads_of(what)}, clock_,
          [](std::size_t) { return std::make_unique<io::SystemRandom>(); }, sink_),
      id_(io::SystemRandom().next()) {
    for (std::size_t i = 0; i < shards_.size(); ++i)
        transports_.push_back(net::make_asio_transport(shards_[i]));
}

/// What belongs to a shard is destroyed on it.
Run::~Run() {
    (void)all([](Place& place) { return stopped(*place.worker); });
    for (std::size_t i = 0; i < shards_.size(); ++i)
        (void)shards_.run_on(i, [this, i] { destroy_on(i); });
    shards_.stop();
}

void Run::destroy_on(std::size_t shard) {
    for (const auto& place : places_) {
        if (place->shard != shard) continue;
        place->worker.reset();
        if (place->cluster) place->cluster->close();
        place->cluster.reset();
    }
    transports_[shard].reset();
}

// ------------------------------------------------------------------ before the load

std::size_t Run::count_workers() const {
    struct Count {
        std::size_t operator()(const ProduceOptions& of) const { return of.producers; }
        std::size_t operator()(const ConsumeOptions& of) const { return of.consumers; }
        std::size_t operator()(const MixOptions& of) const {
            return of.produce.producers + of.consume.consumers;
        }
        std::size_t operator()(const CommitOptions& of) const { return of.group.groups; }
        std::size_t operator()(const JoinOptions& of) const { return of.group.groups; }
        std::size_t operator()(const TopicsOptions& of) const { return of.clients; }
        std::size_t operator()(const ConnectOptions& of) const { return of.clients; }
    };
    return std::visit(Count{}, what_);
}

Result<> Run::prepare() {
    const std::size_t count = count_workers();
    for (std::size_t i = 0; i < count; ++i) {
        places_.push_back(std::make_unique<Place>());
        places_[i]->shard = i % shards_.size();
        Result<> opened = shards_.run_on(places_[i]->shard, [this, i] { open(*places_[i]); });
        if (!opened) return opened;
    }
    const Result<std::int32_t> partitions = find_topic();
    if (!partitions) return partitions.error();
    const ProduceOptions* const produce = producing(what_);
    if (produce != nullptr && produce->keys.kind != KeyKind::none)
        keys_ = std::make_shared<const KeySpace>(produce->keys, *partitions);
    if (const auto* mix = std::get_if<MixOptions>(&what_))
        producers_left_ = std::make_shared<std::atomic<std::size_t>>(mix->produce.producers);
    for (std::size_t i = 0; i < count; ++i) {
        Result<> made = shards_.run_on(places_[i]->shard,
                                       [this, i, count] { make_worker(*places_[i], i, count); });
        if (!made) return made;
    }
    return all([](Place& place) { return place.worker->prepare(); });
}

void Run::open(Place& place) {
    place.cluster = std::make_unique<client::Cluster>(
        shards_[place.shard], *transports_[place.shard],
        client::ClusterOptions{.bootstrap = side_.brokers,
                               .connection = {.client_id = "moldau-bench"}});
}

/// How many partitions the topic of the load has; 0 where it has none.
Result<std::int32_t> Run::find_topic() {
    const Place& first = *places_.front();
    if (Result<> reached = begin(first.shard, reach(*first.cluster)).get(); !reached)
        return reached.error();
    if (const ProduceOptions* produce = producing(what_))
        return begin(first.shard,
                     find_or_create(*first.cluster, produce->topic, produce->topic_shape))
            .get();
    if (const auto* consume = std::get_if<ConsumeOptions>(&what_))
        return begin(first.shard, find_to_read(*first.cluster, consume->topic)).get();
    if (const auto* commit = std::get_if<CommitOptions>(&what_))
        return begin(first.shard,
                     find_or_create(*first.cluster, commit->topic, commit->topic_shape))
            .get();
    return 0;
}

void Run::make_worker(Place& place, std::size_t index, std::size_t count) {
    client::Cluster& cluster = *place.cluster;
    Transport& transport = *transports_[place.shard];
    const std::string name = fmt::format("moldau-bench-{:016x}", id_);
    const Share share{.index = index, .of = count};
    const auto make = [&](const auto& options) -> std::unique_ptr<Worker> {
        using Options = std::decay_t<decltype(options)>;
        if constexpr (std::is_same_v<Options, ProduceOptions>) {
            return std::make_unique<ProduceWorker>(cluster, options, share, Shared{.keys = keys_});
        } else if constexpr (std::is_same_v<Options, ConsumeOptions>) {
            return std::make_unique<ConsumeWorker>(cluster, options, share);
        } else if constexpr (std::is_same_v<Options, MixOptions>) {
            const std::size_t producers = options.produce.producers;
            std::optional<std::uint64_t> run;
            if (options.times_records) run = id_;
            place.consumes = index >= producers;
            if (place.consumes)
                return std::make_unique<ConsumeWorker>(
                    cluster, options.consume,
                    Share{.index = index - producers, .of = options.consume.consumers},
                    Alongside{.producers_left = producers_left_, .run = run});
            return std::make_unique<ProduceWorker>(cluster, options.produce,
                                                   Share{.index = index, .of = producers},
                                                   Shared{.keys = keys_, .run = run});
        } else if constexpr (std::is_same_v<Options, CommitOptions>) {
            return std::make_unique<CommitWorker>(
                cluster, transport, fmt::format("{}-{}", name, index), options, share);
        } else if constexpr (std::is_same_v<Options, JoinOptions>) {
            return std::make_unique<JoinWorker>(cluster, transport,
                                                fmt::format("{}-{}", name, index), options);
        } else if constexpr (std::is_same_v<Options, TopicsOptions>) {
            return std::make_unique<TopicsWorker>(cluster, options, name, share);
        } else {
            return std::make_unique<ConnectWorker>(cluster, transport, options, share);
        }
    };
    place.worker = std::visit(make, what_);
}

// ------------------------------------------------------------------ tasks, from main

template <class R>
std::future<R> Run::begin(std::size_t on, Task<R> task) {
    auto promise = std::make_shared<std::promise<R>>();
    std::future<R> future = promise->get_future();
    Shard& shard = shards_[on];
    const Result<> posted = shard.post([&shard, promise, task = std::move(task)]() mutable {
        runtime::spawn(shard, "load", fulfil(std::move(task), std::move(promise)));
    });
    if (!posted) promise->set_value(posted.error());
    return future;
}

template <class Step>
std::vector<std::future<Result<>>> Run::begin_all(const Step& step) {
    std::vector<std::future<Result<>>> steps;
    for (const auto& place : places_)
        if (place->worker) steps.push_back(begin(place->shard, step(*place)));
    return steps;
}

/// The first error of any.
Result<> Run::outcome_of(std::vector<std::future<Result<>>>& steps) {
    Result<> outcome;
    for (auto& each : steps) {
        Result<> ended = each.get();
        if (outcome) outcome = std::move(ended);
    }
    return outcome;
}

/// One step of all workers, side by side.
template <class Step>
Result<> Run::all(const Step& step) {
    std::vector<std::future<Result<>>> steps = begin_all(step);
    return outcome_of(steps);
}

// NOLINTNEXTLINE(cppcoreguidelines-avoid-reference-coroutine-parameters): main waits for it
Task<Result<>> Run::run_worker(Place& place, MonoTime start) {
    Result<> outcome = co_await place.worker->run(start);
    if (producers_left_ != nullptr && !place.consumes) --*producers_left_;
    co_return outcome;
}

// ------------------------------------------------------------------ the load

Result<ProcessUsage> Run::ask_usage(const BrokerUsage& broker) {
    if (broker.metrics.empty()) return usage_of(broker.pid);
    const Result<std::vector<Endpoint>> at = client::parse_brokers(broker.metrics);
    MOLDAU_CHECK(at.has_value(), "{}", broker.metrics);
    return begin(0,
                 usage_at(shards_[0], *transports_[0], at->front(), clock_.now() + kPagePatience))
        .get();
}

Result<> Run::begin_report(Report& report) {
    for (const std::int32_t pid : side_.pids) report.brokers.push_back({.pid = pid});
    for (const Endpoint& at : side_.metrics) {
        const bool is_v6 = at.host.find(':') != std::string::npos;
        report.brokers.push_back(
            {.metrics = fmt::format(fmt::runtime(is_v6 ? "[{}]:{}" : "{}:{}"), at.host, at.port)});
    }
    for (BrokerUsage& broker : report.brokers) {
        const Result<ProcessUsage> usage = ask_usage(broker);
        if (!usage) return usage.error();
        broker.before = broker.after = *usage;
    }
    return {};
}

void Run::gather(Figures& figures, Figures& consumed) {
    for (std::size_t i = 0; i < shards_.size(); ++i) {
        (void)shards_.run_on(i, [&, i] {
            for (const auto& place : places_)
                if (place->shard == i && place->worker)
                    (place->consumes ? consumed : figures).merge(place->worker->figures());
        });
    }
}

Run::Totals Run::totals(const Report& report) {
    Totals now;
    gather(now.figures, now.consumed);
    for (const BrokerUsage& broker : report.brokers) {
        const Result<ProcessUsage> usage = ask_usage(broker);
        if (!usage) continue;  // the end of the load will tell it as an error
        now.broker_cpu_seconds += usage->cpu_seconds;
        now.broker_rss_bytes += usage->rss_bytes;
    }
    now.client_cpu_seconds = own_cpu_seconds();
    now.at = clock_.now();
    return now;
}

/// What has happened from `before` to `now`.
void Run::note(const Totals& before, const Totals& now, MonoTime start, const Watch& watch,
               Report& report) {
    const auto* mix = std::get_if<MixOptions>(&what_);
    const bool times_records = mix != nullptr && mix->times_records;
    const Histogram acknowledged = now.figures.latency.since(before.figures.latency);
    const Histogram received = now.consumed.latency.since(before.consumed.latency);
    const Histogram& main = times_records ? received : acknowledged;
    const double length = std::chrono::duration<double>(now.at - before.at).count();
    if (watch.log != nullptr) {
        const Duration begins = before.at - watch.log->start();
        const Result<> written = watch.log->write(
            {.tag = watch.tag, .begins = begins, .length = now.at - before.at}, main);
        const std::string second = watch.tag + (watch.tag.empty() ? "" : ".") + "acknowledged";
        const Result<> also =
            times_records
                ? watch.log->write({.tag = second, .begins = begins, .length = now.at - before.at},
                                   acknowledged)
                : Result<>{};
        if (!written || !also)
            sink_.write(LogLevel::warn, (written ? also : written).error().detail);
    }
    // A short rest at the end says nothing of a second.
    if (!watch.has_samples || length < kSampleLeast) return;
    constexpr double kMicro = 1e-3;
    Sample sample{.ends = std::chrono::duration<double>(now.at - start).count(),
                  .length = length,
                  .done = now.figures.done - before.figures.done,
                  .consumed = now.consumed.done - before.consumed.done,
                  .batch_bytes = now.figures.batch_bytes - before.figures.batch_bytes,
                  .timed = main.count(),
                  .max_us = static_cast<double>(main.max()) * kMicro,
                  .broker_cores = (now.broker_cpu_seconds - before.broker_cpu_seconds) / length,
                  .client_cores = (now.client_cpu_seconds - before.client_cpu_seconds) / length,
                  .broker_rss_bytes = now.broker_rss_bytes};
    for (std::size_t i = 0; i < kQuantiles.size(); ++i)
        sample.latency_us.at(i) =
            static_cast<double>(main.quantile(kQuantiles.at(i).share)) * kMicro;
    report.samples.push_back(sample);
}

Result<> Run::measure(Report& report, const Watch& watch) {
    const bool watches = watch.has_samples || watch.log != nullptr;
    Totals before;
    if (watches) before = totals(report);
    const double cpu_before = own_cpu_seconds();
    const MonoTime start = clock_.now() + kStartDelay;
    before.at = start;
    auto runs = begin_all([&](Place& place) { return run_worker(place, start); });
    for (MonoTime next = start + kInterval; watches; next += kInterval) {
        const auto is_running = [&] {
            const auto patience = std::chrono::steady_clock::now() + (next - clock_.now());
            return std::ranges::any_of(runs, [&](const std::future<Result<>>& each) {
                return each.wait_until(patience) == std::future_status::timeout;
            });
        };
        if (!is_running()) break;
        Totals now = totals(report);
        note(before, now, start, watch, report);
        before = std::move(now);
    }
    Result<> outcome = outcome_of(runs);
    report.client_cpu_seconds = own_cpu_seconds() - cpu_before;
    for (BrokerUsage& broker : report.brokers) {
        const Result<ProcessUsage> usage = ask_usage(broker);
        if (usage) {
            broker.after = *usage;
        } else if (outcome) {
            outcome = usage.error();
        }
    }
    if (watches) note(before, totals(report), start, watch, report);
    if (std::holds_alternative<MixOptions>(what_)) report.consumed.emplace();
    Figures none;
    gather(report.figures, report.consumed ? *report.consumed : none);
    const auto seconds = [start](MonoTime end) {
        return std::chrono::duration<double>(end - start).count();
    };
    report.elapsed_seconds = seconds(report.figures.end);
    if (report.consumed) report.consume_seconds = seconds(report.consumed->end);
    if (const Result<ProcessUsage> own = usage_of(::getpid()))
        report.client_rss_bytes = own->rss_bytes;
    return outcome;
}

}  // namespace moldau::load
