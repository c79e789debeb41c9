#include "moldau/broker/daemon.hpp"

#include "operations.hpp"

#include "moldau/base/check.hpp"
#include "moldau/base/version.hpp"
#include "moldau/broker/node.hpp"
#include "moldau/config/keys.hpp"
#include "moldau/io/crash_report.hpp"
#include "moldau/io/host_name.hpp"
#include "moldau/io/system_clock.hpp"
#include "moldau/io/system_disk.hpp"
#include "moldau/io/system_random.hpp"
#include "moldau/metrics/log_sink.hpp"
#include "moldau/net/asio_transport.hpp"
#include "moldau/runtime/shards.hpp"
#include "moldau/runtime/task_group.hpp"
#include "moldau/runtime/wait.hpp"
#include "moldau/runtime/worker_pool.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <csignal>
#include <cstdio>
#include <filesystem>
#include <future>
#include <memory>
#include <optional>
#include <string>
#include <unistd.h>
#include <utility>
#include <vector>

namespace moldau::broker {
namespace {

constexpr std::size_t kOpenFilesLeast = 128;

sigset_t stop_signals() {
    sigset_t set;
    sigemptyset(&set);
    sigaddset(&set, SIGTERM);
    sigaddset(&set, SIGINT);
    return set;
}

net::SocketOptions socket_options(const config::Settings& settings) {
    return {.listen_backlog = settings.get(config::kSocketListenBacklogSize),
            .send_buffer_bytes = settings.get(config::kSocketSendBufferBytes),
            .receive_buffer_bytes = settings.get(config::kSocketReceiveBufferBytes),
            .send_buffer_grows = settings.get(config::kSocketSendBufferGrows),
            .receive_buffer_grows = settings.get(config::kSocketReceiveBufferGrows),
            .local_pacing = settings.get(config::kSocketLocalPacing)};
}

// NOLINTBEGIN(cppcoreguidelines-avoid-reference-coroutine-parameters): all outlive the shards that
// run these tasks.
runtime::Task<> start_node(Node& node, std::promise<Result<>>& started) {
    Result<> outcome = co_await node.start();
    started.set_value(std::move(outcome));
}

runtime::Task<> stop_node(Node& node, std::promise<void>& stopped) {
    co_await node.stop();
    stopped.set_value();
}

// NOLINTEND(cppcoreguidelines-avoid-reference-coroutine-parameters)

/// The world's shards, transports and disk under one node.
class RunningNode {
public:
    RunningNode(const config::Settings& settings, const Clock& clock, metrics::StreamLogSink& sink,
                std::size_t open_files_max)
        : shards_(
              {.count = static_cast<std::size_t>(settings.get(config::kShards))}, clock,
              [](std::size_t) { return std::make_unique<io::SystemRandom>(); }, sink),
          pool_({.name = "disk"}),
          operations_(clock, sink) {
        Node::World world{.shards = {},
                          .working_directory = std::filesystem::current_path(),
                          .host_name = io::host_name,
                          .open_files_max = open_files_max,
                          .on_failure = [this](const Error& error) {
                              failure_ = error;
                              // As if asked to: what can be closed in order is.
                              ::kill(::getpid(), SIGTERM);
                          }};
        for (std::size_t i = 0; i < shards_.size(); ++i) {
            transports_.push_back(net::make_asio_transport(shards_[i], socket_options(settings)));
            disk_counters_.push_back(std::make_shared<io::DiskCounters>());
            disks_.push_back(io::make_system_disk(shards_[i], pool_, disk_counters_.back()));
            world.shards.push_back({&shards_[i], transports_[i].get(), disks_[i].get()});
        }
        node_ = std::make_unique<Node>(settings, std::move(world));
    }
    RunningNode(const RunningNode&) = delete;
    RunningNode& operator=(const RunningNode&) = delete;
    ~RunningNode() { stop(); }

    Result<std::string> start(const std::optional<config::Listener>& http) {
        if (Result<> ok = operations_.start({shards_, *node_, pool_, disk_counters_}, http); !ok)
            return ok.error();
        std::promise<Result<>> promised;
        Result<> asked = shards_.run_on(
            0, [&] { runtime::spawn(home(), "start node", start_node(*node_, promised)); });
        if (!asked) return asked.error();
        Result<> started = promised.get_future().get();
        if (!started) return started.error();
        std::string ready = "ready";
        asked = shards_.run_on(0, [&] {
            for (const std::string& listener : node_->listeners()) ready += " " + listener;
        });
        if (!asked) return asked.error();
        operations_.tell_ready(ready.substr(ready.find(' ') + 1));
        if (operations_.address()) ready += " " + *operations_.address();
        return ready;
    }

    /// In order; what made the node fail, if it did.
    std::optional<Error> end() {
        stop();
        return failure_;
    }

private:
    runtime::Shard& home() { return shards_[0]; }

    /// In the reverse order of the start; what belongs to a shard is destroyed on it. A shard
    /// refuses only when it has ended.
    void stop() {
        if (node_ == nullptr) return;
        operations_.tell_stopping();
        std::promise<void> stopped;
        Result<> asked = shards_.run_on(
            0, [&] { runtime::spawn(home(), "stop node", stop_node(*node_, stopped)); });
        if (asked) stopped.get_future().wait();
        operations_.stop();  // it has asked the node until here
        (void)shards_.run_on(0, [this] { node_.reset(); });
        for (std::size_t i = transports_.size(); i-- > 0;) {
            (void)shards_.run_on(i, [this, i] { transports_[i].reset(); });
        }
        pool_.stop();
        for (std::size_t i = disks_.size(); i-- > 0;) {
            (void)shards_.run_on(i, [this, i] { disks_[i].reset(); });
        }
        shards_.stop();
    }

    runtime::Shards shards_;
    runtime::WorkerPool pool_;
    Operations operations_;
    std::vector<std::shared_ptr<io::DiskCounters>> disk_counters_;
    std::vector<std::unique_ptr<Disk>> disks_;
    std::vector<std::unique_ptr<Transport>> transports_;
    std::unique_ptr<Node> node_;
    std::optional<Error> failure_;  // written on the home shard, read when that has ended
};

void log_settings(const config::Settings& settings, const Logger& log) {
    const std::vector<std::string> idle = settings.without_effect();
    if (!idle.empty()) log.warn("settings that have no effect yet: {}", fmt::join(idle, ", "));
}

std::string crash_directory(const config::Settings& settings) {
    const std::string directory =
        settings.get(config::kCrashDirectory).value_or(settings.node().log_dirs.front());
    return std::filesystem::absolute(directory).string();
}

Result<> run_logged(const config::Settings& settings, const Clock& clock,
                    metrics::StreamLogSink& sink, const sigset_t& stops) {
    const Logger log(sink);
    std::size_t open_files_max = kOpenFilesLeast;
    if (Result<std::uint64_t> files = runtime::raise_open_files_limit(); files) {
        // The other half is for connections.
        open_files_max = std::max<std::size_t>(*files / 2, kOpenFilesLeast);
    } else {
        log.warn("cannot raise the limit of open files reason={}", files.error().detail);
    }
    RunningNode node(settings, clock, sink, open_files_max);
    const Result<std::string> ready = node.start(settings.node().http_listener);
    if (!ready) return ready.error();
    fmt::print("{}\n", *ready);
    std::fflush(stdout);

    int signal = 0;
    sigwait(&stops, &signal);
    log.info("stopping signal={}", signal);
    if (const std::optional<Error> failure = node.end()) return *failure;
    return {};
}

}  // namespace

Result<> run_daemon(const config::Settings& settings, const std::vector<std::string>& warnings) {
    if (!settings.node().is_broker || !settings.node().is_controller) {
        return Error{ErrorCode::invalid_config,
                     "this version runs as a single node only: process.roles must be "
                     "broker,controller, or not be set"};
    }
    // Before there are threads: they inherit the mask, and the signals wait for sigwait() below.
    const sigset_t stops = stop_signals();
    pthread_sigmask(SIG_BLOCK, &stops, nullptr);
    std::signal(SIGPIPE, SIG_IGN);

    const io::SystemClock clock;
    const std::optional<LogLevel> level = metrics::log_level_named(settings.get(config::kLogLevel));
    MOLDAU_CHECK(level, "moldau.log.level was not checked");
    const bool is_json = settings.get(config::kLogFormat) == "json";
    io::install_crash_report(
        {.program = "moldaud", .directory = crash_directory(settings), .json = is_json});
    metrics::StreamLogSink sink(stderr, clock, *level,
                                is_json ? metrics::LogFormat::json : metrics::LogFormat::text);
    const Logger log(sink);
    log.info("starting version={} commit={} node={}", version(), commit(),
             settings.node().id.value);
    for (const std::string& each : warnings) log.warn("settings: {}", each);
    log_settings(settings, log);
    const Result<> ended = run_logged(settings, clock, sink, stops);
    if (!ended && is_json) log.error("the node has failed reason={}", ended.error().detail);
    return ended;
}

}  // namespace moldau::broker
