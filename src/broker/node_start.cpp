// How a node starts: directories, listeners, metadata log, controller, partitions, clients.
#include "node_state.hpp"
#include "supported_features.hpp"

#include "moldau/base/topic_name.hpp"
#include "moldau/config/keys.hpp"
#include "moldau/log/log_directory.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cstdlib>
#include <utility>

namespace moldau::broker {
namespace {

constexpr std::int16_t kNewestMetadataVersion = metadata::kMetadataVersionMost;

log::LogConfig metadata_log_config(const config::Settings& settings) {
    log::LogConfig config;
    config.segment_bytes =
        static_cast<std::uint64_t>(settings.get(config::kMetadataLogSegmentBytes));
    config.segment_ms = settings.get(config::kMetadataLogSegmentMs);
    config.retention_bytes = -1;  // snapshots say what may go
    config.retention_ms = -1;
    return config;
}

/// The ids of controller.quorum.voters, `1@host:9093`, which was checked.
std::vector<std::int32_t> static_voters(const config::Settings& settings) {
    std::vector<std::int32_t> ids;
    for (const std::string& voter : settings.get(config::kControllerQuorumVoters))
        ids.push_back(std::atoi(voter.c_str()));
    return ids;
}

raft::SnapshotRules snapshot_rules(const config::Settings& settings) {
    return {.bytes_between = settings.get(config::kMetadataLogMaxRecordBytesBetweenSnapshots),
            .interval_ms = settings.get(config::kMetadataLogMaxSnapshotIntervalMs),
            .retention_bytes = settings.get(config::kMetadataMaxRetentionBytes),
            .retention_ms = settings.get(config::kMetadataMaxRetentionMs)};
}

}  // namespace

runtime::Task<Result<>> NodeState::start() {
    const MonoTime begun = home.now();
    Result<DataDirectories> directories = DataDirectories::hold(home_disk, paths);
    if (!directories) co_return directories.error();
    held = std::move(*directories);
    if (Result<> ok = listeners.bind(); !ok) co_return ok;
    if (Result<> ok = co_await open_directories(); !ok) co_return ok;
    make_shards();
    if (Result<> ok = co_await lead_cluster(); !ok) co_return ok;
    is_open = true;
    if (Result<> ok = co_await join_cluster(); !ok) co_return ok;
    clean_directories();
    for (const auto& each : services.shards) {
        BrokerShard* there = each.get();
        (void)there->shard().post_answer([there] { there->start_housekeeping(); });
    }
    tasks.spawn("metadata snapshots", metadata->keep_short());
    tasks.spawn("checkpoints", checkpoint_now_and_then());
    tasks.spawn("tell of log directories", tell_of_directories());
    tasks.spawn("change listeners", change_listeners());
    server.accept_connections();
    is_serving = true;
    log_start(begun);
    co_return Result<>();
}

void NodeState::log_start(MonoTime begun) const {
    const metadata::ClusterImage& image = metadata->newest();
    std::size_t partitions = 0;
    for (const auto& [id, topic] : image.topics) partitions += topic.partitions.size();
    home.log().info("serving cluster.id={} topics={} partitions={} was_clean={} took_ms={}",
                    facts.cluster_id, image.topics.size(), partitions, previous_broker_epoch >= 0,
                    std::chrono::ceil<std::chrono::milliseconds>(home.now() - begun).count());
    if (settings.get(config::kClientMetrics) && !node.http_listener)
        home.log().warn(
            "clients push metrics that nobody can see: moldau.client.metrics is set, "
            "moldau.http.listener is not");
}

runtime::Task<Result<>> NodeState::open_directories() {
    StorageRules rules{
        .paths = paths,
        .failures = held.failures(),
        .metadata = metadata_path,
        .node_id = node.id.value,
        .formats_itself = node.is_implicit,
        .features = {{std::string(metadata::kMetadataVersion), kNewestMetadataVersion},
                     {std::string(metadata::kElrVersion), 1}},
        .controller_listeners = listeners.of_controller()};
    Result<Storage> storage = co_await open_storage(home, home_disk, std::move(rules));
    if (!storage) co_return storage.error();
    facts.cluster_id = storage->cluster_id;
    Result<ReplicaMovesLeft> moves = co_await mend_moves(home, home_disk, storage->directories);
    if (!moves) co_return moves.error();
    if (const auto& failed = storage->directories[metadata_path].failure) co_return *failed;
    Result<Twins> twins = co_await find_twins(home, home_disk, storage->directories);
    if (!twins) co_return twins.error();
    if (const auto& clean = storage->directories[metadata_path].clean)
        previous_broker_epoch = clean->broker_epoch;
    for (const LogDirectory& each : storage->directories) {
        // One that was left by a crash makes the whole broker's stop an unclean one.
        if (!each.clean) previous_broker_epoch = -1;
        if (each.failure) {
            facts.lacks_log_directory = true;
            home.log().error("a log directory is offline until the next start path={} reason={}",
                             each.path, each.failure->detail);
        }
    }
    for (const LogDirectory& each : storage->directories) {
        // A replica without its name may be the only one there is, while its copy cannot be had.
        if (facts.lacks_log_directory) break;
        for (const std::string& doomed : each.doomed) {
            if (auto ok = remove_directory_with_files(home_disk, each.path + "/" + doomed); !ok)
                home.log().warn("cannot remove a deleted partition reason={}", ok.error().detail);
        }
    }
    facts.directories = std::make_shared<const LogDirectories>(
        std::move(storage->directories), std::move(*twins), std::move(*moves));
    checkpoints.found(facts.directories);
    co_return Result<>();
}

void NodeState::make_shards() {
    const std::size_t count = world.shards.size();
    for (std::size_t i = 0; i < count; ++i) {
        services.shards.push_back(std::make_unique<BrokerShard>(
            BrokerShard::Place{
                .index = i,
                .count = count,
                .shard = *world.shards[i].shard,
                .disk = *world.shards[i].disk,
                .open_files_max = std::max<std::size_t>(world.open_files_max / count, 16),
                .checkpoints = &checkpoints,
                .on_directory_failure =
                    [this, still = std::weak_ptr<void>(alive)](std::size_t directory,
                                                               const DiskError& error) {
                        (void)home.post_answer([this, still, directory, error] {
                            if (!still.expired()) directory_failed(directory, Error(error));
                        });
                    },
                .on_placed =
                    [this, still = std::weak_ptr<void>(alive)](const TopicPartition& id,
                                                               std::size_t directory) {
                        (void)home.post_answer([this, still, id, directory] {
                            if (still.expired()) return;
                            placed.push_back({.id = id, .directory = directory});
                            directories_changed.set();
                        });
                    },
                .all = &services.shards},
            facts));
    }
    has_shards.store(true, std::memory_order_release);
}

runtime::Task<Result<>> NodeState::lead_cluster() {
    const LogDirectory& directory = facts.directories->all()[metadata_path];
    metadata = std::make_unique<MetadataLog>(
        home, metadata_files,
        MetadataLog::Setup{
            .log_directory = directory.path,
            .self = {.id = node.id.value, .directory = directory.id()},
            .static_voters = static_voters(settings),
            .log = metadata_log_config(settings),
            .snapshots = snapshot_rules(settings),
            .was_clean = directory.clean.has_value(),
            .on_failure =
                [this](const Error& error) { fail("the metadata log is offline", error); },
            .on_committed = [this](CommittedImage image) { committed(std::move(image)); }});
    if (Result<> ok = co_await metadata->load(); !ok) co_return ok;
    const BrokerLayers layers(metadata->newest(), settings);
    cordon(layers);
    if (listeners.want(layers)) {
        co_await listeners.open_wanted();
        co_await listeners.close_others();
    }
    facts.kraft_version = metadata->quorum().voters().kraft_version;
    if (metadata->newest().features.size() > 0) {
        if (Result<> ok = metadata::check_metadata_version(metadata->newest()); !ok) co_return ok;
    }
    if (Result<> ok = co_await metadata->lead(settings.get(config::kMinInsyncReplicas)); !ok)
        co_return ok;
    warn_of_features();
    look_for_directories();
    services.controller = std::make_unique<ControllerDriver>(home, facts, *metadata, publisher,
                                                             *services.shards.front());
    tasks.spawn("publish images", publisher.run());
    co_return Result<>();
}

runtime::Task<Result<>> NodeState::join_cluster() {
    const ControllerDriver::Registration broker = registration();
    metadata::ControllerRegistration self;
    self.incarnation = broker.incarnation_id;
    self.endpoints = listeners.of_controller();
    self.features = supported_features();
    Result<std::int64_t> epoch = co_await services.controller->join(std::move(self), broker);
    if (!epoch) co_return epoch.error();
    broker_epoch = *epoch;
    co_return Result<>();
}

ControllerDriver::Registration NodeState::registration() const {
    ControllerDriver::Registration request;
    request.broker_id = node.id.value;
    request.cluster_id = facts.cluster_id;
    request.incarnation_id = incarnation;
    request.listeners = listeners.advertised();
    for (const metadata::FeatureRange& each : supported_features()) {
        request.features.push_back({.name = each.name,
                                    .min_supported_version = each.least,
                                    .max_supported_version = each.most});
    }
    request.rack = settings.get(config::kBrokerRack);
    for (const LogDirectory& each : facts.directories->all()) {
        if (!each.failure) request.log_dirs.push_back(each.id());
    }
    request.previous_broker_epoch = previous_broker_epoch;
    return request;
}

// Of what the last registration named, one may be an empty place where a volume was mounted.
void NodeState::look_for_directories() {
    const metadata::BrokerRegistration* before = metadata->newest().brokers.find(node.id);
    if (before == nullptr) return;
    const std::vector<LogDirectory>& all = facts.directories->all();
    for (const Uuid& id : before->directories) {
        if (std::ranges::find(all, id, &LogDirectory::id) != all.end()) continue;
        facts.lacks_log_directory = true;
        home.log().error("a log directory that this node had is not there directory.id={}",
                         id.to_string());
    }
}

// What is the directory of a partition that the metadata do not know here, or know in another.
void NodeState::clean_directories() {
    const metadata::ClusterImage& image = metadata->newest();
    const std::vector<LogDirectory>& all = facts.directories->all();
    for (std::size_t i = 0; i < all.size(); ++i) {
        const LogDirectory& each = all[i];
        for (const std::string& name : each.partitions) {
            if (name == kMetadataLogDirectory) continue;
            const auto partition = log::partition_of(name);
            const Uuid* topic = image.topic_ids.find(partition->topic);
            const metadata::Partition* known =
                topic == nullptr ? nullptr : image.find_partition(*topic, partition->partition);
            if (known != nullptr &&
                std::ranges::find(known->replicas, node.id) != known->replicas.end() &&
                facts.directories->find(name, *topic) == i)
                continue;
            const std::string path = each.path + "/" + name;
            const auto renamed = set_aside(home_disk, home.random(), path, "stray");
            home.log().warn("a directory of a partition that this node does not have: {} path={}",
                            renamed ? "set aside as -stray" : "left alone", path);
        }
    }
}

void NodeState::warn_of_features() const {
    const std::vector<std::string> beyond =
        metadata::features_beyond(metadata->newest(), supported_features());
    if (beyond.empty()) return;
    home.log().warn(
        "the cluster has finalized features that this version does not carry out, their APIs are "
        "not served: {}",
        fmt::join(beyond, ", "));
}

void NodeState::directory_failed(std::size_t index, const Error& error) {
    const std::string& path = facts.directories->all()[index].path;
    home.log().error(
        "a log directory is offline until the next start, and all logs in it path={} reason={}",
        path, error.detail);
    if (is_stopping) return;  // the shards go; what their logs wait for ends by itself
    directories_changed.set();
    for (const auto& each : services.shards) {
        BrokerShard* there = each.get();
        (void)there->shard().post_answer([there, still = std::weak_ptr<void>(alive), index, error] {
            if (!still.expired()) there->directory_failed(index, error);
        });
    }
    if (index == metadata_path) {
        fail("the log directory of the metadata is offline", error);
    } else if (facts.directories->have_all_failed()) {
        fail("all log directories are offline", error);
    }
}

void NodeState::fail(std::string what, const Error& error) {
    if (!failure.empty()) return;
    failure = std::move(what);
    home.log().error("{}, the node stops reason={}", failure, error.detail);
    if (world.on_failure) world.on_failure(error);
}

}  // namespace moldau::broker
