#include "moldau/broker/node.hpp"

#include "broker_service.hpp"
#include "data_directories.hpp"

#include "moldau/config/keys.hpp"

#include <fmt/core.h>

#include <limits>
#include <utility>

namespace moldau::broker {
namespace {

/// Levels that are carried out (docs/api-coverage.md); a feature that is absent here is not
/// supported at any level.
const std::vector<SupportedFeature> kSupportedFeatures = {
    {.name = "metadata.version", .min = 25, .max = 30},
    {.name = "kraft.version", .min = 0, .max = 1},
    {.name = "eligible.leader.replicas.version", .min = 0, .max = 1},
};

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
    server.limits.total_max = settings.get(config::kMaxConnections);
    server.limits.per_ip_max = settings.get(config::kMaxConnectionsPerIp);
    for (const config::ConnectionLimit& each : settings.node().connection_limits) {
        server.limits.per_ip_overrides[each.host] = each.connections;
    }
    server.memory_budget_bytes = static_cast<std::size_t>(settings.get(config::kMemoryBudgetBytes));
    return server;
}

ClusterView view_of(const config::Settings& settings, std::string cluster_id) {
    const config::Node& node = settings.node();
    BrokerView self{.id = node.id, .rack = settings.get(config::kBrokerRack), .advertised = {}};
    if (!node.advertises_address_used) {
        for (const config::Listener& each : node.advertised)
            self.advertised[each.name] = {each.host, each.port};
    }
    return {.cluster_id = std::move(cluster_id),
            .controller = node.id,
            .brokers = {std::move(self)},
            .supported_features = kSupportedFeatures};
}

}  // namespace

struct Node::State {
    State(const config::Settings& settings, std::string cluster_id, World given)
        : node(settings.node()),
          world(std::move(given)),
          service(view_of(settings, std::move(cluster_id))),
          server(server_settings(settings), world.shards, service) {}

    config::Node node;
    World world;
    DataDirectories directories;
    BrokerService service;
    net::Server server;
};

Node::Node(const config::Settings& settings, std::string cluster_id, World world)
    : state_(std::make_unique<State>(settings, std::move(cluster_id), std::move(world))) {}

Node::~Node() = default;

Result<> Node::start() {
    std::vector<std::string> paths;
    for (const std::string& path : state_->node.log_dirs) {
        paths.push_back(path.starts_with('/') ? path
                                              : state_->world.working_directory + "/" + path);
    }
    Result<DataDirectories> directories = DataDirectories::hold(state_->world.disk, paths);
    if (!directories) return directories.error();
    state_->directories = std::move(*directories);

    std::vector<net::ListenerSettings> wanted;
    for (const config::Listener& each : state_->node.broker_listeners) {
        wanted.push_back({.name = each.name, .endpoint = {each.host, each.port}});
    }
    return state_->server.listen(wanted);
}

std::vector<std::string> Node::listeners() const {
    std::vector<std::string> texts;
    const std::vector<Endpoint> bound = state_->server.endpoints();
    for (std::size_t i = 0; i < bound.size(); ++i) {
        config::Listener listener = state_->node.broker_listeners[i];
        listener.host = bound[i].host;
        listener.port = bound[i].port;
        texts.push_back(listener.to_string());
    }
    return texts;
}

runtime::Task<> Node::stop() {
    co_await state_->server.stop();
}

}  // namespace moldau::broker
