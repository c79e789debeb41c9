// Writes on their way: what is in flight, what their end brings about, and what is said.
#include "turn.hpp"

#include "moldau/base/check.hpp"

#include <algorithm>
#include <iterator>
#include <type_traits>
#include <utility>

namespace moldau::coordinator {
namespace {

void set_error(protocol::JoinGroupResponse& response, ErrorCode error) {
    response.error_code = error;
}
void set_error(protocol::SyncGroupResponse& response, ErrorCode error) {
    response.error_code = error;
}
void set_error(protocol::LeaveGroupResponse& response, ErrorCode error) {
    response.members.clear();
    response.error_code = error;
}
void set_error(protocol::OffsetCommitResponse& response, ErrorCode error) {
    for (auto& topic : response.topics) {
        for (auto& partition : topic.partitions) partition.error_code = error;
    }
}
void set_error(protocol::OffsetDeleteResponse& response, ErrorCode error) {
    response.topics.clear();
    response.error_code = error;
}
void set_error(protocol::DeleteGroupsResponse& response, ErrorCode error) {
    for (auto& result : response.results) {
        if (result.error_code == ErrorCode::none) result.error_code = error;
    }
}

const std::string& group_of(const Record& record) {
    static const std::string kNone;
    return std::visit(
        [](const auto& known) -> const std::string& {
            if constexpr (std::is_same_v<std::decay_t<decltype(known)>, UnknownRecord>) {
                return kNone;
            } else {
                return known.group;
            }
        },
        record);
}

}  // namespace

ErrorCode error_of_failed_write(ErrorCode why) {
    switch (why) {
        case ErrorCode::unknown_topic_or_partition:
        case ErrorCode::not_enough_replicas:
        case ErrorCode::not_enough_replicas_after_append:
        case ErrorCode::request_timed_out:
            return ErrorCode::coordinator_not_available;
        case ErrorCode::not_leader_or_follower:
        case ErrorCode::kafka_storage_error:
            return ErrorCode::not_coordinator;
        case ErrorCode::message_too_large:
        case ErrorCode::record_list_too_large:
        case ErrorCode::invalid_fetch_size:
            return ErrorCode::unknown_server_error;
        default:
            return why;
    }
}

Write& Turn::append(std::vector<Record> records, Write::Purpose purpose) {
    Write& write = out_.writes.emplace_back();
    write.records = std::move(records);
    write.purpose = purpose;
    count_in_flight(write, true);
    return write;
}

// A batch has a limit; what may come in parts is not to fail by it.
void Turn::append_in_parts(std::vector<Record> records) {
    constexpr std::size_t kRecordsMost = 1000;
    for (std::size_t at = 0; at < records.size(); at += kRecordsMost) {
        const auto begin = records.begin() + static_cast<std::ptrdiff_t>(at);
        const std::size_t count = std::min(kRecordsMost, records.size() - at);
        append({std::make_move_iterator(begin),
                std::make_move_iterator(begin + static_cast<std::ptrdiff_t>(count))});
    }
}

void Turn::count_in_flight(const Write& write, bool begins) {
    for (const Record& record : write.records) {
        ClassicGroup* group = state_.find(group_of(record));
        // What was in flight when the partition was unloaded counts for nobody.
        if (group == nullptr) continue;
        const auto* offset = std::get_if<OffsetRecord>(&record);
        if (offset == nullptr) {
            if (begins) ++group->group_writes_in_flight;
            if (!begins && group->group_writes_in_flight != 0) --group->group_writes_in_flight;
            continue;
        }
        auto& counts = group->offsets_in_flight;
        const std::pair key{offset->topic, offset->partition};
        if (begins) {
            ++counts[key];
        } else if (const auto count = counts.find(key);
                   count != counts.end() && --count->second == 0) {
            counts.erase(count);
        }
    }
}

void Turn::committed(Write write) {
    count_in_flight(write, false);
    for (const Record& record : write.records)
        std::visit([&](const auto& known) { state_.apply(known); }, record);
    const auto* first = std::get_if<GroupRecord>(&write.records.front());
    ClassicGroup* group = first == nullptr ? nullptr : state_.find(first->group);
    if (group != nullptr && first->value) {
        if (write.purpose == Write::Purpose::assignment)
            assignment_committed(*group, *first->value);
        if (write.purpose == Write::Purpose::static_member) static_member_committed(*group, write);
    }
    for (Reply& one : write.replies) out_.replies.push_back(std::move(one));
}

void Turn::failed(Write write, ErrorCode why) {
    const ErrorCode error = error_of_failed_write(why);
    count_in_flight(write, false);
    for (const Record& record : write.records) {
        const auto* changed = std::get_if<GroupRecord>(&record);
        ClassicGroup* group = changed == nullptr ? nullptr : state_.find(changed->group);
        if (group == nullptr) continue;
        if (!changed->value) group->is_deleting = false;
        group_write_failed(*group, write, error);
    }
    for (Reply& one : write.replies) {
        std::visit([&](auto& response) { set_error(response, error); }, one.response);
        out_.replies.push_back(std::move(one));
    }
    for (const Record& record : write.records) drop_if_nothing(group_of(record));
}

void Turn::group_write_failed(ClassicGroup& group, const Write& write, ErrorCode error) {
    switch (write.purpose) {
        case Write::Purpose::plain:
            return;  // an empty generation: the one before it is as good after a restart
        case Write::Purpose::new_group:
            // Nobody may wait in a group that is not remembered.
            if (!group.initial) return;
            for (auto& [id, member] : group.members()) answer_join(group, member, error, "");
            while (!group.members().empty())
                group.remove(std::string(group.members().begin()->first));
            group.pending.clear();
            group.initial.reset();
            group.join_timer.due.reset();
            group.to(GroupState::empty, now_.wall);
            return;
        case Write::Purpose::assignment: {
            group.assignment_in_flight.reset();
            const auto& record = std::get<GroupRecord>(write.records.front());
            if (!group.is(GroupState::completing_rebalance) ||
                group.generation != record.value->generation)
                return;
            finish_syncs(group, error);
            return prepare_rebalance(group);
        }
        case Write::Purpose::static_member:
            // The new id stays: the old incarnation is gone, and the member asks again.
            if (Member* member = group.member(write.member);
                member != nullptr && group.is(GroupState::stable))
                answer_join(group, *member, error, "");
            return;
    }
}

// A group that was begun for a write that failed.
void Turn::drop_if_nothing(const std::string& name) {
    const ClassicGroup* group = state_.find(name);
    if (group == nullptr || !group->is(GroupState::empty) || !group->pending.empty() ||
        group->group_writes_in_flight != 0 || !group->offsets_in_flight.empty() ||
        state_.stored.contains(name) || state_.offsets.of_group(name) != nullptr ||
        state_.pending.has_group(name))
        return;
    state_.groups.erase(name);
}

void Turn::reply(RequestId request, Response response, std::vector<Bytes> held) {
    out_.replies.push_back({request, std::move(response), std::move(held)});
}

void Turn::answer_join(ClassicGroup& group, Member& member, ErrorCode error,
                       std::string_view as_id) {
    if (const auto parked = group.take_join(member))
        reply(parked->request, join_error(error, as_id, parked->version));
}

void Turn::answer_sync(const ClassicGroup& group, Member& member, ErrorCode error) {
    const auto parked = std::exchange(member.awaiting_sync, std::nullopt);
    if (!parked) return;
    protocol::SyncGroupResponse response;
    response.error_code = error;
    if (error != ErrorCode::none) return reply(parked->request, std::move(response));
    response.protocol_type = group.protocol_type;
    response.protocol_name = group.protocol;
    response.assignment = member.assignment;
    reply(parked->request, std::move(response), {member.assignment});
}

void Turn::answer_generation(const ClassicGroup& group, ParkedRequest request, const Member& member,
                             bool leader_may_skip) {
    protocol::JoinGroupResponse response = join_error(ErrorCode::none, member.id, request.version);
    std::vector<Bytes> held;
    response.generation_id = group.generation;
    response.protocol_type = group.protocol_type;
    if (group.protocol) response.protocol_name = group.protocol;
    response.leader = group.leader.value_or("");
    if (group.is_leader(member.id)) {
        response.skip_assignment = leader_may_skip;
        for (const auto& [id, other] : group.members()) {
            auto& one = response.members.emplace_back();
            one.member_id = id;
            one.group_instance_id = other.instance_id;
            held.push_back(other.metadata(group.protocol));
            one.metadata = held.back();
        }
    }
    reply(request.request, std::move(response), std::move(held));
}

}  // namespace moldau::coordinator
