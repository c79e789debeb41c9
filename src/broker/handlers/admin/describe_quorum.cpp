// DescribeQuorum: api key 55, versions 0..2                        KIP-595
//   v1   when replicas were last heard of and last caught up       KIP-836
//   v2   directories, addresses, messages                          KIP-853
// The leader of the metadata log answers: on one node it is the only voter, and itself always
// heard of.
#include "handlers/admin/describe_quorum.hpp"

#include "moldau/base/topic_name.hpp"

#include <string>
#include <utility>
#include <vector>

namespace moldau::broker {
namespace {

using Request = protocol::DescribeQuorumRequest;
using Response = protocol::DescribeQuorumResponse;

constexpr std::int16_t kDirectoriesSince = 2;

void refuse(Response& response, const Request& request, ErrorCode error) {
    response.error_message = std::nullopt;
    for (const auto& topic : request.topics) {
        auto& told = response.topics.emplace_back();
        told.topic_name = topic.topic_name;
        for (const auto& partition : topic.partitions) {
            auto& one = told.partitions.emplace_back();
            one.partition_index = partition.partition_index;
            one.error_code = error;
            one.error_message = std::nullopt;  // one for each of them would only take room
        }
    }
}

bool is_metadata_log(const Request& request) {
    return request.topics.size() == 1 && request.topics[0].topic_name == kClusterMetadataTopic &&
           request.topics[0].partitions.size() == 1 &&
           request.topics[0].partitions[0].partition_index == 0;
}

Response::Listener listener_of(std::string name, std::string host, std::uint16_t port) {
    Response::Listener listener;
    listener.name = std::move(name);
    listener.host = std::move(host);
    listener.port = port;
    return listener;
}

/// Where a voter is found: as it registered, which is newer than what the voters' record says of a
/// node whose port is chosen at each start.
std::vector<Response::Listener> listeners_of(std::int32_t voter, const raft::Quorum& quorum,
                                             const metadata::ClusterImage& image) {
    std::vector<Response::Listener> listeners;
    if (const auto* registered = image.controllers.find(voter)) {
        for (const metadata::Endpoint& each : registered->endpoints)
            listeners.push_back(listener_of(each.name, each.host, each.port));
        return listeners;
    }
    if (!quorum.voters().record) return listeners;
    for (const auto& each : quorum.voters().record->voters) {
        if (each.voter_id != voter) continue;
        for (const auto& endpoint : each.endpoints)
            listeners.push_back(listener_of(endpoint.name, endpoint.host, endpoint.port));
    }
    return listeners;
}

runtime::Task<net::Reply> describe_and_reply(RequestContext context, Request request) {
    auto ask = [request](ControllerDriver& controller) {
        return controller.describe_quorum(request);
    };
    Result<Response> described = co_await context.node.ask_controller(
        context.here.shard(), "describe the quorum", std::move(ask));
    Response response;
    if (described) {
        response = std::move(*described);
    } else {
        context.here.shard().log().warn("the controller could not describe its quorum reason={}",
                                        described.error().detail);
        refuse(response, request, described.error().code);
    }
    if (context.version < kDirectoriesSince) forget_directories(response);
    co_return final_reply(context, response);
}

}  // namespace

void forget_directories(Response& response) {
    response.nodes.clear();
    for (auto& topic : response.topics) {
        for (auto& partition : topic.partitions) {
            for (auto& voter : partition.current_voters) voter.replica_directory_id = {};
        }
    }
}

Response describe_quorum(const raft::Quorum& quorum, const metadata::ClusterImage& image,
                         Timestamp now, const Request& request) {
    Response response;
    if (!is_metadata_log(request)) {
        refuse(response, request, ErrorCode::unknown_topic_or_partition);
        return response;
    }
    response.error_message = std::nullopt;
    auto& topic = response.topics.emplace_back();
    topic.topic_name = kClusterMetadataTopic;
    auto& partition = topic.partitions.emplace_back();
    partition.error_message = std::nullopt;
    partition.leader_id = quorum.self().id;
    partition.leader_epoch = quorum.epoch().value;
    partition.high_watermark = quorum.high_watermark().value_or(Offset{-1}).value;
    auto& self = partition.current_voters.emplace_back();
    self.replica_id = quorum.self().id;
    // Where the voters stand in the settings no directory is told of them.
    if (quorum.voters().kraft_version > 0) self.replica_directory_id = quorum.self().directory;
    self.log_end_offset = quorum.end_offset().value;
    self.last_fetch_timestamp = now.ms;
    self.last_caught_up_timestamp = now.ms;
    auto& node = response.nodes.emplace_back();
    node.node_id = quorum.self().id;
    node.listeners = listeners_of(node.node_id, quorum, image);
    return response;
}

Result<net::Answer> handle_describe_quorum(const RequestContext& context, protocol::Reader& body) {
    Request request;
    if (Result<> ok = request.decode(body, context.version); !ok) return ok.error();
    return net::Answer(describe_and_reply(context, std::move(request)));
}

}  // namespace moldau::broker
