// SyncGroup, Heartbeat, LeaveGroup: the life of a member between two joins.
#include "turn.hpp"

#include <map>
#include <string_view>
#include <utility>

namespace moldau::coordinator {
namespace {

using protocol::LeaveGroupRequest;
using protocol::LeaveGroupResponse;
using protocol::SyncGroupRequest;

// From version 5 on both are mandatory (KIP-559).
constexpr std::int16_t kProtocolMandatory = 5;
// From version 3 on several members leave at once.
constexpr std::int16_t kLeaveSeveral = 3;

bool contradicts(const std::optional<std::string>& said, const std::optional<std::string>& known) {
    return said && known && *said != *known;
}

LeaveGroupResponse leave_response(const Caller& caller,
                                  std::vector<LeaveGroupResponse::MemberResponse> members) {
    LeaveGroupResponse response;
    if (caller.version >= kLeaveSeveral) {
        response.members = std::move(members);
    } else if (!members.empty()) {
        response.error_code = members.front().error_code;
    }
    return response;
}

}  // namespace

void Turn::sync(const Caller& caller, const SyncGroupRequest& request) {
    const auto refuse = [&](ErrorCode error) {
        protocol::SyncGroupResponse response;
        response.error_code = error;
        reply(caller.request, std::move(response));
    };
    ClassicGroup* group = state_.find(request.group_id);
    if (request.group_id.empty()) return refuse(ErrorCode::invalid_group_id);
    if (caller.version >= kProtocolMandatory && (!request.protocol_type || !request.protocol_name))
        return refuse(ErrorCode::inconsistent_group_protocol);
    if (group == nullptr || group->is(GroupState::empty))
        return refuse(ErrorCode::unknown_member_id);
    if (const ErrorCode error = check_sync(*group, request); error != ErrorCode::none)
        return refuse(error);

    Member& member = *group->member(request.member_id);
    group->owe_sync(member, false);
    if (group->all_have_synced()) group->sync_timer.due.reset();
    // One who asks again no longer waits for the first answer.
    if (member.awaiting_sync) answer_sync(*group, member, ErrorCode::rebalance_in_progress);
    member.awaiting_sync = ParkedRequest{caller.request, caller.version};
    if (group->is(GroupState::stable)) return answer_sync(*group, member, ErrorCode::none);
    if (!group->is_leader(member.id) || group->assignment_in_flight == group->generation) return;
    write_assignment(*group, request);
}

ErrorCode Turn::check_sync(const ClassicGroup& group, const SyncGroupRequest& request) {
    if (const ErrorCode error = group.check_member(request.member_id, request.group_instance_id);
        error != ErrorCode::none)
        return error;
    if (request.generation_id != group.generation) return ErrorCode::illegal_generation;
    if (contradicts(request.protocol_type, group.protocol_type) ||
        contradicts(request.protocol_name, group.protocol))
        return ErrorCode::inconsistent_group_protocol;
    return group.is(GroupState::preparing_rebalance) ? ErrorCode::rebalance_in_progress
                                                     : ErrorCode::none;
}

// Members that the leader forgot get nothing; parts for strangers are dropped.
void Turn::write_assignment(ClassicGroup& group, const SyncGroupRequest& request) {
    std::map<std::string_view, BytesView> parts;
    for (const auto& one : request.assignments)
        parts.insert_or_assign(one.member_id, one.assignment);
    StoredGroup generation = group.stored();
    for (StoredMember& member : generation.members) {
        const auto part = parts.find(member.id);
        member.assignment = part == parts.end() ? Bytes{} : Bytes::copy_of(part->second);
    }
    group.assignment_in_flight = group.generation;
    append({GroupRecord{group.name, std::move(generation)}}, Write::Purpose::assignment);
}

void Turn::assignment_committed(ClassicGroup& group, const StoredGroup& stored) {
    if (group.assignment_in_flight == stored.generation) group.assignment_in_flight.reset();
    // A rebalance may have begun meanwhile: then these parts are nobody's.
    if (!group.is(GroupState::completing_rebalance) || group.generation != stored.generation)
        return;
    for (const StoredMember& one : stored.members) {
        if (Member* member = group.member(one.id)) member->assignment = one.assignment;
    }
    finish_syncs(group, ErrorCode::none);
    group.to(GroupState::stable, now_.wall);
}

ErrorCode Turn::heartbeat(const protocol::HeartbeatRequest& request) {
    if (request.group_id.empty()) return ErrorCode::invalid_group_id;
    ClassicGroup* group = state_.find(request.group_id);
    if (group == nullptr) return ErrorCode::unknown_member_id;
    if (const ErrorCode error = group->check_member(request.member_id, request.group_instance_id);
        error != ErrorCode::none)
        return error;
    if (request.generation_id != group->generation) return ErrorCode::illegal_generation;
    arm_session(*group, *group->member(request.member_id));
    return group->is(GroupState::preparing_rebalance) ? ErrorCode::rebalance_in_progress
                                                      : ErrorCode::none;
}

void Turn::leave(const Caller& caller, const LeaveGroupRequest& request) {
    std::vector<LeaveGroupRequest::MemberIdentity> leaving = request.members;
    if (caller.version < kLeaveSeveral) {
        leaving.assign(1, {});
        leaving.front().member_id = request.member_id;
    }
    if (request.group_id.empty()) {
        LeaveGroupResponse response;
        response.error_code = ErrorCode::invalid_group_id;
        return reply(caller.request, std::move(response));
    }
    ClassicGroup* group = state_.find(request.group_id);
    std::vector<LeaveGroupResponse::MemberResponse> left;
    bool has_changed = false;
    for (const auto& who : leaving) {
        auto& one = left.emplace_back();
        one.member_id = who.member_id;
        one.group_instance_id = who.group_instance_id;
        one.error_code = group == nullptr ? ErrorCode::unknown_member_id : leave_one(*group, who);
        has_changed |= one.error_code == ErrorCode::none;
    }
    const std::size_t writes_before = out_.writes.size();
    if (has_changed && !group->is(GroupState::empty)) rebalance_or_complete(*group);

    LeaveGroupResponse response = leave_response(caller, std::move(left));
    if (out_.writes.size() == writes_before) return reply(caller.request, std::move(response));
    // The last one closes the door: it hears so when that is remembered.
    out_.writes.back().replies.push_back({caller.request, std::move(response), {}});
}

ErrorCode Turn::leave_one(ClassicGroup& group, const LeaveGroupRequest::MemberIdentity& who) {
    std::string id = who.member_id;
    if (id.empty()) {
        // An administrator knows instances, not ids.
        const std::string* known =
            who.group_instance_id ? group.static_member(*who.group_instance_id) : nullptr;
        if (known == nullptr) return ErrorCode::unknown_member_id;
        id = *known;
    } else if (group.pending.erase(id) == 1) {
        return ErrorCode::none;
    } else if (const ErrorCode error = group.check_member(id, who.group_instance_id);
               error != ErrorCode::none) {
        return error;
    }
    remove_member(group, *group.member(id));
    return ErrorCode::none;
}

}  // namespace moldau::coordinator
