#include "moldau/load/load.hpp"

#include "consume_worker.hpp"
#include "options.hpp"
#include "produce_worker.hpp"
#include "report.hpp"
#include "topic_setup.hpp"

#include "moldau/cli/output.hpp"
#include "moldau/cli/talk_sink.hpp"
#include "moldau/io/system_clock.hpp"
#include "moldau/io/system_random.hpp"
#include "moldau/net/asio_transport.hpp"
#include "moldau/runtime/shards.hpp"

#include <fmt/format.h>

#include <csignal>
#include <future>
#include <memory>

namespace moldau::load {

using runtime::Shard;
using runtime::Task;

namespace {

constexpr int kFailed = 1;
constexpr int kMisused = 2;
constexpr Duration kStartDelay = std::chrono::milliseconds(5);  // so that all begin together

// NOLINTBEGIN(cppcoreguidelines-avoid-reference-coroutine-parameters): main waits for these tasks,
// and holds what they refer to.

/// The loads of one run, on shards of their own; used from main.
class Run {
public:
    Run(const Arguments& arguments, std::size_t threads)
        : arguments_(arguments),
          shards_(
              {.count = threads}, clock_,
              [](std::size_t) { return std::make_unique<io::SystemRandom>(); }, sink_) {
        for (std::size_t i = 0; i < shards_.size(); ++i)
            transports_.push_back(net::make_asio_transport(shards_[i]));
    }
    Run(const Run&) = delete;
    Run& operator=(const Run&) = delete;

    /// What belongs to a shard is destroyed on it.
    ~Run() {
        (void)all([](Place& place) { return place.worker->stop(); });
        for (std::size_t i = 0; i < shards_.size(); ++i)
            (void)shards_.run_on(i, [this, i] { destroy_on(i); });
        shards_.stop();
    }

    Result<> prepare() {
        const auto* produce = std::get_if<ProduceOptions>(&arguments_.what);
        const std::size_t count = produce != nullptr
                                      ? produce->producers
                                      : std::get<ConsumeOptions>(arguments_.what).consumers;
        for (std::size_t i = 0; i < count; ++i) {
            places_.push_back(std::make_unique<Place>());
            places_[i]->shard = i % shards_.size();
            Result<> made = shards_.run_on(places_[i]->shard,
                                           [this, i, count] { make(*places_[i], i, count); });
            if (!made) return made;
        }
        Result<> found = find_topic(produce);
        if (!found) return found;
        return all([](Place& place) { return place.worker->prepare(); });
    }

    /// What the processes of --pid have used so far.
    Result<> begin_report(Report& report) const {
        for (const std::int32_t pid : arguments_.pids) {
            const Result<ProcessUsage> usage = usage_of(pid);
            if (!usage) return usage.error();
            report.brokers.push_back({.pid = pid, .before = *usage, .after = *usage});
        }
        return {};
    }

    /// The report holds also after an error.
    Result<> measure(Report& report) {
        const double cpu_before = own_cpu_seconds();
        const MonoTime start = clock_.now() + kStartDelay;
        Result<> outcome = all([start](Place& place) { return place.worker->run(start); });
        report.client_cpu_seconds = own_cpu_seconds() - cpu_before;
        for (BrokerUsage& broker : report.brokers) {
            const Result<ProcessUsage> usage = usage_of(broker.pid);
            if (usage) {
                broker.after = *usage;
            } else if (outcome) {
                outcome = usage.error();
            }
        }
        for (const auto& place : places_) report.figures.merge(place->worker->figures());
        report.elapsed_seconds = std::chrono::duration<double>(report.figures.end - start).count();
        return outcome;
    }

private:
    struct Place {
        std::size_t shard = 0;
        std::unique_ptr<client::Cluster> cluster;
        std::unique_ptr<Worker> worker;
    };

    void make(Place& place, std::size_t index, std::size_t count) {
        place.cluster = std::make_unique<client::Cluster>(
            shards_[place.shard], *transports_[place.shard],
            client::ClusterOptions{.bootstrap = arguments_.brokers,
                                   .connection = {.client_id = "moldau-bench"}});
        if (const auto* produce = std::get_if<ProduceOptions>(&arguments_.what)) {
            place.worker = std::make_unique<ProduceWorker>(*place.cluster, *produce,
                                                           Share{.index = index, .of = count});
        } else {
            place.worker = std::make_unique<ConsumeWorker>(
                *place.cluster, std::get<ConsumeOptions>(arguments_.what));
        }
    }

    void destroy_on(std::size_t shard) {
        for (const auto& place : places_) {
            if (place->shard != shard) continue;
            place->worker.reset();
            if (place->cluster) place->cluster->close();
            place->cluster.reset();
        }
        transports_[shard].reset();
    }

    static Task<Result<>> reach(client::Cluster& cluster) {
        const Result<client::ConnectionPtr> reached = co_await cluster.any();
        if (!reached)
            co_return Error{reached.error().code,
                            fmt::format("no broker answers: {} (is one running? --brokers or "
                                        "MOLDAU_BROKERS names others)",
                                        reached.error().detail)};
        co_return Result<>{};
    }

    static Task<Result<>> find_to_read(client::Cluster& cluster, std::string topic) {
        const Result<client::TopicPtr> found = co_await cluster.topic_now(topic);
        if (found) co_return Result<>{};
        if (found.error().code == ErrorCode::unknown_topic_or_partition)
            co_return Error{found.error().code, fmt::format("topic '{}' does not exist", topic)};
        co_return found.error();
    }

    Result<> find_topic(const ProduceOptions* produce) {
        Place& first = *places_.front();
        Result<> reached = begin(first, reach(*first.cluster)).get();
        if (!reached) return reached;
        if (produce != nullptr) return begin(first, find_or_create(*first.cluster, *produce)).get();
        return begin(first,
                     find_to_read(*first.cluster, std::get<ConsumeOptions>(arguments_.what).topic))
            .get();
    }

    static Task<> fulfil(Task<Result<>> task, std::shared_ptr<std::promise<Result<>>> promise) {
        Result<> outcome = co_await std::move(task);
        promise->set_value(std::move(outcome));
    }
    static Task<> fulfil(Task<> task, std::shared_ptr<std::promise<Result<>>> promise) {
        co_await std::move(task);
        promise->set_value(Result<>{});
    }

    template <class Work>
    std::future<Result<>> begin(const Place& place, Task<Work> task) {
        auto promise = std::make_shared<std::promise<Result<>>>();
        std::future<Result<>> future = promise->get_future();
        Shard& shard = shards_[place.shard];
        Result<> posted = shard.post([&shard, promise, task = std::move(task)]() mutable {
            runtime::spawn(shard, "load", fulfil(std::move(task), std::move(promise)));
        });
        if (!posted) promise->set_value(std::move(posted));
        return future;
    }

    /// One step of all workers, side by side; the first error of any.
    template <class Step>
    Result<> all(const Step& step) {
        std::vector<std::future<Result<>>> steps;
        for (const auto& place : places_)
            if (place->worker) steps.push_back(begin(*place, step(*place)));
        Result<> outcome;
        for (auto& each : steps) {
            Result<> ended = each.get();
            if (outcome) outcome = std::move(ended);
        }
        return outcome;
    }

    const Arguments& arguments_;
    io::SystemClock clock_;
    cli::TalkSink sink_;
    runtime::Shards shards_;
    std::vector<std::unique_ptr<Transport>> transports_;
    std::vector<std::unique_ptr<Place>> places_;
};

// NOLINTEND(cppcoreguidelines-avoid-reference-coroutine-parameters)

int fail(const Error& error) {
    fmt::print(stderr, "error: {}\n", error.detail.empty() ? name(error.code) : error.detail);
    return kFailed;
}

/// "NOT_LEADER_OR_FOLLOWER (2), NETWORK_EXCEPTION (1)": requests
std::string errors_text(const Figures& figures) {
    std::string text;
    for (const auto& [name, count] : figures.errors)
        text += fmt::format("{}{} ({})", text.empty() ? "" : ", ", name, count);
    return text;
}

int carry_out(const Arguments& arguments) {
    const std::size_t threads =
        std::visit([](const auto& options) { return options.threads; }, arguments.what);
    Run run(arguments, threads);
    if (const Result<> ready = run.prepare(); !ready) return fail(ready.error());
    Report report;
    if (const Result<> begun = run.begin_report(report); !begun) return fail(begun.error());
    const Result<> outcome = run.measure(report);
    const Result<> printed =
        cli::print(arguments.is_json ? to_json(arguments, report) : to_table(arguments, report));
    if (!printed) return fail(printed.error());
    if (!outcome) return fail(outcome.error());
    if (report.figures.unsent_records != 0)
        return fail({ErrorCode::request_timed_out,
                     "the rate was not reached: the broker or this client is too slow"});
    if (report.figures.failed_records != 0)
        return fail({ErrorCode::unknown_server_error,
                     fmt::format("{} records were refused or lost on the way: {}",
                                 report.figures.failed_records, errors_text(report.figures))});
    return 0;
}

}  // namespace

int run(int argc, const char* const* argv) {
    const Result<Arguments> arguments = parse_arguments(argc, argv);
    if (!arguments) {
        fmt::print(stderr, "error: {}\n", arguments.error().detail);
        return kMisused;
    }
    if (!arguments->text.empty()) {
        const Result<> printed = cli::print(arguments->text);
        return printed ? 0 : fail(printed.error());
    }
    // A reader of stdout that has left is an error of the write, not a death by a signal.
    std::signal(SIGPIPE, SIG_IGN);
    return carry_out(*arguments);
}

}  // namespace moldau::load
