// What the group commands ask of brokers. What is retriable is asked again until the cluster's
// deadline for requests.
#pragma once

#include "command.hpp"

#include "moldau/base/ids.hpp"
#include "moldau/runtime/wait.hpp"

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace moldau::cli {

/// `code` said of the group: what to do next, where we know it.
Error group_error(const std::string& group, ErrorCode code, std::string_view message = {});
/// `error` is the network's or a broker's, and befell us while we asked for the group.
Error group_error(const std::string& group, const Error& error);

/// The coordinator is to be found, or loads: it may answer soon.
bool is_coordinator_moving(ErrorCode code);

/// The broker that coordinates the group. Errors: coordinator_not_available and others, of the
/// group
runtime::Task<Result<client::ConnectionPtr>> coordinator_of(Context context, std::string group,
                                                            MonoTime deadline);

/// Asks the group's coordinator: `request_of(version)` makes the request, `error_of(response)` says
/// how it went. Versions above `newest` are not used.
template <class Response, class RequestOf, class ErrorOf>
runtime::Task<Result<client::Reply<Response>>> ask_coordinator(Context context, std::string group,
                                                               std::int16_t newest,
                                                               RequestOf request_of,
                                                               ErrorOf error_of) {
    const MonoTime deadline = context.cluster.request_deadline();
    while (true) {
        auto connection = co_await coordinator_of(context, group, deadline);
        if (!connection) co_return connection.error();
        const auto version = (*connection)->versions().choose(Response::kApiKey, newest);
        if (!version) co_return group_error(group, version.error());
        auto reply =
            co_await (*connection)->template ask<Response>(request_of(*version), deadline, newest);
        if (!reply) co_return group_error(group, reply.error());
        if (!is_coordinator_moving(error_of(reply->message))) co_return reply;
        const MonoTime next = context.shard.now() + context.cluster.options().retry_pause;
        if (next >= deadline) co_return reply;
        (void)co_await runtime::sleep_until(context.shard, next);
    }
}

struct ListedGroup {
    std::string name;
    std::string type;      // "classic", "consumer", …; empty from brokers that do not tell
    std::string protocol;  // "consumer", "connect", …; empty: simple consumers
    std::string state;
};
/// Of all brokers, by name. Errors: a broker does not tell its groups
runtime::Task<Result<std::vector<ListedGroup>>> list_groups(Context context);

/// The same, of the brokers that tell.
struct GroupsTold {
    std::vector<ListedGroup> groups;
    std::vector<Error> silent;  // why the others do not
};
runtime::Task<Result<GroupsTold>> list_groups_told(Context context);

struct GroupOffset {
    std::string topic;
    std::int32_t partition = 0;
    Offset committed;
    std::optional<LeaderEpoch> leader_epoch;
    std::string metadata;
};
/// All that the group has committed, by topic and partition.
runtime::Task<Result<std::vector<GroupOffset>>> committed_offsets(Context context,
                                                                  std::string group);

}  // namespace moldau::cli
