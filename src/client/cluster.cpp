#include "moldau/client/cluster.hpp"

#include "moldau/protocol/messages/metadata.hpp"
#include "moldau/runtime/wait.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>

namespace moldau::client {

using runtime::Task;
using runtime::Waited;

namespace {

constexpr std::uint16_t kUsualPort = 9092;

Result<Endpoint> parse_broker(std::string_view text) {
    const auto wrong = [&](std::string_view what) {
        return Error{ErrorCode::invalid_request,
                     fmt::format("'{}' is not HOST:PORT: {}", text, what)};
    };
    std::string_view host = text;
    std::string_view port;
    if (text.starts_with('[')) {
        const std::size_t end = text.find(']');
        if (end == std::string_view::npos) return wrong("']' is missing");
        host = text.substr(1, end - 1);
        port = text.substr(end + 1);
        if (!port.empty() && port.front() != ':') return wrong("':' must follow ']'");
    } else if (const std::size_t colon = text.find(':'); colon != std::string_view::npos) {
        host = text.substr(0, colon);
        port = text.substr(colon);
    }
    if (host.empty()) return wrong("no host");
    Endpoint found{.host = std::string(host), .port = kUsualPort};
    if (port.empty()) return found;
    port.remove_prefix(1);
    const auto [end, error] = std::from_chars(port.data(), port.data() + port.size(), found.port);
    if (error != std::errc{} || end != port.data() + port.size() || found.port == 0)
        return wrong("a port is a number from 1 to 65535 (an IPv6 address stands in [])");
    return found;
}

std::vector<BrokerId> ids(const std::vector<std::int32_t>& from) {
    std::vector<BrokerId> to;
    to.reserve(from.size());
    for (const std::int32_t id : from) to.push_back({id});
    return to;
}

Result<TopicPtr> topic_of(const protocol::MetadataResponse::MetadataResponseTopic& from) {
    const std::string name = from.name.value_or("");
    if (from.error_code != ErrorCode::none)
        return Error{from.error_code, fmt::format("topic '{}'", name)};
    auto topic = std::make_shared<Topic>();
    topic->name = name;
    topic->id = from.topic_id;
    topic->is_internal = from.is_internal;
    for (const auto& each : from.partitions) {
        // leader_not_available is told by the leader, -1; other errors concern replicas.
        topic->partitions.push_back({.index = each.partition_index,
                                     .leader = {each.leader_id},
                                     .leader_epoch = {each.leader_epoch},
                                     .replicas = ids(each.replica_nodes),
                                     .isr = ids(each.isr_nodes),
                                     .offline = ids(each.offline_replicas)});
    }
    std::ranges::sort(topic->partitions, {}, &Partition::index);
    for (std::size_t i = 0; i < topic->partitions.size(); ++i) {
        if (topic->partitions[i].index != static_cast<std::int32_t>(i))
            return Error{ErrorCode::unknown_server_error,
                         fmt::format("the broker lists topic '{}' without partition {}", name, i)};
    }
    return TopicPtr(std::move(topic));
}

}  // namespace

Result<std::vector<Endpoint>> parse_brokers(std::string_view text) {
    std::vector<Endpoint> found;
    for (std::size_t from = 0; from <= text.size();) {
        const std::size_t comma = std::min(text.find(',', from), text.size());
        Result<Endpoint> broker = parse_broker(text.substr(from, comma - from));
        if (!broker) return broker.error();
        found.push_back(std::move(*broker));
        from = comma + 1;
    }
    return found;
}

Cluster::Cluster(runtime::Shard& shard, Transport& transport, ClusterOptions options)
    : shard_(shard), transport_(transport), options_(std::move(options)) {}

std::vector<Endpoint> Cluster::addresses() const {
    std::vector<Endpoint> all;
    all.reserve(brokers_.size() + options_.bootstrap.size());
    for (const auto& [id, broker] : brokers_) all.push_back(broker.at);
    for (const Endpoint& each : options_.bootstrap)
        if (std::ranges::find(all, each) == all.end()) all.push_back(each);
    return all;
}

std::int32_t Cluster::request_timeout_ms() const {
    using std::chrono::milliseconds;
    return static_cast<std::int32_t>(
        std::chrono::duration_cast<milliseconds>(options_.request_timeout).count());
}

Task<Result<ConnectionPtr>> Cluster::open(Endpoint to) {
    const auto known = connections_.find(to);
    if (known != connections_.end() && known->second->is_open()) co_return known->second;
    auto opened = co_await Connection::open(shard_, transport_, to, options_.connection,
                                            shard_.now() + options_.connect_timeout);
    if (!opened) co_return opened.error();
    // Another task may have been as quick: one connection to a broker is enough.
    ConnectionPtr& place = connections_[to];
    if (place == nullptr || !place->is_open()) place = std::move(*opened);
    co_return place;
}

Task<Result<ConnectionPtr>> Cluster::any() {
    for (const auto& [to, connection] : connections_)
        if (connection->is_open()) co_return connection;
    Error failed{ErrorCode::network_exception, ""};
    for (const Endpoint& to : addresses()) {
        Result<ConnectionPtr> opened = co_await open(to);
        if (opened || opened.error().code == ErrorCode::broker_not_available) co_return opened;
        failed.code = opened.error().code;
        if (!failed.detail.empty()) failed.detail += "; ";
        failed.detail += opened.error().detail;
    }
    co_return failed;
}

Task<Result<ConnectionPtr>> Cluster::broker(BrokerId id) {
    if (!brokers_.contains(id)) {
        protocol::MetadataRequest none;
        none.topics.emplace();
        auto learned = co_await metadata(std::move(none));
        if (!learned) co_return learned.error();
    }
    const auto found = brokers_.find(id);
    if (found == brokers_.end())
        co_return Error{ErrorCode::broker_not_available,
                        fmt::format("broker {} is not in the cluster now", id.value)};
    Result<ConnectionPtr> opened = co_await open(found->second.at);
    co_return opened;
}

void Cluster::learn_brokers(const protocol::MetadataResponse& response) {
    brokers_.clear();
    for (const auto& each : response.brokers) {
        brokers_[{each.node_id}] = {.id = {each.node_id},
                                    .at = {each.host, static_cast<std::uint16_t>(each.port)},
                                    .rack = each.rack};
    }
}

Task<Result<Reply<protocol::MetadataResponse>>> Cluster::metadata(
    protocol::MetadataRequest request) {
    request.allow_auto_topic_creation = false;
    auto reply = co_await ask_any<protocol::MetadataResponse>(std::move(request));
    if (!reply) co_return reply.error();
    if (reply->message.error_code != ErrorCode::none)
        co_return Error{reply->message.error_code, "the broker refuses to tell the metadata"};
    learn_brokers(reply->message);
    co_return reply;
}

Task<Result<std::vector<TopicPtr>>> Cluster::topics() {
    protocol::MetadataRequest request;
    request.topics.reset();
    auto reply = co_await metadata(std::move(request));
    if (!reply) co_return reply.error();
    std::vector<TopicPtr> found;
    for (const auto& each : reply->message.topics) {
        Result<TopicPtr> topic = topic_of(each);
        if (!topic) co_return topic.error();
        topics_[(*topic)->name] = *topic;
        found.push_back(std::move(*topic));
    }
    std::ranges::sort(found, {}, [](const TopicPtr& topic) { return topic->name; });
    co_return found;
}

Task<Result<TopicPtr>> Cluster::topic_now(std::string name) {
    protocol::MetadataRequest request;
    request.topics.emplace().emplace_back().name = name;
    auto reply = co_await metadata(std::move(request));
    if (!reply) co_return reply.error();
    for (const auto& each : reply->message.topics) {
        if (each.name != name) continue;
        Result<TopicPtr> topic = topic_of(each);
        if (topic) topics_[name] = *topic;
        co_return topic;
    }
    co_return Error{ErrorCode::unknown_topic_or_partition, fmt::format("topic '{}'", name)};
}

Task<Result<TopicPtr>> Cluster::topic(std::string name, MonoTime deadline) {
    if (const auto known = topics_.find(name); known != topics_.end()) co_return known->second;
    for (;;) {
        Result<TopicPtr> topic = co_await topic_now(name);
        if (topic || !is_retriable(topic.error().code)) co_return topic;
        const MonoTime next = shard_.now() + options_.retry_pause;
        if (next >= deadline) co_return topic;
        if (co_await runtime::sleep_until(shard_, next) == Waited::cancelled)
            co_return runtime::error_of(Waited::cancelled);
    }
}

void Cluster::close() {
    for (const auto& [to, connection] : connections_) connection->close();
    connections_.clear();
}

}  // namespace moldau::client
