// JoinGroup: who may come in, under which id, and what that sets off.
#include "turn.hpp"

#include <fmt/core.h>

#include <algorithm>
#include <utility>

namespace moldau::coordinator {
namespace {

using protocol::JoinGroupRequest;

// From version 4 on a new dynamic member is given its id before it joins (KIP-394), so that one
// whose connection breaks while it waits does not come in twice.
constexpr std::int16_t kMemberIdRequired = 4;
// Version 0 has one timeout for both.
constexpr std::int16_t kRebalanceTimeout = 1;
// A member that has not had its first answer cannot send heartbeats.
constexpr Duration kNewMemberTimeout = std::chrono::minutes(5);

// As java.util.UUID writes it, which is what member ids end with everywhere.
std::string hex_groups(const Uuid& id) {
    return fmt::format("{:08x}-{:04x}-{:04x}-{:04x}-{:012x}", id.high >> 32U,
                       (id.high >> 16U) & 0xFFFFU, id.high & 0xFFFFU, id.low >> 48U,
                       id.low & 0xFFFFFFFFFFFFU);
}

JoiningMember joining_member(const Caller& caller, const JoinGroupRequest& request) {
    JoiningMember member{.instance_id = request.group_instance_id,
                         .client_id = caller.client_id,
                         .client_host = caller.client_host,
                         .rebalance_timeout_ms = caller.version < kRebalanceTimeout
                                                     ? request.session_timeout_ms
                                                     : request.rebalance_timeout_ms,
                         .session_timeout_ms = request.session_timeout_ms,
                         .protocol_type = request.protocol_type,
                         .protocols = {},
                         .request = {caller.request, caller.version}};
    for (const auto& one : request.protocols) {
        const bool is_known = std::ranges::any_of(
            member.protocols, [&](const MemberProtocol& p) { return p.name == one.name; });
        if (!is_known) member.protocols.push_back({one.name, Bytes::copy_of(one.metadata)});
    }
    return member;
}

}  // namespace

void Turn::join(const Caller& caller, const JoinGroupRequest& request, const Uuid& fresh) {
    const auto refuse = [&](ErrorCode error, std::string_view id) {
        reply(caller.request, join_error(error, id, caller.version));
    };
    const Duration session = as_duration(request.session_timeout_ms);
    if (request.group_id.empty()) return refuse(ErrorCode::invalid_group_id, request.member_id);
    if (session < state_.settings.group_min_session_timeout ||
        session > state_.settings.group_max_session_timeout)
        return refuse(ErrorCode::invalid_session_timeout, request.member_id);

    if (state_.foreign.contains(request.group_id))
        return refuse(ErrorCode::inconsistent_group_protocol, request.member_id);
    ClassicGroup* group = state_.find(request.group_id);
    const bool is_new_group = group == nullptr;
    if (is_new_group && !request.member_id.empty())
        return refuse(ErrorCode::unknown_member_id, request.member_id);
    if (is_new_group) {
        group = &state_.find_or_make(request.group_id);
        group->state_since = now_.wall;
    }
    if (group->is_deleting) return refuse(ErrorCode::coordinator_not_available, request.member_id);
    if (!accepts(*group, request.member_id)) {
        group->remove(request.member_id);
        return refuse(ErrorCode::group_max_size_reached, "");
    }
    std::string said_id = request.member_id;
    const ErrorCode error =
        join_group({*group, request, joining_member(caller, request)}, fresh, said_id);
    if (error != ErrorCode::none) refuse(error, said_id);

    if (!is_new_group) return;
    if (group->members().empty() && group->pending.empty()) {
        state_.groups.erase(request.group_id);
        return;
    }
    // That the group exists is remembered before it has a generation, as Kafka does.
    append({GroupRecord{request.group_id, StoredGroup{.protocol_type = {},
                                                      .generation = 0,
                                                      .protocol = {},
                                                      .leader = {},
                                                      .state_since = group->state_since,
                                                      .members = {}}}},
           Write::Purpose::new_group);
}

// While a group rebalances, those who wait are counted, not the members: where the limit was
// lowered, the last ones to come back are left out.
bool Turn::accepts(ClassicGroup& group, const std::string& id) const {
    const auto most = static_cast<std::size_t>(state_.settings.group_max_size);
    const Member* member = group.member(id);
    switch (group.state) {
        case GroupState::empty:
            return true;
        case GroupState::preparing_rebalance:
            return (member != nullptr && member->awaiting_join) || group.awaiting_join() < most;
        case GroupState::completing_rebalance:
        case GroupState::stable:
            return member != nullptr || group.members().size() < most;
    }
    return false;
}

ErrorCode Turn::join_group(Joining joining, const Uuid& fresh, std::string& said_id) {
    const JoinGroupRequest& request = joining.request;
    if (!joining.group.supports(request.protocol_type, joining.member.protocols))
        return ErrorCode::inconsistent_group_protocol;
    if (!request.member_id.empty()) return join_existing(std::move(joining));
    std::string new_id = fmt::format(
        "{}-{}", joining.member.instance_id.value_or(joining.member.client_id), hex_groups(fresh));
    return join_new(std::move(joining), std::move(new_id), said_id);
}

ErrorCode Turn::join_new(Joining joining, std::string new_id, std::string& said_id) {
    ClassicGroup& group = joining.group;
    if (joining.member.instance_id) {
        if (const std::string* old_id = group.static_member(*joining.member.instance_id)) {
            replace_static(std::move(joining), std::string(*old_id), new_id);
        } else {
            add_member(std::move(joining), std::move(new_id));
        }
        return ErrorCode::none;
    }
    if (joining.member.request.version < kMemberIdRequired) {
        add_member(std::move(joining), std::move(new_id));
        return ErrorCode::none;
    }
    Timer& timer = group.pending[new_id];
    state_.timers.arm(timer, now_.mono + as_duration(joining.member.session_timeout_ms),
                      TimerKind::pending, group.name, new_id);
    said_id = std::move(new_id);
    return ErrorCode::member_id_required;
}

ErrorCode Turn::join_existing(Joining joining) {
    ClassicGroup& group = joining.group;
    const std::string& id = joining.request.member_id;
    if (!joining.member.instance_id && group.pending.contains(id)) {
        add_member(std::move(joining), id);
        return ErrorCode::none;
    }
    if (const ErrorCode error = group.check_member(id, joining.member.instance_id);
        error != ErrorCode::none)
        return error;

    Member& member = *group.member(id);
    const bool is_same = member.protocols == joining.member.protocols;
    // A leader joins a stable group again when what it leads has changed, though it itself has not.
    const bool has_news = !is_same || (group.is(GroupState::stable) && group.is_leader(id));
    if (!group.is(GroupState::preparing_rebalance) && !has_news) {
        answer_generation(group, joining.member.request, member);
        return ErrorCode::none;
    }
    update_member(joining, member);
    rebalance_or_complete(group);
    return ErrorCode::none;
}

void Turn::add_member(Joining joining, std::string id) {
    ClassicGroup& group = joining.group;
    if (group.initial) group.initial->member_added = true;
    Member& member = group.add(std::move(id), std::move(joining.member));
    arm_session(group, member, kNewMemberTimeout);
    rebalance_or_complete(group);
}

void Turn::update_member(Joining& joining, Member& member) {
    // One who asks again no longer waits for the first answer.
    answer_join(joining.group, member, ErrorCode::rebalance_in_progress, member.id);
    joining.group.update(member, std::move(joining.member));
}

// A static member is back under a new id (KIP-345). What the old id waits for is fenced at once.
void Turn::replace_static(Joining joining, const std::string& old_id, const std::string& new_id) {
    ClassicGroup& group = joining.group;
    Member& old = *group.member(old_id);
    answer_join(group, old, ErrorCode::fenced_instance_id, old_id);
    answer_sync(group, old, ErrorCode::fenced_instance_id);
    std::string leader_before = group.leader.value_or("");
    Member& member = group.replace(old_id, new_id);
    group.update(member, std::move(joining.member));
    arm_session(group, member);

    switch (group.state) {
        case GroupState::stable: {
            if (group.protocol != group.vote()) return rebalance_or_complete(group);
            // Its part stays its own, so nobody else need know; the new id must be remembered
            // first.
            Write& write =
                append({GroupRecord{group.name, group.stored()}}, Write::Purpose::static_member);
            write.member = new_id;
            write.leader_before = std::move(leader_before);
            return;
        }
        case GroupState::completing_rebalance:
            // The leader may be dividing for the old id already.
            return prepare_rebalance(group);
        case GroupState::preparing_rebalance:
        case GroupState::empty:
            return maybe_complete_join(group);
    }
}

void Turn::static_member_committed(ClassicGroup& group, const Write& write) {
    Member* member = group.member(write.member);
    // Where a rebalance began meanwhile, the member waits for its end.
    if (member == nullptr || !group.is(GroupState::stable)) return;
    const auto parked = group.take_join(*member);
    if (!parked) return;
    constexpr std::int16_t kSkipAssignment = 9;
    if (parked->version >= kSkipAssignment) return answer_generation(group, *parked, *member, true);
    // An older client would divide anew if it learned that it leads (KIP-814).
    protocol::JoinGroupResponse response = join_error(ErrorCode::none, member->id, parked->version);
    response.generation_id = group.generation;
    response.protocol_type = group.protocol_type;
    response.protocol_name = group.protocol;
    response.leader = write.leader_before;
    reply(parked->request, std::move(response));
}

protocol::JoinGroupResponse join_error(ErrorCode error, std::string_view member,
                                       std::int16_t version) {
    constexpr std::int16_t kProtocolNameMayBeNull = 7;
    protocol::JoinGroupResponse response;
    response.error_code = error;
    response.member_id = member;
    if (version >= kProtocolNameMayBeNull) response.protocol_name.reset();
    return response;
}

}  // namespace moldau::coordinator
