// The end of groups and offsets: by request (KIP-229, KIP-496) and by age (KIP-211).
#include "turn.hpp"

#include <chrono>
#include <utility>

namespace moldau::coordinator {
namespace {

// What an offset's age is counted from.
enum class AgeFrom : std::uint8_t { commit, empty_since, never_expires };

AgeFrom age_from(const ClassicGroup& group) {
    // Consumers that divide nothing: by each commit alone.
    if (!group.protocol_type) return AgeFrom::commit;
    // Records of before KIP-211 do not say when a group became empty.
    if (group.is(GroupState::empty))
        return group.state_since.ms == -1 ? AgeFrom::commit : AgeFrom::empty_since;
    // Topics that the members no longer read, where we know what they read.
    if (group.is(GroupState::stable) && group.uses_consumer_protocol() && group.subscribed)
        return AgeFrom::commit;
    return AgeFrom::never_expires;
}

}  // namespace

void Turn::delete_groups(const Caller& caller, const std::vector<std::string>& names) {
    protocol::DeleteGroupsResponse response;
    std::vector<Record> records;
    for (const std::string& name : names) {
        auto& result = response.results.emplace_back();
        result.group_id = name;
        if (state_.foreign.contains(name)) {
            result.error_code = ErrorCode::non_empty_group;
            continue;
        }
        ClassicGroup* group = state_.find(name);
        if (group == nullptr || group->is_deleting) {
            result.error_code = ErrorCode::group_id_not_found;
            continue;
        }
        if (!group->is(GroupState::empty)) {
            result.error_code = ErrorCode::non_empty_group;
            continue;
        }
        if (const OffsetStore::Topics* topics = state_.offsets.of_group(name)) {
            for (const auto& [topic, partitions] : *topics) {
                for (const auto& [partition, offset] : partitions)
                    records.emplace_back(tombstone(name, topic, partition));
            }
        }
        for (const auto& [where, count] : group->offsets_in_flight) {
            if (state_.offsets.find(name, where.first, where.second) == nullptr)
                records.emplace_back(tombstone(name, where.first, where.second));
        }
        records.emplace_back(GroupRecord{name, {}});
        group->is_deleting = true;
    }
    if (records.empty()) return reply(caller.request, std::move(response));
    append(std::move(records)).replies.push_back({caller.request, std::move(response), {}});
}

// One write a group: many groups may be old at once, and a batch has a limit.
void Turn::expire_offsets() {
    for (auto& [name, group] : state_.groups) {
        // What is being written will be looked at in the next round; who was given an id will come.
        if (group.is_deleting || group.group_writes_in_flight != 0 ||
            !group.offsets_in_flight.empty() || !group.pending.empty())
            continue;
        std::vector<Record> records;
        if (expire(group, records) && group.is(GroupState::empty)) {
            records.emplace_back(GroupRecord{name, {}});
            group.is_deleting = true;
        }
        append_in_parts(std::move(records));
    }
}

bool Turn::expire(const ClassicGroup& group, std::vector<Record>& records) const {
    const OffsetStore::Topics* topics = state_.offsets.of_group(group.name);
    if (topics == nullptr) return true;
    const AgeFrom from = age_from(group);
    if (from == AgeFrom::never_expires) return false;
    const std::int64_t retention_ms =
        std::chrono::duration_cast<std::chrono::milliseconds>(state_.settings.offsets_retention)
            .count();
    bool is_none_left = true;
    for (const auto& [topic, partitions] : *topics) {
        if (group.is_subscribed_to(topic)) {
            is_none_left = false;
            continue;
        }
        for (const auto& [partition, offset] : partitions) {
            const Timestamp base =
                from == AgeFrom::empty_since ? group.state_since : offset.committed;
            const bool is_old = offset.expires ? now_.wall >= *offset.expires
                                               : now_.wall.ms - base.ms >= retention_ms;
            if (is_old) records.emplace_back(tombstone(group.name, topic, partition));
            is_none_left &= is_old;
        }
    }
    return is_none_left;
}

}  // namespace moldau::coordinator
