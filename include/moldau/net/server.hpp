// The listening side: one acceptor, connections spread over the shards, their limits.
#pragma once

#include "moldau/base/ports/disk.hpp"
#include "moldau/base/ports/transport.hpp"
#include "moldau/base/result.hpp"
#include "moldau/net/connection_limits.hpp"
#include "moldau/net/connection_rates.hpp"
#include "moldau/net/session.hpp"
#include "moldau/runtime/shard.hpp"
#include "moldau/runtime/task.hpp"

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

namespace moldau::net {

struct ConnectionSettings {
    std::int32_t frame_bytes_max = 100 << 20;            // socket.request.max.bytes
    std::size_t in_flight_bytes_max = 16U << 20U;        // moldau.connection.inflight.bytes
    Duration idle_max = std::chrono::minutes(10);        // connections.max.idle.ms
    Duration frame_deadline = std::chrono::seconds(30);  // moldau.connection.frame.deadline.ms
};

struct ListenerSettings {
    std::string name;
    Endpoint endpoint;  // port 0: a free one
};

/// A shard and its ways to the world; all outlive the server.
struct ShardAndTransport {
    runtime::Shard* shard = nullptr;
    Transport* transport = nullptr;
    Disk* disk = nullptr;  // needed by replies that hold ranges of files
};

/// What one shard has seen of one listener.
struct ListenerCounters {
    std::string listener;                  // its name
    std::uint64_t opened = 0, closed = 0;  // connections
    std::uint64_t bytes_received = 0, bytes_sent = 0;
};

/// Accepts on the first shard and hands each connection to the shard that has the fewest.
class Server {
public:
    struct Settings {
        ConnectionSettings connection;
        ConnectionLimits::Rules limits;
        ConnectionRates::Rules rates;
        std::size_t memory_budget_bytes = 512U << 20U;  // moldau.memory.budget.bytes
    };

    Server(Settings settings, std::vector<ShardAndTransport> shards, Service& service);
    Server(const Server&) = delete;
    Server& operator=(const Server&) = delete;
    ~Server();

    /// Opens the listeners, in the order given; on return clients can connect. On the first shard.
    /// Errors: network_exception, naming the listener; none is open then.
    Result<> listen(const std::vector<ListenerSettings>& listeners);
    /// As listen(), in two steps: who connects in between waits in the backlog.
    Result<> bind(const std::vector<ListenerSettings>& listeners);
    void accept_connections();

    /// One more listener, or one that was closed, somewhere else perhaps. On the first shard.
    /// Errors: as listen().
    Result<> open(const ListenerSettings& listener);
    /// The listener takes no more connections, and its port is free; those that came by it stay. On
    /// the first shard.
    runtime::Task<> close(std::string listener);
    /// Closes the connections that came by the listener, which is closed. On the first shard.
    runtime::Task<> disconnect(std::string listener);

    /// Where the open listeners listen, in the order in which their names came up, with the ports
    /// that the system chose.
    std::vector<ListenerSettings> listening() const;

    /// Limits for the connections to come. On the first shard.
    void set_limits(ConnectionLimits::Rules rules);
    void set_rates(ConnectionRates::Rules rules);

    /// Stops accepting and closes all connections; ends when none is left. On the first shard.
    runtime::Task<> stop();

    std::int32_t connections() const;  // on the first shard
    std::uint64_t refused() const;     // connections, by their address' limit; on the first shard
    /// Connections that came too fast; on the first shard.
    struct TooFast {
        std::uint64_t delayed = 0;  // in total or by listener: accepted later
        std::uint64_t refused = 0;  // by their address
    };
    TooFast too_fast() const;
    /// By listener: those of the start, and others that have had a connection there. On that shard,
    /// which has this place among those given.
    std::vector<ListenerCounters> counters(std::size_t shard) const;
    /// Of memory that requests and replies hold; from any shard.
    std::uint64_t bytes_in_flight() const;

private:
    struct State;
    std::shared_ptr<State> state_;
};

}  // namespace moldau::net
