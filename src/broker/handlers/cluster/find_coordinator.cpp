// FindCoordinator: api key 10, versions 0..6
//   v3   flexible
//   v4   several keys                                              KIP-699
// The topic that groups live in is made when the first of them looks for its coordinator, and the
// answer waits for it. Transactions and share groups are refused with INVALID_REQUEST and a
// message, which clients show and do not retry.
#include "handlers/cluster/find_coordinator.hpp"

#include "coordination/group_coordinator.hpp"

#include "moldau/base/topic_name.hpp"
#include "moldau/config/keys.hpp"
#include "moldau/protocol/messages/find_coordinator.hpp"

#include <fmt/format.h>

#include <optional>
#include <string>
#include <utility>

namespace moldau::broker {
namespace {

using protocol::FindCoordinatorRequest;
using protocol::FindCoordinatorResponse;
using Coordinator = FindCoordinatorResponse::Coordinator;

constexpr std::int16_t kManyKeysVersion = 4;
constexpr std::int8_t kGroup = 0;

std::string reason(std::int8_t key_type) {
    switch (key_type) {
        case 1:
            return "transactions are not supported yet";
        case 2:
            return "share groups are not supported yet";
        default:
            return "there is no such kind of coordinator";
    }
}

Coordinator nobody(ErrorCode error, std::string message) {
    Coordinator none;
    none.node_id = -1;
    none.port = -1;
    none.error_code = error;
    none.error_message = std::move(message);
    return none;
}

Coordinator find_group(const RequestContext& context, std::string_view group) {
    const metadata::ClusterImage& image = context.image();
    const Result<TopicPartition> place = place_of_group(image, group);
    if (!place)
        return nobody(ErrorCode::coordinator_not_available, "the topic for groups is not there");
    const metadata::Partition& partition = *image.find_partition(place->topic, place->partition);
    const Viewpoint view(image, context.asked());
    const Viewpoint::Broker* leader = view.find(partition.leader);
    if (leader == nullptr || !leader->is_alive())
        return nobody(ErrorCode::coordinator_not_available, "its partition has no leader");
    Coordinator found;
    found.node_id = leader->id.value;
    found.host = leader->at->host;
    found.port = leader->at->port;
    return found;
}

FindCoordinatorResponse answer(const RequestContext& context,
                               const FindCoordinatorRequest& request) {
    const auto find = [&](const std::string& key) {
        return request.key_type == kGroup
                   ? find_group(context, key)
                   : nobody(ErrorCode::invalid_request, reason(request.key_type));
    };
    FindCoordinatorResponse response;
    if (context.version >= kManyKeysVersion) {
        for (const std::string& key : request.coordinator_keys) {
            response.coordinators.push_back(find(key));
            response.coordinators.back().key = key;
        }
        return response;
    }
    Coordinator found = find(request.key);
    response.error_code = found.error_code;
    response.error_message = std::move(found.error_message);
    response.node_id = found.node_id;
    response.host = std::move(found.host);
    response.port = found.port;
    return response;
}

protocol::CreateTopicsRequest groups_topic(const config::Settings& settings) {
    protocol::CreateTopicsRequest request;
    auto& topic = request.topics.emplace_back();
    topic.name = kGroupsTopic;
    topic.num_partitions = settings.get(config::kOffsetsTopicNumPartitions);
    topic.replication_factor = settings.get(config::kOffsetsTopicReplicationFactor);
    const auto set = [&topic](std::string name, std::string value) {
        auto& config = topic.configs.emplace_back();
        config.name = std::move(name);
        config.value = std::move(value);
    };
    set("cleanup.policy", "compact");
    set("compression.type", "producer");
    set("segment.bytes", fmt::to_string(settings.get(config::kOffsetsTopicSegmentBytes)));
    return request;
}

/// The controller's part; a failure of the topic itself comes back as an error.
runtime::Task<Result<bool>> create(ControllerDriver* controller,
                                   protocol::CreateTopicsRequest request) {
    const auto created = co_await controller->create_topics(std::move(request), std::nullopt);
    if (!created) co_return created.error();
    const auto& topic = created->topics.front();
    if (topic.error_code == ErrorCode::none || topic.error_code == ErrorCode::topic_already_exists)
        co_return true;
    co_return Error{topic.error_code, topic.error_message.value_or("")};
}

runtime::Task<net::Reply> create_and_answer(RequestContext context,
                                            FindCoordinatorRequest request) {
    auto ask = [creation = groups_topic(context.node.facts.settings)](
                   ControllerDriver& controller) mutable {
        return create(&controller, std::move(creation));
    };
    const Result<bool> created = co_await context.node.ask_controller(
        context.here.shard(), "create the topic for groups", std::move(ask));
    if (!created) {
        context.here.shard().log().warn(
            "cannot make the topic that groups are kept in topic={} reason={} hint='{}'",
            kGroupsTopic, created.error().detail,
            "offsets.topic.replication.factor is not to be above the number of brokers");
    }
    co_return final_reply(context, answer(context, request));
}

}  // namespace

Result<net::Answer> handle_find_coordinator(const RequestContext& context, protocol::Reader& body) {
    FindCoordinatorRequest request;
    if (Result<> ok = request.decode(body, context.version); !ok) return ok.error();
    if (request.key_type == kGroup && context.image().topic_ids.find(kGroupsTopic) == nullptr)
        return net::Answer(create_and_answer(context, std::move(request)));
    return net::Answer(final_reply(context, answer(context, request)));
}

}  // namespace moldau::broker
