// A cluster as a client sees it: which brokers there are, who leads which partition, and one
// connection to each broker that is talked to.
#pragma once

#include "moldau/base/ids.hpp"
#include "moldau/base/uuid.hpp"
#include "moldau/client/connection.hpp"

#include <chrono>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace moldau::protocol {
struct MetadataRequest;
struct MetadataResponse;
}  // namespace moldau::protocol

namespace moldau::client {

struct ClusterOptions {
    std::vector<Endpoint> bootstrap;  // at least one
    ConnectionOptions connection;
    Duration connect_timeout = std::chrono::seconds(10);
    Duration request_timeout = std::chrono::seconds(30);
    Duration retry_pause = std::chrono::milliseconds(100);
};

struct Broker {
    BrokerId id;
    Endpoint at;
    std::optional<std::string> rack;
};

struct Partition {
    std::int32_t index = 0;
    BrokerId leader{-1};  // -1: none now
    LeaderEpoch leader_epoch{-1};
    std::vector<BrokerId> replicas;
    std::vector<BrokerId> isr;
    std::vector<BrokerId> offline;
};

struct Topic {
    std::string name;
    Uuid id;  // zero from brokers before Metadata v10
    bool is_internal = false;
    std::vector<Partition> partitions;  // by index, without gaps
};

using ConnectionPtr = std::shared_ptr<Connection>;
using TopicPtr = std::shared_ptr<const Topic>;

/// `127.0.0.1:9092,[::1]:9093,host`: a port that is not given is 9092.
/// Errors: invalid_request, naming what is wrong
Result<std::vector<Endpoint>> parse_brokers(std::string_view text);

/// Used on one shard.
class Cluster {
public:
    Cluster(runtime::Shard& shard, Transport& transport, ClusterOptions options);
    Cluster(const Cluster&) = delete;
    Cluster& operator=(const Cluster&) = delete;

    runtime::Shard& shard() { return shard_; }
    const ClusterOptions& options() const { return options_; }
    MonoTime request_deadline() const { return shard_.now() + options_.request_timeout; }
    /// The same in milliseconds, as requests that a broker lets wait carry it.
    std::int32_t request_timeout_ms() const;

    /// A connection to some broker: one that is open, else the first of those known and of the
    /// bootstrap addresses that answers.
    /// Errors: network_exception or request_timed_out, naming all addresses that were tried
    runtime::Task<Result<ConnectionPtr>> any();
    /// Errors: broker_not_available (no such broker in the metadata) · those of Connection::open()
    runtime::Task<Result<ConnectionPtr>> broker(BrokerId id);

    /// Asks any broker. Administrative requests are forwarded to the controller by whom they reach.
    template <class Response, class Request>
    runtime::Task<Result<Reply<Response>>> ask_any(Request request) {
        Result<ConnectionPtr> connection = co_await any();
        if (!connection) co_return connection.error();
        auto reply = co_await (*connection)->template ask<Response>(request, request_deadline());
        co_return reply;
    }

    /// All topics, internal ones too, by name; the cache is filled with them.
    /// Errors: those of any() and of the reply
    runtime::Task<Result<std::vector<TopicPtr>>> topics();
    /// From the cache, or asked for. A topic that has just been created may be unknown for a
    /// moment: what is retriable is asked again until the deadline. Errors:
    /// unknown_topic_or_partition · topic_authorization_failed · invalid_topic_exception · those of
    /// any()
    runtime::Task<Result<TopicPtr>> topic(std::string name, MonoTime deadline);
    /// As topic(), asked once: what does not exist is said at once.
    runtime::Task<Result<TopicPtr>> topic_now(std::string name);
    /// What is known of the topic is old: NOT_LEADER_OR_FOLLOWER and the like.
    void forget(const std::string& name) { topics_.erase(name); }

    const std::map<BrokerId, Broker>& brokers() const { return brokers_; }

    /// Closes all connections: who waits on them gets an error.
    void close();

private:
    runtime::Task<Result<ConnectionPtr>> open(Endpoint to);
    runtime::Task<Result<Reply<protocol::MetadataResponse>>> metadata(
        protocol::MetadataRequest request);
    void learn_brokers(const protocol::MetadataResponse& response);
    std::vector<Endpoint> addresses() const;

    runtime::Shard& shard_;
    Transport& transport_;
    ClusterOptions options_;
    std::map<BrokerId, Broker> brokers_;
    std::map<Endpoint, ConnectionPtr> connections_;
    std::map<std::string, TopicPtr> topics_;
};

}  // namespace moldau::client
