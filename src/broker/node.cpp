#include "moldau/broker/node.hpp"

#include "connection_rules.hpp"
#include "cordon.hpp"
#include "memory_division.hpp"
#include "node_state.hpp"
#include "quotas/image_quotas.hpp"

#include "moldau/base/check.hpp"
#include "moldau/config/keys.hpp"
#include "moldau/runtime/ending.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <limits>
#include <utility>

namespace moldau::broker {
namespace {

Duration milliseconds_or_ever(std::int64_t ms) {
    const bool ever =
        ms < 0 ||
        ms > std::chrono::duration_cast<std::chrono::milliseconds>(Duration::max()).count() / 2;
    return ever ? Duration::max() : std::chrono::milliseconds(ms);
}

net::Server::Settings server_settings(const config::Settings& settings) {
    net::Server::Settings server;
    server.connection.frame_bytes_max = settings.get(config::kSocketRequestMaxBytes);
    server.connection.in_flight_bytes_max =
        static_cast<std::size_t>(settings.get(config::kConnectionInflightBytes));
    server.connection.idle_max = milliseconds_or_ever(settings.get(config::kConnectionsMaxIdleMs));
    server.connection.frame_deadline =
        std::chrono::milliseconds(settings.get(config::kConnectionFrameDeadlineMs));
    const metadata::Configs nothing;
    const BrokerLayers layers(nothing, nothing, settings);
    server.limits = connection_rules(layers);
    server.rates = connection_rates(layers, {});
    server.memory_budget_bytes = divide_budget(settings).connections;
    return server;
}

Uuid new_incarnation(Random& random) {
    return {random.next(), random.next()};
}

std::string absolute(const std::string& path, const std::string& working_directory) {
    return path.starts_with('/') ? path : working_directory + "/" + path;
}

}  // namespace

NodeState::NodeState(const config::Settings& given, Node::World in)
    : settings(given),
      node(settings.node()),
      world(std::move(in)),
      home(*world.shards.front().shard),
      home_disk(*world.shards.front().disk),
      facts{.settings = settings,
            .self = node.id,
            .cluster_id = {},
            .advertises_address_used = node.advertises_address_used,
            .controller_listeners = node.controller_listener_names,
            .directories = nullptr},
      services{.facts = facts,
               .home = home,
               .shards = {},
               .controller = nullptr,
               .telemetry = std::make_unique<Telemetry>(home, settings)},
      checkpoints(home, home_disk, services.shards,
                  [this](std::size_t directory, const DiskError& error) {
                      if (facts.directories->fail(directory))
                          directory_failed(directory, Error(error));
                  }),
      service(services),
      server(server_settings(settings), world.shards, service),
      listeners(home, node, server, world.host_name),
      metadata_files(home_disk, kMetadataFilesMax),
      publisher(home, settings, services.shards),
      incarnation(new_incarnation(home.random())),
      listeners_changed(home),
      directories_changed(home),
      tasks(home) {
    for (const std::string& path : node.log_dirs)
        paths.push_back(absolute(path, world.working_directory));
    if (const auto metadata_dir = settings.get(config::kMetadataLogDir)) {
        const std::string path = absolute(*metadata_dir, world.working_directory);
        metadata_path = static_cast<std::size_t>(std::ranges::find(paths, path) - paths.begin());
        if (metadata_path == paths.size()) paths.push_back(path);
    }
}

struct Node::State : NodeState {
    using NodeState::NodeState;
};

Node::Node(const config::Settings& settings, World world)
    : state_(std::make_unique<State>(settings, std::move(world))) {}

Node::~Node() = default;

runtime::Task<Result<>> Node::start() {
    return state_->start();
}

std::vector<std::string> Node::listeners() const {
    std::vector<std::string> texts;
    for (const config::Listener& each : state_->listeners.of_broker())
        texts.push_back(each.to_string());
    return texts;
}

std::shared_ptr<const metadata::ClusterImage> Node::image() const {
    return state_->services.shards.front()->share_image();
}

std::vector<std::string> Node::reasons_not_ready() const {
    return state_->reasons_not_ready();
}

void Node::sample(std::size_t shard, metrics::Samples& to) const {
    state_->sample(shard, to);
}

runtime::Task<> Node::stop() {
    return state_->stop();
}

void NodeState::committed(CommittedImage image) {
    const bool concerns_brokers =
        std::ranges::any_of(image.changes.configs, [](const metadata::ConfigResource& each) {
            return each.type == metadata::ResourceType::broker;
        });
    const bool is_first = !std::exchange(has_limits, true);
    facts.kraft_version = metadata->quorum().voters().kraft_version;
    const BrokerLayers layers(*image.image, settings);
    if (concerns_brokers || is_first) {
        server.set_limits(connection_rules(layers));
        cordon(layers);
        if (listeners.want(layers)) listeners_changed.set();
    }
    // A metadata.version that allows more lets more be told, too.
    if (concerns_brokers || image.changes.features) directories_changed.set();
    if (concerns_brokers || image.changes.quotas || is_first)
        server.set_rates(connection_rates(layers, *image.image));
    if (image.changes.quotas || is_first) {
        if (const auto hosts = hosts_with_rates(*image.image); !hosts.empty())
            home.log().warn("quotas of hosts by name have no effect, only those of addresses: {}",
                            fmt::join(hosts, ", "));
    }
    publisher.take(std::move(image));
}

void NodeState::cordon(const BrokerLayers& layers) {
    const LogDirectories& directories = *facts.directories;
    const Cordon wanted = cordon_of(layers, directories.all().size());
    for (std::size_t i = 0; i < directories.all().size(); ++i) {
        const bool is_cordoned = wanted.directories[i];
        if (!directories.set_cordoned(i, is_cordoned)) continue;
        home.log().info("{} path={}",
                        is_cordoned ? "a log directory is cordoned: it takes no new replicas"
                                    : "a log directory is cordoned no more",
                        directories.all()[i].path);
    }
    if (!wanted.strangers.empty())
        home.log().warn("cordoned.log.dirs names what is no log directory: {}",
                        fmt::join(wanted.strangers, ", "));
}

// Until it is cancelled. Clients are told of a new listener when it is open, and of one that goes
// no more before it is closed.
runtime::Task<> NodeState::change_listeners() {
    while (co_await listeners_changed.wait() != runtime::Waited::cancelled) {
        co_await listeners.open_wanted();
        const Result<> told = co_await services.controller->renew(registration());
        if (runtime::cancelled(home)) co_return;
        if (!told)
            home.log().error("the controller could not be told of the listeners reason={}",
                             told.error().detail);
        co_await listeners.close_others();
    }
}

// Until it is cancelled. A change is told at once; what could not be told is told later.
runtime::Task<> NodeState::tell_of_directories() {
    constexpr Duration kPause = std::chrono::seconds(1);
    constexpr std::size_t kToldAtOnce = 2'000;
    while (co_await directories_changed.wait() != runtime::Waited::cancelled) {
        const std::size_t count = std::min(placed.size(), kToldAtOnce);
        const auto end = placed.begin() + static_cast<std::ptrdiff_t>(count);
        std::vector<PlacedReplica> news(placed.begin(), end);
        const Result<> told = co_await services.controller->tell_of_directories(std::move(news));
        if (runtime::cancelled(home)) co_return;
        if (told) {
            // Others have come behind them meanwhile.
            placed.erase(placed.begin(), placed.begin() + static_cast<std::ptrdiff_t>(count));
            if (!placed.empty()) directories_changed.set();
            continue;
        }
        home.log().warn("the controller could not be told of the log directories reason={}",
                        told.error().detail);
        directories_changed.set();
        (void)co_await runtime::sleep_until(home, home.now() + kPause);
    }
}

runtime::Task<> NodeState::stop() {
    is_stopping = true;
    co_await server.stop();
    if (services.controller != nullptr && failure.empty() && broker_epoch >= 0) co_await leave();
    tasks.cancel();
    co_await tasks.join();
    for (const auto& each : services.shards) {
        BrokerShard* there = each.get();
        (void)co_await runtime::call_task(home, there->shard(), "end housekeeping",
                                          [there] { return there->rest(); });
    }
    if (is_open && failure.empty()) co_await close_storage();
    co_await checkpoints.end();
    // What is a shard's ends on it.
    for (auto& each : services.shards) {
        auto* there = &each->shard();
        (void)co_await runtime::call(home, *there, [&each] { each.reset(); });
    }
}

runtime::Task<> NodeState::leave() {
    Result<> left = co_await services.controller->leave();
    if (!left)
        home.log().warn("could not leave the cluster in order reason={}", left.error().detail);
}

runtime::Task<> NodeState::close_storage() {
    bool all_well = true;
    for (const auto& each : services.shards) {
        BrokerShard* there = each.get();
        auto closed = co_await runtime::call_task(home, there->shard(), "close logs",
                                                  [there] { return there->close(); });
        if (!closed) all_well = false;
    }
    if (Result<> ok = co_await checkpoints.write_all(); !ok) {
        home.log().error("cannot write the checkpoints reason={}", ok.error().detail);
        all_well = false;
    }
    if (Result<> ok = co_await metadata->close(); !ok) {
        home.log().error("cannot close the metadata log reason={}", ok.error().detail);
        all_well = false;
    }
    if (!all_well) co_return;  // the next start looks at everything
    for (const LogDirectory& each : facts.directories->all()) {
        runtime::Ending<DiskResult<>> written(home);
        log::write_clean_shutdown(home_disk, each.path, {.broker_epoch = broker_epoch},
                                  written.done());
        if (DiskResult<> ok = co_await written.wait(); !ok)
            home.log().warn("cannot note the orderly stop reason={}", ok.error().detail);
    }
}

runtime::Task<> NodeState::checkpoint_now_and_then() {
    const auto every = std::chrono::milliseconds(
        std::min(settings.get(config::kLogFlushOffsetCheckpointIntervalMs),
                 settings.get(config::kLogFlushStartOffsetCheckpointIntervalMs)));
    // At once: what was recovered is durable now, and a crash soon after need not do it again.
    do {
        const Result<> ok = co_await checkpoints.write_all();
        if (!ok && !runtime::cancelled(home))
            home.log().warn("cannot write the checkpoints reason={}", ok.error().detail);
    } while (co_await runtime::sleep_until(home, home.now() + every) != runtime::Waited::cancelled);
}

}  // namespace moldau::broker
