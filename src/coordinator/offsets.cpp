// OffsetCommit, OffsetFetch, OffsetDelete, and the offsets of partitions that are gone.
#include "turn.hpp"

#include <algorithm>
#include <utility>

namespace moldau::coordinator {
namespace {

using protocol::OffsetCommitRequest;
using protocol::OffsetCommitResponse;
using protocol::OffsetDeleteRequest;
using protocol::OffsetDeleteResponse;
using protocol::OffsetFetchRequest;
using protocol::OffsetFetchResponse;

// From version 9 on there is a code for it (KIP-848).
constexpr std::int16_t kGroupNotFound = 9;

// Kafka's limit "in bytes" counts UTF-16 code units.
std::size_t utf16_units(std::string_view text) {
    std::size_t units = 0;
    for (const char c : text) {
        const auto byte = static_cast<std::uint8_t>(c);
        if ((byte & 0xC0U) == 0x80U) continue;
        units += byte >= 0xF0U ? 2 : 1;
    }
    return units;
}

void copy_topic(const OffsetCommitRequest::OffsetCommitRequestTopic& from,
                OffsetCommitResponse::OffsetCommitResponseTopic& to) {
    to.name = from.name;
    to.topic_id = from.topic_id;
    to.partitions.resize(from.partitions.size());
    for (std::size_t i = 0; i < from.partitions.size(); ++i)
        to.partitions[i].partition_index = from.partitions[i].partition_index;
}

CommittedOffset committed_offset(const OffsetCommitRequest::OffsetCommitRequestPartition& partition,
                                 Timestamp now, const Uuid& topic_id,
                                 std::optional<Timestamp> expires) {
    CommittedOffset value;
    value.offset = partition.committed_offset;
    if (partition.committed_leader_epoch >= 0)
        value.leader_epoch = LeaderEpoch{partition.committed_leader_epoch};
    value.metadata = partition.committed_metadata.value_or("");
    value.committed = now;
    value.expires = expires;
    value.topic_id = topic_id;
    return value;
}

OffsetFetchResponse::OffsetFetchResponsePartitions fetched(std::int32_t partition,
                                                           const CommittedOffset* offset) {
    OffsetFetchResponse::OffsetFetchResponsePartitions response;
    response.partition_index = partition;
    response.committed_offset = -1;
    if (offset == nullptr) return response;
    response.committed_offset = offset->offset;
    response.committed_leader_epoch = offset->leader_epoch.value_or(LeaderEpoch{-1}).value;
    response.metadata = offset->metadata;
    return response;
}

}  // namespace

ErrorCode Turn::check_commit(const ClassicGroup& group, const OffsetCommitRequest& request) {
    const std::int32_t generation = request.generation_id_or_member_epoch;
    if (group.is_deleting) return ErrorCode::coordinator_not_available;
    // Tools, and consumers that divide nothing, may commit while nobody is in.
    if (generation < 0 && group.is(GroupState::empty)) return ErrorCode::none;
    if (generation < 0 && request.member_id.empty() && !request.group_instance_id)
        return ErrorCode::unknown_member_id;
    if (const ErrorCode error = group.check_member(request.member_id, request.group_instance_id);
        error != ErrorCode::none)
        return error;
    if (generation != group.generation) return ErrorCode::illegal_generation;
    // While a group prepares, members of the generation may still commit what they did in it. When
    // the next one is there, but not their part of it, they cannot know what to commit.
    return group.is(GroupState::completing_rebalance) ? ErrorCode::rebalance_in_progress
                                                      : ErrorCode::none;
}

void Turn::commit_offsets(const Caller& caller, const OffsetCommitRequest& request) {
    OffsetCommitResponse response;
    response.topics.resize(request.topics.size());
    for (std::size_t i = 0; i < request.topics.size(); ++i)
        copy_topic(request.topics[i], response.topics[i]);
    const auto refuse = [&](ErrorCode error) {
        for (auto& topic : response.topics) {
            for (auto& partition : topic.partitions) partition.error_code = error;
        }
        reply(caller.request, std::move(response));
    };
    // Whether such a group has members is not known here.
    if (state_.foreign.contains(request.group_id)) return refuse(ErrorCode::unknown_member_id);
    ClassicGroup* group = state_.find(request.group_id);
    if (group == nullptr && request.generation_id_or_member_epoch >= 0)
        return refuse(caller.version >= kGroupNotFound ? ErrorCode::group_id_not_found
                                                       : ErrorCode::illegal_generation);
    if (group != nullptr) {
        if (const ErrorCode error = check_commit(*group, request); error != ErrorCode::none)
            return refuse(error);
        if (Member* member = group->member(request.member_id)) arm_session(*group, *member);
    }

    std::optional<Timestamp> expires;
    if (request.retention_time_ms != -1)
        expires = Timestamp{now_.wall.ms + request.retention_time_ms};
    const auto most = static_cast<std::size_t>(state_.settings.offset_metadata_max_bytes);
    std::vector<Record> records;
    for (std::size_t i = 0; i < request.topics.size(); ++i) {
        const auto& topic = request.topics[i];
        for (std::size_t k = 0; k < topic.partitions.size(); ++k) {
            const auto& partition = topic.partitions[k];
            if (utf16_units(partition.committed_metadata.value_or("")) > most) {
                response.topics[i].partitions[k].error_code = ErrorCode::offset_metadata_too_large;
                continue;
            }
            records.emplace_back(
                OffsetRecord{request.group_id, topic.name, partition.partition_index,
                             committed_offset(partition, now_.wall, topic.topic_id, expires)});
        }
    }
    if (records.empty()) return reply(caller.request, std::move(response));
    // A simple group is there from its first commit on.
    if (group == nullptr) state_.find_or_make(request.group_id).state_since = now_.wall;
    append(std::move(records)).replies.push_back({caller.request, std::move(response), {}});
}

void Turn::delete_offsets(const Caller& caller, const OffsetDeleteRequest& request) {
    OffsetDeleteResponse response;
    ClassicGroup* group = state_.find(request.group_id);
    const bool is_foreign = state_.foreign.contains(request.group_id);
    const bool is_there = group != nullptr && !group->is_deleting;
    if (request.group_id.empty()) {
        response.error_code = ErrorCode::invalid_group_id;
    } else if (!is_there && !is_foreign) {
        response.error_code = ErrorCode::group_id_not_found;
    } else if (is_foreign || (!group->is(GroupState::empty) && !group->uses_consumer_protocol())) {
        response.error_code = ErrorCode::non_empty_group;
    }
    if (response.error_code != ErrorCode::none) return reply(caller.request, std::move(response));

    std::vector<Record> records;
    for (const auto& topic : request.topics) {
        auto& answer = response.topics.emplace_back();
        answer.name = topic.name;
        const bool is_in_use = group->is_subscribed_to(topic.name);
        for (const auto& partition : topic.partitions) {
            auto& one = answer.partitions.emplace_back();
            one.partition_index = partition.partition_index;
            if (is_in_use) {
                one.error_code = ErrorCode::group_subscribed_to_topic;
            } else if (has_offset(*group, topic.name, partition.partition_index)) {
                records.emplace_back(tombstone(group->name, topic.name, partition.partition_index));
            }
        }
    }
    if (records.empty()) return reply(caller.request, std::move(response));
    append(std::move(records)).replies.push_back({caller.request, std::move(response), {}});
}

bool Turn::has_offset(const ClassicGroup& group, const std::string& topic,
                      std::int32_t partition) const {
    return group.offsets_in_flight.contains({topic, partition}) ||
           state_.offsets.find(group.name, topic, partition) != nullptr;
}

void Turn::partitions_deleted(const std::vector<std::pair<std::string, std::int32_t>>& partitions) {
    std::vector<Record> records;
    for (const auto& [name, group] : state_.groups) {
        for (const auto& [topic, partition] : partitions) {
            if (has_offset(group, topic, partition))
                records.emplace_back(tombstone(name, topic, partition));
        }
    }
    for (const auto& [name, kind] : state_.foreign) {
        for (const auto& [topic, partition] : partitions) {
            if (state_.offsets.find(name, topic, partition) != nullptr)
                records.emplace_back(tombstone(name, topic, partition));
        }
    }
    append_in_parts(std::move(records));
}

OffsetFetchResponse::OffsetFetchResponseGroup Groups::fetch_offsets(
    const OffsetFetchRequest::OffsetFetchRequestGroup& request, bool require_stable) const {
    OffsetFetchResponse::OffsetFetchResponseGroup response;
    response.group_id = request.group_id;
    const auto say = [&](const std::string& topic, std::int32_t number,
                         const CommittedOffset* offset) {
        if (!require_stable || !state_->pending.has(request.group_id, topic, number))
            return fetched(number, offset);
        auto unstable = fetched(number, nullptr);
        unstable.error_code = ErrorCode::unstable_offset_commit;
        return unstable;
    };
    if (!request.topics) {
        const OffsetStore::Topics* topics = state_->offsets.of_group(request.group_id);
        if (topics == nullptr) return response;
        for (const auto& [name, partitions] : *topics) {
            auto& topic = response.topics.emplace_back();
            topic.name = name;
            for (const auto& [number, offset] : partitions) {
                topic.topic_id = offset.topic_id;
                topic.partitions.push_back(say(name, number, &offset));
            }
        }
        return response;
    }
    for (const auto& asked : *request.topics) {
        auto& topic = response.topics.emplace_back();
        topic.name = asked.name;
        topic.topic_id = asked.topic_id;
        for (const std::int32_t number : asked.partition_indexes) {
            topic.partitions.push_back(say(
                asked.name, number, state_->offsets.find(request.group_id, asked.name, number)));
        }
    }
    return response;
}

OffsetFetchRequest::OffsetFetchRequestGroup the_one_group(const OffsetFetchRequest& request) {
    OffsetFetchRequest::OffsetFetchRequestGroup group;
    group.group_id = request.group_id;
    group.topics.reset();
    if (!request.topics) return group;
    group.topics.emplace();
    for (const auto& asked : *request.topics) {
        auto& topic = group.topics->emplace_back();
        topic.name = asked.name;
        topic.partition_indexes = asked.partition_indexes;
    }
    return group;
}

OffsetFetchResponse response_of_one_group(OffsetFetchResponse::OffsetFetchResponseGroup group) {
    OffsetFetchResponse response;
    response.error_code = group.error_code;
    for (auto& from : group.topics) {
        auto& topic = response.topics.emplace_back();
        topic.name = std::move(from.name);
        for (auto& one : from.partitions) {
            auto& partition = topic.partitions.emplace_back();
            partition.partition_index = one.partition_index;
            partition.committed_offset = one.committed_offset;
            partition.committed_leader_epoch = one.committed_leader_epoch;
            partition.metadata = std::move(one.metadata);
            partition.error_code = one.error_code;
        }
    }
    return response;
}

}  // namespace moldau::coordinator
