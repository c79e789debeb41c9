#include "group_requests.hpp"

#include "moldau/protocol/messages/find_coordinator.hpp"
#include "moldau/protocol/messages/list_groups.hpp"
#include "moldau/protocol/messages/offset_fetch.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <tuple>

namespace moldau::cli {

using runtime::Task;

namespace {

constexpr std::int16_t kManyKeys = 4;
constexpr std::int16_t kManyGroups = 8;
constexpr std::int16_t kTopicsByName = 9;  // the last version of OffsetFetch that has names

struct Found {
    ErrorCode error = ErrorCode::none;
    BrokerId broker{-1};
};

Task<Result<Found>> find_once(Context context, std::string group) {
    auto connection = co_await context.cluster.any();
    if (!connection) co_return connection.error();
    const auto version = (*connection)->versions().choose(protocol::ApiKey::find_coordinator);
    if (!version) co_return version.error();
    protocol::FindCoordinatorRequest request;
    if (*version >= kManyKeys) {
        request.coordinator_keys = {group};
    } else {
        request.key = group;
    }
    auto reply =
        co_await (*connection)
            ->ask<protocol::FindCoordinatorResponse>(request, context.cluster.request_deadline());
    if (!reply) co_return reply.error();
    if (*version < kManyKeys) co_return Found{reply->message.error_code, {reply->message.node_id}};
    if (reply->message.coordinators.empty()) co_return Found{ErrorCode::unknown_server_error, {}};
    const auto& told = reply->message.coordinators.front();
    co_return Found{told.error_code, {told.node_id}};
}

protocol::OffsetFetchRequest all_offsets(const std::string& group, std::int16_t version) {
    protocol::OffsetFetchRequest request;
    if (version < kManyGroups) {
        request.group_id = group;
        request.topics.reset();
    } else {
        auto& asked = request.groups.emplace_back();
        asked.group_id = group;
        asked.topics.reset();
    }
    return request;
}

ErrorCode error_of(const protocol::OffsetFetchResponse& response) {
    return response.groups.empty() ? response.error_code : response.groups.front().error_code;
}

template <class Topics>
void add_offsets(const Topics& topics, std::vector<GroupOffset>& to) {
    for (const auto& topic : topics) {
        for (const auto& each : topic.partitions) {
            if (each.committed_offset < 0) continue;
            GroupOffset offset{.topic = topic.name,
                               .partition = each.partition_index,
                               .committed = {each.committed_offset},
                               .leader_epoch = std::nullopt,
                               .metadata = each.metadata.value_or("")};
            if (each.committed_leader_epoch >= 0)
                offset.leader_epoch = LeaderEpoch{each.committed_leader_epoch};
            to.push_back(std::move(offset));
        }
    }
}

using ToldGroup = protocol::ListGroupsResponse::ListedGroup;

Task<Result<std::vector<ToldGroup>>> groups_of(Context context, BrokerId broker) {
    const MonoTime deadline = context.cluster.request_deadline();
    while (true) {
        auto connection = co_await context.cluster.broker(broker);
        if (!connection) co_return connection.error();
        auto reply =
            co_await (*connection)
                ->ask<protocol::ListGroupsResponse>(protocol::ListGroupsRequest{}, deadline);
        if (!reply)
            co_return Error{reply.error().code,
                            fmt::format("broker {}: {}", broker.value, reply.error().detail)};
        const ErrorCode error = reply->message.error_code;
        if (error == ErrorCode::none) co_return std::move(reply->message.groups);
        const MonoTime next = context.shard.now() + context.cluster.options().retry_pause;
        if (!is_coordinator_moving(error) || next >= deadline)
            co_return Error{error, fmt::format("broker {} refused: {}", broker.value, name(error))};
        (void)co_await runtime::sleep_until(context.shard, next);
    }
}

}  // namespace

Error group_error(const std::string& group, ErrorCode code, std::string_view message) {
    const auto said = [&](std::string_view what) {
        return Error{code, fmt::format("group '{}' {}", group, what)};
    };
    switch (code) {
        case ErrorCode::group_id_not_found:
            return said("does not exist ('moldau group list' shows those that do)");
        case ErrorCode::non_empty_group:
        case ErrorCode::unknown_member_id:
            return said("has members: stop them first ('moldau group describe' shows them)");
        case ErrorCode::group_authorization_failed:
            return said("is not allowed to this user (GROUP_AUTHORIZATION_FAILED)");
        default:
            break;
    }
    if (message.empty()) return said(fmt::format("was refused by the broker: {}", name(code)));
    return said(fmt::format("was refused by the broker: {} ({})", message, name(code)));
}

Error group_error(const std::string& group, const Error& error) {
    return {error.code, fmt::format("group '{}': {}", group, error.detail)};
}

bool is_coordinator_moving(ErrorCode code) {
    return code == ErrorCode::coordinator_not_available ||
           code == ErrorCode::coordinator_load_in_progress || code == ErrorCode::not_coordinator;
}

Task<Result<client::ConnectionPtr>> coordinator_of(Context context, std::string group,
                                                   MonoTime deadline) {
    while (true) {
        const Result<Found> found = co_await find_once(context, group);
        if (!found) co_return group_error(group, found.error());
        if (found->error == ErrorCode::none) {
            auto connection = co_await context.cluster.broker(found->broker);
            if (!connection) co_return group_error(group, connection.error());
            co_return connection;
        }
        const MonoTime next = context.shard.now() + context.cluster.options().retry_pause;
        if (!is_coordinator_moving(found->error) || next >= deadline)
            co_return group_error(group, found->error);
        (void)co_await runtime::sleep_until(context.shard, next);
    }
}

Task<Result<GroupsTold>> list_groups_told(Context context) {
    if (auto topics = co_await context.cluster.topics(); !topics) co_return topics.error();
    std::vector<BrokerId> brokers;
    for (const auto& [id, broker] : context.cluster.brokers()) brokers.push_back(id);
    GroupsTold told;
    for (const BrokerId broker : brokers) {
        auto groups = co_await groups_of(context, broker);
        if (!groups) {
            told.silent.push_back(groups.error());
            continue;
        }
        for (auto& group : *groups) {
            told.groups.push_back({.name = std::move(group.group_id),
                                   .type = std::move(group.group_type),
                                   .protocol = std::move(group.protocol_type),
                                   .state = std::move(group.group_state)});
        }
    }
    std::ranges::sort(told.groups, {}, &ListedGroup::name);
    co_return told;
}

Task<Result<std::vector<ListedGroup>>> list_groups(Context context) {
    Result<GroupsTold> told = co_await list_groups_told(context);
    if (!told) co_return told.error();
    if (!told->silent.empty()) co_return told->silent.front();
    co_return std::move(told->groups);
}

Task<Result<std::vector<GroupOffset>>> committed_offsets(Context context, std::string group) {
    const auto request_of = [group](std::int16_t version) { return all_offsets(group, version); };
    auto reply = co_await ask_coordinator<protocol::OffsetFetchResponse>(
        context, group, kTopicsByName, request_of, error_of);
    if (!reply) co_return reply.error();
    if (const ErrorCode error = error_of(reply->message); error != ErrorCode::none)
        co_return group_error(group, error);
    std::vector<GroupOffset> offsets;
    add_offsets(reply->message.topics, offsets);
    for (const auto& told : reply->message.groups) add_offsets(told.topics, offsets);
    std::ranges::sort(offsets, {},
                      [](const GroupOffset& each) { return std::tie(each.topic, each.partition); });
    co_return offsets;
}

}  // namespace moldau::cli
