// A node: everything that one moldaud is, over the ports. The daemon gives it the world's adapters,
// the simulator its own.
#pragma once

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
    /// The shards and transports outlive the node. `cluster_id`: 22 characters of base64url.
    Node(const config::Settings& settings, std::string cluster_id,
         std::vector<net::ShardAndTransport> shards);
    Node(const Node&) = delete;
    Node& operator=(const Node&) = delete;
    ~Node();

    /// Opens the listeners; on return clients are served. On the first shard.
    /// Errors: network_exception, naming the listener
    Result<> start();

    /// `PLAINTEXT://127.0.0.1:9092` for each listener, with the ports that the system chose.
    std::vector<std::string> listeners() const;

    /// Closes the listeners and all connections; ends when none is left. On the first shard.
    runtime::Task<> stop();

private:
    struct State;
    std::unique_ptr<State> state_;
};

}  // namespace moldau::broker
