// Asking a group's coordinator, on the shard that it lives on.
#pragma once

#include "coordination/group_coordinator.hpp"
#include "request_context.hpp"

#include "moldau/runtime/wait.hpp"

#include <string>
#include <utility>

namespace moldau::broker {

/// What a client may be told of an error: it looks for the coordinator again, or waits a little.
inline ErrorCode as_told(const Error& error) {
    const bool is_known = error.code == ErrorCode::not_coordinator ||
                          error.code == ErrorCode::coordinator_load_in_progress;
    return is_known ? error.code : ErrorCode::coordinator_not_available;
}

inline coordinator::Caller caller_of(const RequestContext& context) {
    return {.request = {},
            .version = context.version,
            .client_id = std::string(context.client_id),
            .client_host = "/" + context.connection.peer.host};
}

/// The moment in which a coordinator decides, on its shard.
struct GroupTurn {
    coordinator::Groups& groups;
    coordinator::Now now;
    const coordinator::Caller& caller;
    Random& random;
};

/// `decide(GroupTurn)` gives the Decision that answers the caller's request. It owns what it uses:
/// the connection may be gone by then. `name`: the task's on the other shard.
template <class Decide>
runtime::Task<Result<coordinator::Reply>> ask_group(RequestContext context, std::string group,
                                                    coordinator::Caller caller, const char* name,
                                                    Decide decide) {
    const Result<TopicPartition> place = place_of_group(context.image(), group);
    if (!place) co_return place.error();
    BrokerShard* there = context.node.shards[context.here.owner_of(*place)].get();
    auto with_id = [there, caller = std::move(caller), decide = std::move(decide)](
                       coordinator::Groups& groups, coordinator::Now now,
                       coordinator::RequestId id) mutable {
        caller.request = id;
        return decide(GroupTurn{groups, now, caller, there->shard().random()});
    };
    auto ask = [there, place = *place, with_id = std::move(with_id)]() mutable {
        return there->groups().ask(place, std::move(with_id));
    };
    co_return co_await runtime::call_task(context.here.shard(), there->shard(), name,
                                          std::move(ask));
}

/// `look(GroupPartition&)` gives a value at once. It owns what it uses.
template <class Look>
auto look_at_group(RequestContext context, std::string group, Look look)
    -> runtime::Task<Result<decltype(look(std::declval<GroupPartition&>()))>> {
    const Result<TopicPartition> place = place_of_group(context.image(), group);
    if (!place) co_return place.error();
    BrokerShard* there = context.node.shards[context.here.owner_of(*place)].get();
    using Seen = Result<decltype(look(std::declval<GroupPartition&>()))>;
    auto see = [there, place = *place, look = std::move(look)]() mutable -> Seen {
        const Result<GroupPartition*> found = there->groups().find(place);
        if (!found) return found.error();
        return look(**found);
    };
    co_return co_await runtime::call(context.here.shard(), there->shard(), std::move(see));
}

}  // namespace moldau::broker
