// All that a node consists of, in the order in which it is built up.
#pragma once

#include "broker_service.hpp"
#include "checkpoints.hpp"
#include "controller_driver.hpp"
#include "data_directories.hpp"
#include "effective_configs.hpp"
#include "listeners.hpp"
#include "metadata_log.hpp"
#include "node_services.hpp"
#include "publisher.hpp"
#include "storage.hpp"

#include "moldau/broker/node.hpp"
#include "moldau/runtime/task_group.hpp"

#include <atomic>
#include <cstdint>
#include <deque>
#include <memory>
#include <string>
#include <vector>

namespace moldau::broker {

struct NodeState {
    static constexpr std::size_t kMetadataFilesMax = 64;

    NodeState(const config::Settings& given, Node::World in);

    runtime::Task<Result<>> start();
    runtime::Task<> stop();

    std::vector<std::string> reasons_not_ready() const;
    void sample(std::size_t shard, metrics::Samples& to) const;
    void sample_listeners(std::size_t shard, metrics::Samples& to) const;
    void sample_node(metrics::Samples& to) const;

    runtime::Task<Result<>> open_directories();
    void log_start(MonoTime begun) const;
    runtime::Task<Result<>> lead_cluster();
    void make_shards();
    runtime::Task<Result<>> join_cluster();
    void look_for_directories();
    void clean_directories();
    void warn_of_features() const;
    ControllerDriver::Registration registration() const;
    void committed(CommittedImage image);
    void cordon(const BrokerLayers& layers);
    runtime::Task<> tell_of_directories();
    runtime::Task<> change_listeners();
    void directory_failed(std::size_t index, const Error& error);
    void fail(std::string what, const Error& error);

    runtime::Task<> leave();
    runtime::Task<> close_storage();
    runtime::Task<> checkpoint_now_and_then();

    const config::Settings settings;
    const config::Node& node;
    Node::World world;
    runtime::Shard& home;
    Disk& home_disk;
    std::vector<std::string> paths;  // of the log directories
    std::size_t metadata_path = 0;   // the one with the metadata log
    DataDirectories held;
    NodeFacts facts;
    NodeServices services;
    Checkpoints checkpoints;
    BrokerService service;
    net::Server server;
    Listeners listeners;
    log::FileCache metadata_files;
    std::unique_ptr<MetadataLog> metadata;
    Publisher publisher;
    const Uuid incarnation;
    runtime::Signal listeners_changed;    // others are wanted
    runtime::Signal directories_changed;  // there may be news of them for the controller
    std::deque<PlacedReplica> placed;     // and where these replicas lie is
    std::int64_t previous_broker_epoch = -1;
    std::int64_t broker_epoch = -1;
    bool is_open = false;      // the logs are
    bool has_limits = false;   // of connections, as the first image says
    std::string failure;       // what has failed, so that it stops
    bool is_serving = false;   // between a start that went well and the stop
    bool is_stopping = false;  // or has stopped
    // Set when the listeners are bound and `services.shards` has all of them: those who look at
    // them on other shards look here first.
    std::atomic<bool> has_shards = false;
    runtime::TaskGroup tasks;
    std::shared_ptr<void> alive = std::make_shared<char>();  // for what other shards post
};

}  // namespace moldau::broker
