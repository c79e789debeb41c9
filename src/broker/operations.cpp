#include "operations.hpp"

#include "metric_families.hpp"

#include "moldau/base/version.hpp"
#include "moldau/io/process_usage.hpp"
#include "moldau/io/system_random.hpp"
#include "moldau/metrics/log_text.hpp"
#include "moldau/net/asio_transport.hpp"
#include "moldau/runtime/task_group.hpp"
#include "moldau/runtime/wait.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <future>
#include <utility>

namespace moldau::broker {
namespace {

constexpr Duration kPulseEvery = std::chrono::seconds(1);
constexpr Duration kCountsEvery = std::chrono::seconds(1);
// A shard that has not come to a question for so long is stuck: no turn of it takes a second.
constexpr Duration kStuckAfter = std::chrono::seconds(10);
constexpr Duration kAnswerDeadline = std::chrono::seconds(2);
constexpr std::size_t kReasonBytesMax = 512;

double seconds(Duration time) {
    return std::chrono::duration<double>(time).count();
}

// NOLINTNEXTLINE(cppcoreguidelines-avoid-reference-coroutine-parameters): it outlives its shard
runtime::Task<> stop_server(metrics::HttpServer& server, std::promise<void>& stopped) {
    co_await server.stop();
    stopped.set_value();
}

/// What the shard has counted, on it.
metrics::Samples samples_of(std::size_t index, const runtime::Shard& shard, const Node& node,
                            const io::DiskCounters& disk) {
    metrics::Samples samples;
    node.sample(index, samples);
    const metrics::Labels here{{"shard", std::to_string(index)}};
    const runtime::Shard::Stats& stats = shard.stats();
    samples.add(families::kShardTasks, here, static_cast<double>(stats.tasks));
    samples.add(families::kShardTurns, here, static_cast<double>(stats.turns));
    samples.add(families::kShardJobs, here, static_cast<double>(stats.jobs_run));
    samples.add(families::kShardTimerLagSeconds, here, stats.timers_lag);
    samples.add(families::kShardCpuSeconds, here, seconds(io::thread_cpu_time()));
    samples.add(families::kDiskWrites, {}, static_cast<double>(disk.writes));
    samples.add(families::kDiskWrittenBytes, {}, static_cast<double>(disk.bytes_written));
    samples.add(families::kDiskWriteErrors, {}, static_cast<double>(disk.write_errors));
    samples.add(families::kDiskSyncDurationSeconds, {}, disk.syncs);
    samples.add(families::kDiskSyncErrors, {}, static_cast<double>(disk.sync_errors));
    samples.add(families::kDiskReadDurationSeconds, {}, disk.reads);
    samples.add(families::kDiskReadErrors, {}, static_cast<double>(disk.read_errors));
    return samples;
}

}  // namespace

Operations::Operations(const Clock& clock, metrics::StreamLogSink& sink)
    : clock_(clock),
      sink_(sink),
      manager_(io::ServiceManager::from_environment()),
      begun_(clock.wall()),
      shards_(
          {.count = 1, .name = "ops"}, clock,
          [](std::size_t) { return std::make_unique<io::SystemRandom>(); }, sink) {}

Result<> Operations::start(Watched watched, const std::optional<config::Listener>& http) {
    watched_.emplace(std::move(watched));
    pulses_.resize(watched_->shards.size());
    Result<> listens;
    Result<> asked = shards_.run_on(0, [&] {
        runtime::spawn(here(), "log counts", write_counts());
        for (std::size_t i = 0; i < pulses_.size(); ++i)
            runtime::spawn(here(), "pulse", feel_pulse(i));
        if (manager_.watchdog()) runtime::spawn(here(), "watchdog", please_watchdog());
        if (!http) return;
        transport_ = net::make_asio_transport(here());
        http_ = std::make_unique<metrics::HttpServer>(
            here(), *transport_, metrics::HttpServer::Limits{},
            [this](std::string path, std::string accept) {
                return answer(std::move(path), std::move(accept));
            });
        const Result<Endpoint> at = http_->listen({http->host, http->port});
        if (!at) {
            listens =
                Error{at.error().code, fmt::format("moldau.http.listener {}:{}: {}", http->host,
                                                   http->port, at.error().detail)};
            return;
        }
        config::Listener bound = *http;
        bound.host = at->host;
        bound.port = at->port;
        address_ = bound.to_string();
    });
    if (!asked) return asked;
    return listens;
}

void Operations::tell_ready(const std::string& listeners) {
    manager_.tell(fmt::format("READY=1\nSTATUS=serving {}", listeners));
}

void Operations::tell_stopping() {
    manager_.tell("STOPPING=1\nSTATUS=stopping");
}

void Operations::stop() {
    if (http_ != nullptr) {
        std::promise<void> stopped;
        const Result<> asked = shards_.run_on(
            0, [&] { runtime::spawn(here(), "stop http", stop_server(*http_, stopped)); });
        if (asked) stopped.get_future().wait();
        (void)shards_.run_on(0, [this] {
            http_.reset();
            transport_.reset();
        });
    }
    shards_.stop();
    if (!watched_) return;
    // What was asked and has not been answered runs before this does.
    for (std::size_t i = 0; i < watched_->shards.size(); ++i)
        (void)watched_->shards.run_on(i, [] {});
    watched_.reset();
}

runtime::Task<> Operations::write_counts() {
    while (co_await runtime::sleep_until(here(), clock_.now() + kCountsEvery) !=
           runtime::Waited::cancelled)
        sink_.tick();
}

// ------------------------------------------------------------------ health

runtime::Task<> Operations::feel_pulse(std::size_t shard) {
    Pulse& pulse = pulses_[shard];
    do {
        pulse.asked = clock_.now();
        pulse.is_answered = false;
        // A full mailbox is an answer, too, if not a good one: it is tried again.
        const Result<> answered = co_await runtime::call(here(), watched_->shards[shard], [] {});
        pulse.took = clock_.now() - pulse.asked;
        pulse.is_answered = answered.has_value();
    } while (co_await runtime::sleep_until(here(), clock_.now() + kPulseEvery) !=
             runtime::Waited::cancelled);
}

Duration Operations::lag_of(const Pulse& pulse) const {
    return pulse.is_answered ? pulse.took : clock_.now() - pulse.asked;
}

std::vector<std::string> Operations::reasons_unhealthy() const {
    std::vector<std::string> reasons;
    for (std::size_t i = 0; i < pulses_.size(); ++i) {
        const Duration lag = lag_of(pulses_[i]);
        if (!pulses_[i].is_answered && lag >= kStuckAfter)
            reasons.push_back(
                fmt::format("shard {} has not answered for {:.1f} s", i, seconds(lag)));
    }
    return reasons;
}

/// Who asks for signs of life gets them while the shards give them: a process that is stuck is
/// better started anew.
runtime::Task<> Operations::please_watchdog() {
    const Duration every = *manager_.watchdog() / 3;
    bool was_healthy = true;
    do {
        const std::vector<std::string> reasons = reasons_unhealthy();
        if (reasons.empty()) {
            manager_.tell("WATCHDOG=1");
        } else if (was_healthy) {
            here().log().error("the watchdog is told nothing any more reason={}",
                               fmt::join(reasons, "; "));
            manager_.tell(fmt::format("STATUS=stuck: {}", fmt::join(reasons, "; ")));
        }
        was_healthy = reasons.empty();
    } while (co_await runtime::sleep_until(here(), clock_.now() + every) !=
             runtime::Waited::cancelled);
}

std::string Operations::status_page(std::string_view status,
                                    const std::vector<std::string>& reasons) const {
    std::vector<std::string> texts;
    texts.reserve(reasons.size());
    for (const std::string& each : reasons)
        texts.push_back(metrics::json_string(each, kReasonBytesMax));
    std::vector<std::string> lags;
    lags.reserve(pulses_.size());
    for (const Pulse& each : pulses_) lags.push_back(fmt::format("{:.6f}", seconds(lag_of(each))));
    const Duration up = std::chrono::milliseconds(clock_.wall().ms - begun_.ms);
    return fmt::format(
        R"({{"status":"{}","reasons":[{}],"version":{},"commit":{},"uptime_seconds":{:.1f},)"
        R"("shard_lag_seconds":[{}]}})"
        "\n",
        status, fmt::join(texts, ","), metrics::json_string(version(), kReasonBytesMax),
        metrics::json_string(commit(), kReasonBytesMax), seconds(up), fmt::join(lags, ","));
}

// ------------------------------------------------------------------ questions

runtime::Task<metrics::HttpReply> Operations::answer(std::string path, std::string accept) {
    if (path == "/metrics") {
        const bool is_open = accept.find("application/openmetrics-text") != std::string::npos;
        co_return co_await scrape(is_open ? metrics::PageFormat::openmetrics
                                          : metrics::PageFormat::prometheus);
    }
    if (path == "/ready") co_return co_await ready();
    if (path == "/health") {
        const std::vector<std::string> reasons = reasons_unhealthy();
        metrics::HttpReply reply{.content_type = "application/json"};
        reply.status = reasons.empty() ? 200 : 503;
        reply.body = status_page(reasons.empty() ? "ok" : "stuck", reasons);
        co_return reply;
    }
    metrics::HttpReply reply{.body = "/metrics\n/health\n/ready\n"};
    if (path != "/") {
        reply.status = 404;
        reply.body = "404 Not Found: there are /metrics, /health and /ready\n";
    }
    co_return reply;
}

runtime::Task<metrics::HttpReply> Operations::ready() {
    Node* node = &watched_->node;
    auto reasons = co_await runtime::call(
        here(), watched_->shards[0], [node] { return node->reasons_not_ready(); },
        clock_.now() + kAnswerDeadline);
    if (!reasons) reasons = std::vector<std::string>{"the home shard does not answer"};
    metrics::HttpReply reply{.content_type = "application/json"};
    reply.status = reasons->empty() ? 200 : 503;
    reply.body = status_page(reasons->empty() ? "ready" : "not ready", *reasons);
    co_return reply;
}

runtime::Task<metrics::HttpReply> Operations::scrape(metrics::PageFormat format) {
    metrics::Samples all;
    for (std::size_t i = 0; i < watched_->shards.size(); ++i) {
        runtime::Shard* shard = &watched_->shards[i];
        const std::string number = std::to_string(i);
        auto part = co_await runtime::call(
            here(), *shard,
            [i, shard, node = &watched_->node, disk = watched_->disks[i]] {
                return samples_of(i, *shard, *node, *disk);
            },
            clock_.now() + kAnswerDeadline);
        all.add(families::kShardUp, {{"shard", number}}, part ? 1 : 0);
        if (part) all.add(*part);
        all.add(families::kShardMailboxDepth, {{"shard", number}},
                static_cast<double>(shard->mailbox_depth()));
        all.add(families::kShardLagSeconds, {{"shard", number}}, seconds(lag_of(pulses_[i])));
    }
    sample_process(all);
    metrics::HttpReply reply;
    reply.content_type = format == metrics::PageFormat::openmetrics
                             ? "application/openmetrics-text; version=1.0.0; charset=utf-8"
                             : "text/plain; version=0.0.4; charset=utf-8";
    reply.body = all.page(format);
    co_return reply;
}

void Operations::sample_process(metrics::Samples& to) const {
    const io::ProcessUsage usage = io::process_usage();
    to.add(families::kBuildInfo,
           {{"version", std::string(version())}, {"commit", std::string(commit())}}, 1);
    to.add(families::kStartTimeSeconds, {}, static_cast<double>(begun_.ms) / 1000);
    to.add(families::kProcessCpuSeconds, {{"mode", "user"}}, seconds(usage.user_cpu));
    to.add(families::kProcessCpuSeconds, {{"mode", "system"}}, seconds(usage.system_cpu));
    to.add(families::kProcessResidentMemoryBytes, {}, static_cast<double>(usage.resident_bytes));
    to.add(families::kProcessVirtualMemoryBytes, {}, static_cast<double>(usage.virtual_bytes));
    to.add(families::kProcessThreads, {}, static_cast<double>(usage.threads));
    to.add(families::kProcessOpenFiles, {}, static_cast<double>(usage.open_files));
    to.add(families::kProcessOpenFilesMax, {}, static_cast<double>(usage.open_files_max));
    to.add(families::kDiskPoolWaiting, {}, static_cast<double>(watched_->pool.waiting()));
    to.add(families::kDiskPoolOldestSeconds, {}, seconds(watched_->pool.oldest_running()));
}

}  // namespace moldau::broker
