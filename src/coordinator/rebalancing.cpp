// How a group gets from one generation to the next, and what its deadlines do.
#include "turn.hpp"

#include "moldau/base/check.hpp"

#include <algorithm>
#include <utility>

namespace moldau::coordinator {

void Turn::rebalance_or_complete(ClassicGroup& group) {
    if (group.is(GroupState::preparing_rebalance)) return maybe_complete_join(group);
    prepare_rebalance(group);
}

void Turn::prepare_rebalance(ClassicGroup& group) {
    if (group.is(GroupState::completing_rebalance)) {
        for (auto& [id, member] : group.members()) member.assignment = {};
        finish_syncs(group, ErrorCode::rebalance_in_progress);
    }
    for (auto& [id, member] : group.members()) group.owe_sync(member, false);
    group.sync_timer.due.reset();

    const bool is_initial = group.is(GroupState::empty);
    group.to(GroupState::preparing_rebalance, now_.wall);
    const Duration timeout = as_duration(group.rebalance_timeout_ms());
    if (is_initial) {
        // Members of a new group come one after the other: better one rebalance than many.
        const Duration delay = state_.settings.group_initial_rebalance_delay;
        group.initial = {.delay = delay, .remaining = std::max(timeout - delay, Duration{})};
        return arm_join(group, delay);
    }
    group.initial.reset();
    if (group.all_have_joined()) return complete_join(group);
    arm_join(group, timeout);
}

void Turn::maybe_complete_join(ClassicGroup& group) {
    if (!group.is(GroupState::preparing_rebalance) || group.initial) return;
    if (group.all_have_joined()) complete_join(group);
}

void Turn::initial_delay_over(ClassicGroup& group) {
    ClassicGroup::InitialDelay& initial = *group.initial;
    if (!initial.member_added || initial.remaining == Duration{}) return complete_join(group);
    const Duration next =
        std::min(state_.settings.group_initial_rebalance_delay, initial.remaining);
    initial = {.delay = next, .remaining = std::max(initial.remaining - initial.delay, Duration{})};
    arm_join(group, next);
}

void Turn::complete_join(ClassicGroup& group) {
    group.join_timer.due.reset();
    group.initial.reset();
    std::vector<std::string> late;  // a static member may come back until its session is over
    for (const auto& [id, member] : group.members()) {
        if (!member.awaiting_join && !member.instance_id) late.push_back(id);
    }
    for (const std::string& id : late) group.remove(id);
    if (!group.elect_joined_leader() && !group.members().empty()) {
        // Nobody has come. Their sessions will end, or somebody joins.
        return arm_join(group, as_duration(group.rebalance_timeout_ms()));
    }
    group.next_generation(now_.wall);
    if (group.is(GroupState::empty)) {
        append({GroupRecord{group.name, group.stored()}});
        return;
    }
    for (auto& [id, member] : group.members()) {
        if (const auto parked = group.take_join(member)) answer_generation(group, *parked, member);
        arm_session(group, member);
        member.is_new = false;
        group.owe_sync(member, true);
    }
    state_.timers.arm(group.sync_timer, now_.mono + as_duration(group.rebalance_timeout_ms()),
                      TimerKind::sync, group.name, "");
}

// A member that does not ask for its part after a rebalance holds up partitions in vain.
void Turn::sync_overdue(ClassicGroup& group) {
    if (group.all_have_synced()) return;
    std::vector<std::string> late;
    for (const auto& [id, member] : group.members()) {
        if (member.owes_sync) late.push_back(id);
    }
    for (const std::string& id : late) remove_member(group, *group.member(id));
    prepare_rebalance(group);
}

void Turn::session_over(ClassicGroup& group, const std::string& id) {
    Member* member = group.member(id);
    if (member == nullptr) return;
    // Who waits for us cannot have fallen silent; its session begins again with our answer.
    if (!member->is_new && (member->awaiting_join || member->awaiting_sync)) return;
    remove_member(group, *member);
    switch (group.state) {
        case GroupState::stable:
        case GroupState::completing_rebalance:
            return prepare_rebalance(group);
        case GroupState::preparing_rebalance:
            if (group.all_have_joined()) complete_join(group);
            return;
        case GroupState::empty:
            return;
    }
}

void Turn::pending_over(ClassicGroup& group, const std::string& id) {
    group.pending.erase(id);
    if (group.is(GroupState::preparing_rebalance) && group.all_have_joined()) complete_join(group);
}

void Turn::remove_member(ClassicGroup& group, Member& member) {
    answer_join(group, member, ErrorCode::unknown_member_id, "");
    answer_sync(group, member, ErrorCode::unknown_member_id);
    group.remove(std::string(member.id));
}

void Turn::finish_syncs(ClassicGroup& group, ErrorCode error) {
    for (auto& [id, member] : group.members()) {
        if (!member.awaiting_sync) continue;
        answer_sync(group, member, error);
        arm_session(group, member);  // while it waited, the end of its session was ignored
    }
}

void Turn::arm_session(ClassicGroup& group, Member& member) {
    arm_session(group, member, as_duration(member.session_timeout_ms));
}

void Turn::arm_session(ClassicGroup& group, Member& member, Duration timeout) {
    state_.timers.arm(member.session, now_.mono + timeout, TimerKind::session, group.name,
                      member.id);
}

void Turn::arm_join(ClassicGroup& group, Duration delay) {
    state_.timers.arm(group.join_timer, now_.mono + delay, TimerKind::join, group.name, "");
}

void Turn::fire(const TimerQueue::Place& place) {
    ClassicGroup* group = state_.find(place.group);
    if (group == nullptr) return;
    switch (place.kind) {
        case TimerKind::session: {
            Member* member = group->member(place.member);
            if (member != nullptr && state_.timers.is_due(member->session, place))
                session_over(*group, place.member);
            return;
        }
        case TimerKind::pending: {
            const auto found = group->pending.find(place.member);
            if (found != group->pending.end() && state_.timers.is_due(found->second, place))
                pending_over(*group, place.member);
            return;
        }
        case TimerKind::join:
            if (!state_.timers.is_due(group->join_timer, place)) return;
            group->initial ? initial_delay_over(*group) : complete_join(*group);
            return;
        case TimerKind::sync:
            if (state_.timers.is_due(group->sync_timer, place)) sync_overdue(*group);
            return;
    }
}

void Turn::on_time() {
    for (auto next = state_.timers.next(); next && *next <= now_.mono; next = state_.timers.next())
        fire(state_.timers.pop());
    if (!state_.next_expiry || *state_.next_expiry > now_.mono) return;
    state_.next_expiry = now_.mono + state_.settings.offsets_retention_check_interval;
    expire_offsets();
}

}  // namespace moldau::coordinator
