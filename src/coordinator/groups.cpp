// The front door, the durable state, and what can be seen of groups.
#include "moldau/coordinator/groups.hpp"

#include "turn.hpp"

#include <fmt/core.h>

#include <algorithm>
#include <limits>
#include <utility>

namespace moldau::coordinator {
namespace {

constexpr std::string_view kGroupType = "classic";
// Of a group that is kept, but not looked into.
constexpr std::string_view kStateNotKnown = "Unknown";
// From version 6 on an unknown group is an error (KIP-1043).
constexpr std::int16_t kUnknownGroupIsError = 6;

std::string lowered(std::string_view text) {
    const auto first = text.find_first_not_of(" \t");
    if (first == std::string_view::npos) return {};
    text = text.substr(first, text.find_last_not_of(" \t") - first + 1);
    std::string low(text);
    std::ranges::transform(low, low.begin(), [](char c) {
        return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
    });
    return low;
}

std::string_view type_name(ForeignKind kind) {
    switch (kind) {
        case ForeignKind::consumer:
            return "consumer";
        case ForeignKind::share:
            return "share";
        case ForeignKind::streams:
            break;
    }
    return "streams";
}

bool passes(const std::vector<std::string>& filter, std::string_view value) {
    return filter.empty() || std::ranges::any_of(filter, [&](const std::string& one) {
               return lowered(one) == lowered(value);
           });
}

}  // namespace

ClassicGroup* Groups::State::find(std::string_view name) {
    const auto found = groups.find(name);
    return found == groups.end() ? nullptr : &found->second;
}

const ClassicGroup* Groups::State::find(std::string_view name) const {
    const auto found = groups.find(name);
    return found == groups.end() ? nullptr : &found->second;
}

ClassicGroup& Groups::State::find_or_make(const std::string& name) {
    return groups.try_emplace(name, name).first->second;
}

void Groups::State::apply(const OffsetRecord& record) {
    if (!record.value) return offsets.erase(record);
    pending.superseded(record, Offset{std::numeric_limits<std::int64_t>::max()});
    offsets.put(record);
    make_simple(record.group);
}

// A simple group is its offsets.
void Groups::State::make_simple(const std::string& name) {
    if (!foreign.contains(name)) find_or_make(name);
}

void Groups::State::apply(const ForeignGroupRecord& record) {
    if (record.exists) {
        foreign.insert_or_assign(record.group, record.kind);
        groups.erase(record.group);
    } else if (foreign.erase(record.group) > 0 && offsets.of_group(record.group) != nullptr) {
        make_simple(record.group);
    }
}

void Groups::State::apply(const GroupRecord& record) {
    if (!record.value) {
        stored.erase(record.group);
        groups.erase(record.group);
        return;
    }
    stored.insert_or_assign(record.group, *record.value);
    // A group that lives is ahead of its records.
    if (!is_loaded || find(record.group) == nullptr)
        groups.insert_or_assign(record.group, ClassicGroup(record.group, *record.value));
}

Groups::Groups(GroupSettings settings) : state_(std::make_unique<State>()) {
    state_->settings = settings;
}
Groups::Groups(Groups&&) noexcept = default;
Groups& Groups::operator=(Groups&&) noexcept = default;
Groups::~Groups() = default;

void Groups::apply(const Record& record) {
    std::visit([&](const auto& known) { state_->apply(known); }, record);
}

void Groups::apply_in_transaction(ProducerId producer, Offset at, const OffsetRecord& record) {
    state_->pending.put(producer, at, record);
}

void Groups::end_transaction(ProducerId producer, bool is_committed) {
    for (const auto& [at, record] : state_->pending.end(producer)) {
        if (!is_committed) continue;
        state_->pending.superseded(record, at);
        state_->offsets.put(record);
        state_->make_simple(record.group);
    }
}

Decision Groups::loaded(Now now) {
    Turn turn(*state_, now);
    turn.loaded();
    return std::move(turn).decision();
}

void Turn::loaded() {
    state_.is_loaded = true;
    state_.next_expiry = now_.mono + state_.settings.offsets_retention_check_interval;
    const auto most = static_cast<std::size_t>(state_.settings.group_max_size);
    for (auto& [name, group] : state_.groups) {
        for (auto& [id, member] : group.members()) arm_session(group, member);
        // The limit may have been lowered: the members commit, come back, and not all get in.
        if (group.members().size() > most) prepare_rebalance(group);
    }
}

Decision Groups::unload() {
    Turn turn(*state_, {});
    turn.unload();
    Decision decision = std::move(turn).decision();
    const GroupSettings settings = state_->settings;
    *state_ = State{};
    state_->settings = settings;
    return decision;
}

void Turn::unload() {
    for (auto& [name, group] : state_.groups) {
        for (auto& [id, member] : group.members()) {
            answer_join(group, member, ErrorCode::not_coordinator, id);
            answer_sync(group, member, ErrorCode::not_coordinator);
        }
    }
}

Decision Groups::committed(Now now, Write write) {
    Turn turn(*state_, now);
    turn.committed(std::move(write));
    return std::move(turn).decision();
}

Decision Groups::failed(Now now, Write write, ErrorCode why) {
    Turn turn(*state_, now);
    turn.failed(std::move(write), why);
    return std::move(turn).decision();
}

MonoTime Groups::next_deadline() const {
    const MonoTime never = MonoTime::max();
    return std::min(state_->timers.next().value_or(never), state_->next_expiry.value_or(never));
}

Decision Groups::on_time(Now now) {
    Turn turn(*state_, now);
    turn.on_time();
    return std::move(turn).decision();
}

Decision Groups::join(Now now, const Caller& caller, const protocol::JoinGroupRequest& request,
                      const Uuid& fresh) {
    Turn turn(*state_, now);
    turn.join(caller, request, fresh);
    return std::move(turn).decision();
}

Decision Groups::sync(Now now, const Caller& caller, const protocol::SyncGroupRequest& request) {
    Turn turn(*state_, now);
    turn.sync(caller, request);
    return std::move(turn).decision();
}

protocol::HeartbeatResponse Groups::heartbeat(Now now, const protocol::HeartbeatRequest& request) {
    protocol::HeartbeatResponse response;
    response.error_code = Turn(*state_, now).heartbeat(request);
    return response;
}

Decision Groups::leave(Now now, const Caller& caller, const protocol::LeaveGroupRequest& request) {
    Turn turn(*state_, now);
    turn.leave(caller, request);
    return std::move(turn).decision();
}

Decision Groups::commit_offsets(Now now, const Caller& caller,
                                const protocol::OffsetCommitRequest& request) {
    Turn turn(*state_, now);
    turn.commit_offsets(caller, request);
    return std::move(turn).decision();
}

Decision Groups::delete_offsets(const Caller& caller,
                                const protocol::OffsetDeleteRequest& request) {
    Turn turn(*state_, {});
    turn.delete_offsets(caller, request);
    return std::move(turn).decision();
}

Decision Groups::partitions_deleted(
    const std::vector<std::pair<std::string, std::int32_t>>& partitions) {
    Turn turn(*state_, {});
    turn.partitions_deleted(partitions);
    return std::move(turn).decision();
}

Decision Groups::delete_groups(const Caller& caller, const std::vector<std::string>& names) {
    Turn turn(*state_, {});
    turn.delete_groups(caller, names);
    return std::move(turn).decision();
}

std::vector<protocol::ListGroupsResponse::ListedGroup> Groups::list(
    const std::vector<std::string>& states, const std::vector<std::string>& types) const {
    std::vector<protocol::ListGroupsResponse::ListedGroup> listed;
    for (const auto& [id, kind] : state_->foreign) {
        if (!passes(types, type_name(kind)) || !passes(states, kStateNotKnown)) continue;
        auto& one = listed.emplace_back();
        one.group_id = id;
        one.protocol_type = type_name(kind);
        one.group_state = kStateNotKnown;
        one.group_type = type_name(kind);
    }
    if (!passes(types, kGroupType)) return listed;
    for (const auto& [id, group] : state_->groups) {
        if (!passes(states, name(group.state))) continue;
        auto& one = listed.emplace_back();
        one.group_id = id;
        one.protocol_type = group.protocol_type.value_or("");
        one.group_state = name(group.state);
        one.group_type = kGroupType;
    }
    return listed;
}

DescribedGroup Groups::describe(const std::string& group_id, std::int16_t version) const {
    DescribedGroup described;
    described.group.group_id = group_id;
    const ClassicGroup* group = std::as_const(*state_).find(group_id);
    if (group == nullptr) {
        described.group.group_state = "Dead";
        if (version < kUnknownGroupIsError) return described;
        described.group.error_code = ErrorCode::group_id_not_found;
        described.group.error_message = fmt::format(
            "Group {} {}.", group_id,
            state_->foreign.contains(group_id) ? "is not a classic group" : "not found");
        return described;
    }
    const bool is_stable = group->is(GroupState::stable);
    described.group.group_state = name(group->state);
    described.group.protocol_type = group->protocol_type.value_or("");
    if (is_stable) described.group.protocol_data = group->protocol.value_or("");
    for (const auto& [id, member] : group->members()) {
        auto& one = described.group.members.emplace_back();
        one.member_id = id;
        one.group_instance_id = member.instance_id;
        one.client_id = member.client_id;
        one.client_host = member.client_host;
        if (is_stable)
            one.member_metadata = described.held.emplace_back(member.metadata(group->protocol));
        one.member_assignment = described.held.emplace_back(member.assignment);
    }
    return described;
}

std::vector<Record> Groups::durable() const {
    std::vector<Record> records;
    for (const auto& [name, value] : state_->stored) records.emplace_back(GroupRecord{name, value});
    for (const auto& [name, topics] : state_->offsets.all()) {
        for (const auto& [topic, partitions] : topics) {
            for (const auto& [partition, value] : partitions)
                records.emplace_back(OffsetRecord{name, topic, partition, value});
        }
    }
    return records;
}

}  // namespace moldau::coordinator
