// A node: everything that one moldaud is, over the ports. The daemon gives it the world's adapters,
// the simulator its own.
#pragma once

#include "moldau/base/ports/disk.hpp"
#include "moldau/base/result.hpp"
#include "moldau/config/settings.hpp"
#include "moldau/net/server.hpp"
#include "moldau/runtime/task.hpp"

#include <memory>
#include <string>
#include <vector>

namespace moldau::broker {

class Node {
public:
    /// What a node stands on; all of it outlives the node.
    struct World {
        std::vector<net::ShardAndTransport> shards;  // the first is the node's home
        Disk& disk;                                  // the home shard's
        std::string working_directory;               // where relative paths of settings begin
    };

    /// `cluster_id`: 22 characters of base64url.
    Node(const config::Settings& settings, std::string cluster_id, World world);
    Node(const Node&) = delete;
    Node& operator=(const Node&) = delete;
    ~Node();

    /// Takes the data directories and opens the listeners; on return clients are served. On the
    /// home shard. Errors: kafka_storage_error, naming the directory · network_exception, naming
    /// the listener
    Result<> start();

    /// `PLAINTEXT://127.0.0.1:9092` for each listener, with the ports that the system chose.
    std::vector<std::string> listeners() const;

    /// Closes the listeners and all connections; ends when none is left. On the home shard.
    runtime::Task<> stop();

private:
    struct State;
    std::unique_ptr<State> state_;
};

}  // namespace moldau::broker
