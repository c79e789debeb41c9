#include "node_member.hpp"

#include "moldau/client/connection.hpp"
#include "moldau/protocol/messages/create_topics.hpp"
#include "moldau/protocol/messages/find_coordinator.hpp"
#include "moldau/protocol/messages/heartbeat.hpp"
#include "moldau/protocol/messages/join_group.hpp"
#include "moldau/protocol/messages/leave_group.hpp"
#include "moldau/protocol/messages/offset_commit.hpp"
#include "moldau/protocol/messages/offset_fetch.hpp"
#include "moldau/protocol/messages/sync_group.hpp"
#include "moldau/runtime/wait.hpp"

#include <optional>
#include <utility>
#include <vector>

namespace moldau::sim {
namespace {

using runtime::Task;
using std::chrono::milliseconds;

constexpr std::int16_t kBeforeTopicIds = 9;  // of OffsetCommit and OffsetFetch

class Member final : public Program {
public:
    Member(Process& process, const std::string& name, GroupModel& model, MemberState& state,
           SeededRandom random)
        : shard_(process.shard(0)),
          transport_(process.transport(0)),
          name_(name),
          model_(model),
          state_(state),
          random_(std::move(random)) {
        if (random_.chance(400'000)) instance_ = "instance-" + name;
        runtime::spawn(shard_, "member", run(*this));
    }

private:
    static Task<> run(Member& self) {
        do {
            if (!co_await self.connected()) continue;
            if (!self.is_found_ && !co_await self.find()) continue;
            if (self.state_.generation < 0) {
                if (!co_await self.enter()) continue;
            }
            co_await self.live();
        } while (co_await self.pause(milliseconds(self.random_.between(20, 300))));
    }

    Task<bool> connected() {
        if (connection_ != nullptr && connection_->is_open()) co_return true;
        is_found_ = false;
        auto opened = co_await client::Connection::open(shard_, transport_, {"10.0.0.1", 9092}, {},
                                                        deadline());
        connection_ = opened ? std::move(*opened) : nullptr;
        co_return connection_ != nullptr;
    }
    MonoTime deadline() const { return shard_.now() + std::chrono::seconds(15); }
    Task<bool> pause(Duration time) {
        co_return co_await runtime::sleep_until(shard_, shard_.now() + time) !=
            runtime::Waited::cancelled;
    }

    template <class Response, class Request>
    Task<std::optional<Response>> ask(Request request, std::int16_t newest = INT16_MAX) {
        if (connection_ == nullptr || !connection_->is_open()) co_return std::nullopt;
        const auto connection = connection_;
        auto reply = co_await connection->ask<Response>(request, deadline(), newest);
        if (!reply) co_return std::nullopt;
        frame_ = reply->frame;
        co_return std::move(reply->message);
    }

    Task<bool> find() {
        protocol::CreateTopicsRequest creation;
        creation.timeout_ms = 5000;
        auto& topic = creation.topics.emplace_back();
        topic.name = GroupModel::kTopic;
        topic.num_partitions = GroupModel::kPartitions;
        topic.replication_factor = 1;
        const auto created = co_await ask<protocol::CreateTopicsResponse>(creation);
        if (!created) co_return false;
        protocol::FindCoordinatorRequest request;
        request.coordinator_keys = {std::string(GroupModel::kGroup)};
        const auto found = co_await ask<protocol::FindCoordinatorResponse>(request);
        is_found_ = found && found->coordinators.front().error_code == ErrorCode::none;
        co_return is_found_;
    }

    Task<bool> enter() {
        state_.owns.clear();
        const std::int32_t floor = model_.generation();
        protocol::JoinGroupRequest request;
        request.group_id = GroupModel::kGroup;
        request.session_timeout_ms = 6000;
        request.rebalance_timeout_ms = 4000;
        request.member_id = id_;
        request.group_instance_id = instance_;
        request.protocol_type = "consumer";
        request.protocols.emplace_back().name = "range";
        const auto joined = co_await ask<protocol::JoinGroupResponse>(request);
        if (!joined) co_return false;
        if (joined->error_code == ErrorCode::member_id_required) {
            id_ = joined->member_id;
            co_return false;
        }
        if (joined->error_code != ErrorCode::none) {
            heard(joined->error_code);
            co_return false;
        }
        id_ = joined->member_id;
        co_return co_await get_part(*joined, floor);
    }

    Task<bool> get_part(const protocol::JoinGroupResponse& joined, std::int32_t floor) {
        const std::int32_t generation = joined.generation_id;
        protocol::SyncGroupRequest request;
        request.group_id = GroupModel::kGroup;
        request.generation_id = generation;
        request.member_id = id_;
        request.group_instance_id = instance_;
        request.protocol_type = "consumer";
        request.protocol_name = "range";
        std::vector<std::string> parts(joined.members.size());
        for (int i = 0; i < GroupModel::kPartitions && !parts.empty(); ++i)
            parts[static_cast<std::size_t>(i) % parts.size()] += static_cast<char>('0' + i);
        for (std::size_t i = 0; i < parts.size(); ++i) {
            auto& one = request.assignments.emplace_back();
            one.member_id = joined.members[i].member_id;
            one.assignment = as_bytes(parts[i]);
        }
        if (random_.chance(50'000)) co_await pause(milliseconds(random_.between(1, 5000)));
        const auto synced = co_await ask<protocol::SyncGroupResponse>(request);
        if (!synced) co_return false;
        if (synced->error_code != ErrorCode::none) {
            heard(synced->error_code);
            co_return false;
        }
        model_.saw_part(name_, generation, floor);
        state_.generation = generation;
        for (const char c : as_text(synced->assignment)) state_.owns.insert(c - '0');
        co_return true;
    }

    /// One step of a member's life.
    Task<> live() {
        if (!state_.is_calm && random_.chance(20'000)) {
            if (random_.chance(500'000)) co_await leave();
            forget();
            co_return;
        }
        if (!state_.is_calm && random_.chance(10'000))  // a long pause: it will be left out
            if (!co_await pause(std::chrono::seconds(random_.between(5, 9)))) co_return;
        protocol::HeartbeatRequest request;
        request.group_id = GroupModel::kGroup;
        request.generation_id = state_.generation;
        request.member_id = id_;
        request.group_instance_id = instance_;
        if (random_.chance(300'000) && !state_.owns.empty()) {
            co_await fetch();
            co_await commit();
        }
        const auto beat = co_await ask<protocol::HeartbeatResponse>(request);
        if (beat) heard(beat->error_code);
    }

    Task<> commit() {
        if (state_.generation < 0) co_return;
        protocol::OffsetCommitRequest request;
        request.group_id = GroupModel::kGroup;
        request.generation_id_or_member_epoch = state_.generation;
        request.member_id = id_;
        request.group_instance_id = instance_;
        auto& topic = request.topics.emplace_back();
        topic.name = GroupModel::kTopic;
        for (const int each : state_.owns) {
            auto& partition = topic.partitions.emplace_back();
            partition.partition_index = each;
            partition.committed_offset = model_.next_offset();
        }
        const std::int32_t generation = state_.generation;
        const auto done = co_await ask<protocol::OffsetCommitResponse>(request, kBeforeTopicIds);
        if (!done) co_return;
        for (std::size_t i = 0; i < topic.partitions.size(); ++i) {
            const auto& told = done->topics.front().partitions[i];
            if (told.error_code == ErrorCode::none) {
                model_.saw_commit(name_, generation, told.partition_index,
                                  topic.partitions[i].committed_offset);
            } else {
                ++model_.refused_commits;
                heard(told.error_code);
            }
        }
    }

    Task<> fetch() {
        protocol::OffsetFetchRequest request;
        auto& group = request.groups.emplace_back();
        group.group_id = GroupModel::kGroup;
        auto& topic = group.topics->emplace_back();
        topic.name = GroupModel::kTopic;
        std::vector<std::int64_t> floors;
        for (const int each : state_.owns) {
            topic.partition_indexes.push_back(each);
            floors.push_back(model_.committed(each));
        }
        const auto asked = topic.partition_indexes;
        const auto done = co_await ask<protocol::OffsetFetchResponse>(request, kBeforeTopicIds);
        if (!done || done->groups.front().error_code != ErrorCode::none) co_return;
        for (std::size_t i = 0; i < asked.size(); ++i)
            model_.saw_offset(asked[i],
                              done->groups.front().topics.front().partitions[i].committed_offset,
                              floors[i]);
    }

    Task<> leave() {
        protocol::LeaveGroupRequest request;
        request.group_id = GroupModel::kGroup;
        auto& member = request.members.emplace_back();
        member.member_id = id_;
        member.group_instance_id = instance_;
        (void)co_await ask<protocol::LeaveGroupResponse>(request);
    }

    /// The client's process has died, and another takes its place.
    void forget() {
        stop_reading();
        id_.clear();
        connection_.reset();
    }
    void stop_reading() {
        state_.owns.clear();
        state_.generation = -1;
    }

    void heard(ErrorCode error) {
        switch (error) {
            case ErrorCode::none:
            case ErrorCode::coordinator_load_in_progress:
                return;
            case ErrorCode::not_coordinator:
            case ErrorCode::coordinator_not_available:
                is_found_ = false;
                return;
            case ErrorCode::unknown_member_id:
            case ErrorCode::fenced_instance_id:
                id_.clear();
                return stop_reading();
            case ErrorCode::rebalance_in_progress:
            case ErrorCode::illegal_generation:
                return stop_reading();
            default:
                model_.wrong(fmt::format("{} was told {}", name_, name(error)));
        }
    }

    runtime::Shard& shard_;
    Transport& transport_;
    const std::string name_;
    GroupModel& model_;
    MemberState& state_;
    SeededRandom random_;
    std::shared_ptr<client::Connection> connection_;
    Bytes frame_;  // of the last reply, for its views
    bool is_found_ = false;
    std::string id_;
    std::optional<std::string> instance_;
};

}  // namespace

std::unique_ptr<Program> make_member(Process& process, const std::string& name, GroupModel& model,
                                     MemberState& state, SeededRandom random) {
    return std::make_unique<Member>(process, name, model, state, std::move(random));
}

}  // namespace moldau::sim
