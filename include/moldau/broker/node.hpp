// A node: everything that one moldaud is, over the ports. The daemon gives it the world's adapters,
// the simulator its own.
#pragma once

#include "moldau/base/ports/disk.hpp"
#include "moldau/base/result.hpp"
#include "moldau/config/settings.hpp"
#include "moldau/net/server.hpp"
#include "moldau/runtime/task.hpp"

#include <cstddef>
#include <functional>
#include <memory>
#include <string>
#include <vector>

namespace moldau::metadata {
struct ClusterImage;
}
namespace moldau::metrics {
class Samples;
}

namespace moldau::broker {

class Node {
public:
    /// What a node stands on; all of it outlives the node.
    struct World {
        std::vector<net::ShardAndTransport> shards;  // each with its disk; the first is home
        std::string working_directory;               // where relative paths of settings begin
        /// This machine's name, which is told where a listener is on every interface. May block.
        std::function<std::string()> host_name = [] { return std::string("localhost"); };
        std::size_t open_files_max = 4096;  // of logs, on all shards together
        /// The node cannot go on; on the home shard. What it has acknowledged is safe.
        std::function<void(const Error&)> on_failure;
    };

    Node(const config::Settings& settings, World world);
    Node(const Node&) = delete;
    Node& operator=(const Node&) = delete;
    ~Node();

    /// Takes the data directories, recovers what they hold, and opens the listeners; on return
    /// clients are served. On the home shard, as the rest.
    /// Errors, in words for an operator: kafka_storage_error, naming the directory ·
    /// network_exception, naming the listener · unsupported_version: the data need a newer server
    runtime::Task<Result<>> start();

    /// `PLAINTEXT://127.0.0.1:9092` for each listener that clients may use, with the ports that the
    /// system chose.
    std::vector<std::string> listeners() const;

    /// What requests are answered from on the home shard; between start() and stop().
    std::shared_ptr<const metadata::ClusterImage> image() const;

    /// Why clients are not served, in words for an operator; none: they are. At any time between
    /// the node's making and its end.
    std::vector<std::string> reasons_not_ready() const;
    /// Adds what the node counts on one of the shards that it was given, on that shard; on the
    /// first, what concerns the node as a whole, too. At any time, as above.
    void sample(std::size_t shard, metrics::Samples& to) const;

    /// Closes the listeners and all connections, then all logs in order.
    runtime::Task<> stop();

private:
    struct State;
    std::unique_ptr<State> state_;
};

}  // namespace moldau::broker
