// JoinGroup: api key 11, versions 0..9; SyncGroup: 14, 0..5; Heartbeat: 12, 0..4; LeaveGroup: 13,
// 0..5. What they do is decided by coordinator/groups.hpp; the versions are explained in their
// schemas.
#include "handlers/groups/members.hpp"

#include "handlers/groups/ask_group.hpp"

#include <utility>

namespace moldau::broker {
namespace {

/// Asks, and sends what is decided; `refuse(error)` is the response where nothing could be.
template <class Response, class Decide, class Refuse>
runtime::Task<net::Reply> ask_and_send(RequestContext context, std::string group,
                                       coordinator::Caller caller, const char* name, Decide decide,
                                       Refuse refuse) {
    Result<coordinator::Reply> reply =
        co_await ask_group(context, std::move(group), std::move(caller), name, std::move(decide));
    if (!reply) co_return final_reply(context, refuse(as_told(reply.error())));
    co_return final_reply(context, std::get<Response>(reply->response));
}

template <class Response>
Response refused(ErrorCode error) {
    Response response;
    response.error_code = error;
    return response;
}

runtime::Task<net::Reply> beat(RequestContext context, protocol::HeartbeatRequest request) {
    std::string group = request.group_id;
    auto look = [request = std::move(request)](GroupPartition& partition) {
        auto response = partition.groups().heartbeat(partition.now(), request);
        partition.look_at_time();
        return response;
    };
    Result<protocol::HeartbeatResponse> seen =
        co_await look_at_group(context, std::move(group), std::move(look));
    if (seen) co_return final_reply(context, *seen);
    // Who is a member will be known when the group is loaded; until then nobody is told to leave.
    const ErrorCode error = as_told(seen.error());
    co_return final_reply(
        context, refused<protocol::HeartbeatResponse>(
                     error == ErrorCode::coordinator_load_in_progress ? ErrorCode::none : error));
}

}  // namespace

Result<net::Answer> handle_join_group(const RequestContext& context, protocol::Reader& body) {
    protocol::JoinGroupRequest request;
    if (Result<> ok = request.decode(body, context.version); !ok) return ok.error();
    std::string group = request.group_id;
    const auto refuse = [member = request.member_id, version = context.version](ErrorCode error) {
        return coordinator::join_error(error, member, version);
    };
    auto join = [request = std::move(request), frame = context.frame](const GroupTurn& turn) {
        const Uuid fresh{turn.random.next(), turn.random.next()};
        return turn.groups.join(turn.now, turn.caller, request, fresh);
    };
    return net::Answer(ask_and_send<protocol::JoinGroupResponse>(
        context, std::move(group), caller_of(context), "join a group", std::move(join), refuse));
}

Result<net::Answer> handle_sync_group(const RequestContext& context, protocol::Reader& body) {
    protocol::SyncGroupRequest request;
    if (Result<> ok = request.decode(body, context.version); !ok) return ok.error();
    std::string group = request.group_id;
    auto sync = [request = std::move(request), frame = context.frame](const GroupTurn& turn) {
        return turn.groups.sync(turn.now, turn.caller, request);
    };
    return net::Answer(ask_and_send<protocol::SyncGroupResponse>(
        context, std::move(group), caller_of(context), "sync a group", std::move(sync),
        refused<protocol::SyncGroupResponse>));
}

Result<net::Answer> handle_heartbeat(const RequestContext& context, protocol::Reader& body) {
    protocol::HeartbeatRequest request;
    if (Result<> ok = request.decode(body, context.version); !ok) return ok.error();
    return net::Answer(beat(context, std::move(request)));
}

Result<net::Answer> handle_leave_group(const RequestContext& context, protocol::Reader& body) {
    protocol::LeaveGroupRequest request;
    if (Result<> ok = request.decode(body, context.version); !ok) return ok.error();
    std::string group = request.group_id;
    auto leave = [request = std::move(request)](const GroupTurn& turn) {
        return turn.groups.leave(turn.now, turn.caller, request);
    };
    return net::Answer(ask_and_send<protocol::LeaveGroupResponse>(
        context, std::move(group), caller_of(context), "leave a group", std::move(leave),
        refused<protocol::LeaveGroupResponse>));
}

}  // namespace moldau::broker
