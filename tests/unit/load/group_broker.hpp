// A coordinator of the simulated world: every member is in its generation at once, and leads it.
#pragma once

#include "unit/client/scripted_broker.hpp"

#include "moldau/protocol/messages/delete_groups.hpp"
#include "moldau/protocol/messages/find_coordinator.hpp"
#include "moldau/protocol/messages/heartbeat.hpp"
#include "moldau/protocol/messages/join_group.hpp"
#include "moldau/protocol/messages/leave_group.hpp"
#include "moldau/protocol/messages/offset_commit.hpp"
#include "moldau/protocol/messages/sync_group.hpp"

#include <functional>
#include <map>
#include <set>
#include <string>
#include <vector>

namespace moldau::load {

class GroupBroker {
public:
    std::int32_t generation = 1;
    std::int32_t partitions = 4;
    int unavailable = 0;  // how often the coordinator is not there yet
    /// By the member's id.
    std::function<ErrorCode(const std::string&)> join_verdict = [](const std::string&) {
        return ErrorCode::none;
    };
    std::function<ErrorCode(int)> commit_verdict = [](int) { return ErrorCode::none; };

    int joins = 0;
    int commits = 0;
    int heartbeats = 0;
    std::set<std::string> members;                   // that have joined and not left
    std::map<std::int32_t, std::int64_t> committed;  // by partition
    std::vector<std::string> deleted;                // groups
    std::set<std::string> assigned;                  // what members were given

    client::Script script() {
        return [this](const client::Received& request) { return answer(request); };
    }

private:
    std::optional<Bytes> answer(const client::Received& request) {
        using protocol::ApiKey;
        switch (request.api()) {
            case ApiKey::api_versions:
                return client::api_versions(request, {{ApiKey::api_versions, {0, 4}},
                                                      {ApiKey::metadata, {0, 12}},
                                                      {ApiKey::find_coordinator, {0, 6}},
                                                      {ApiKey::join_group, {0, 9}},
                                                      {ApiKey::sync_group, {0, 5}},
                                                      {ApiKey::heartbeat, {0, 4}},
                                                      {ApiKey::leave_group, {0, 5}},
                                                      {ApiKey::offset_commit, {2, 10}},
                                                      {ApiKey::delete_groups, {0, 2}}});
            case ApiKey::metadata:
                return client::metadata_of_t(request, partitions);
            case ApiKey::find_coordinator:
                return answer_search(request);
            case ApiKey::join_group:
                return answer_join(request);
            case ApiKey::sync_group: {
                const auto sync = request.as<protocol::SyncGroupRequest>();
                protocol::SyncGroupResponse response;
                EXPECT_EQ(sync.assignments.size(), 1U);
                EXPECT_EQ(sync.assignments.front().member_id, sync.member_id);
                response.assignment = sync.assignments.front().assignment;
                assigned.insert(std::string(as_text(response.assignment)));
                if (sync.generation_id != generation)
                    response.error_code = ErrorCode::illegal_generation;
                return request.answer(response);
            }
            case ApiKey::heartbeat: {
                ++heartbeats;
                const auto beat = request.as<protocol::HeartbeatRequest>();
                protocol::HeartbeatResponse response;
                if (beat.generation_id != generation)
                    response.error_code = ErrorCode::rebalance_in_progress;
                return request.answer(response);
            }
            case ApiKey::leave_group: {
                const auto leave = request.as<protocol::LeaveGroupRequest>();
                for (const auto& each : leave.members) members.erase(each.member_id);
                return request.answer(protocol::LeaveGroupResponse{});
            }
            case ApiKey::delete_groups: {
                const auto deletion = request.as<protocol::DeleteGroupsRequest>();
                for (const auto& each : deletion.groups_names) deleted.push_back(each);
                return request.answer(protocol::DeleteGroupsResponse{});
            }
            default:
                return answer_commit(request);
        }
    }

    Bytes answer_search(const client::Received& request) {
        protocol::FindCoordinatorResponse response;
        auto& found = response.coordinators.emplace_back();
        found.host = "broker-0";
        found.port = client::ScriptedBroker::kPort;
        if (unavailable > 0) {
            --unavailable;
            found.error_code = ErrorCode::coordinator_not_available;
        }
        return request.answer(response);
    }

    Bytes answer_join(const client::Received& request) {
        const auto join = request.as<protocol::JoinGroupRequest>();
        protocol::JoinGroupResponse response;
        if (join.member_id.empty()) {
            response.error_code = ErrorCode::member_id_required;
            response.member_id = "member-" + std::to_string(++ids_);
            return request.answer(response);
        }
        response.error_code = join_verdict(join.member_id);
        ++joins;
        if (response.error_code != ErrorCode::none) return request.answer(response);
        members.insert(join.member_id);
        response.generation_id = generation;
        response.protocol_type = "consumer";
        response.protocol_name = "range";
        response.leader = response.member_id = join.member_id;
        auto& member = response.members.emplace_back();
        member.member_id = join.member_id;
        member.metadata = join.protocols.front().metadata;
        return request.answer(response);
    }

    Bytes answer_commit(const client::Received& request) {
        const auto commit = request.as<protocol::OffsetCommitRequest>();
        protocol::OffsetCommitResponse response;
        auto& topic = response.topics.emplace_back();
        topic.name = commit.topics.front().name;
        EXPECT_EQ(topic.name, "t");
        EXPECT_TRUE(members.contains(commit.member_id));
        const ErrorCode said = commit_verdict(commits++);
        for (const auto& each : commit.topics.front().partitions) {
            auto& part = topic.partitions.emplace_back();
            part.partition_index = each.partition_index;
            part.error_code = said;
            if (said == ErrorCode::none) committed[each.partition_index] = each.committed_offset;
        }
        return request.answer(response);
    }

    int ids_ = 0;
};

}  // namespace moldau::load
