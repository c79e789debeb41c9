// One turn of the core: a request, a deadline, the end of a write. It looks at the state, changes
// what is live of it, and gathers what is to be appended and said.
#pragma once

#include "classic_group.hpp"
#include "offset_store.hpp"
#include "pending_offsets.hpp"
#include "timer_queue.hpp"

#include "moldau/coordinator/groups.hpp"

#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace moldau::coordinator {

struct Groups::State {
    GroupSettings settings;
    bool is_loaded = false;

    // Durable: apply() alone changes these.
    std::map<std::string, StoredGroup, std::less<>> stored;
    OffsetStore offsets;
    PendingOffsets pending;
    std::map<std::string, ForeignKind, std::less<>> foreign;

    // Live.
    std::map<std::string, ClassicGroup, std::less<>> groups;
    TimerQueue timers;
    std::optional<MonoTime> next_expiry;

    ClassicGroup* find(std::string_view name);
    const ClassicGroup* find(std::string_view name) const;
    ClassicGroup& find_or_make(const std::string& name);
    void apply(const OffsetRecord& record);
    void apply(const GroupRecord& record);
    void apply(const ForeignGroupRecord& record);
    void apply(const UnknownRecord&) {}
    void make_simple(const std::string& name);
};

class Turn {
public:
    Turn(Groups::State& state, Now now) : state_(state), now_(now) {}
    Decision decision() && { return std::move(out_); }

    // Requests and deadlines.
    void join(const Caller& caller, const protocol::JoinGroupRequest& request, const Uuid& fresh);
    void sync(const Caller& caller, const protocol::SyncGroupRequest& request);
    ErrorCode heartbeat(const protocol::HeartbeatRequest& request);
    void leave(const Caller& caller, const protocol::LeaveGroupRequest& request);
    void commit_offsets(const Caller& caller, const protocol::OffsetCommitRequest& request);
    void delete_offsets(const Caller& caller, const protocol::OffsetDeleteRequest& request);
    void partitions_deleted(const std::vector<std::pair<std::string, std::int32_t>>& partitions);
    void delete_groups(const Caller& caller, const std::vector<std::string>& names);
    void expire_offsets();
    void on_time();

    // The life of the partition and of writes.
    void loaded();
    void unload();
    void committed(Write write);
    void failed(Write write, ErrorCode why);

private:
    // Joining.
    struct Joining {
        ClassicGroup& group;
        const protocol::JoinGroupRequest& request;
        JoiningMember member;
    };
    bool accepts(ClassicGroup& group, const std::string& member) const;
    ErrorCode join_group(Joining joining, const Uuid& fresh, std::string& said_id);
    ErrorCode join_new(Joining joining, std::string new_id, std::string& said_id);
    ErrorCode join_existing(Joining joining);
    void replace_static(Joining joining, const std::string& old_id, const std::string& new_id);
    void add_member(Joining joining, std::string id);
    void update_member(Joining& joining, Member& member);

    // Rebalancing.
    void rebalance_or_complete(ClassicGroup& group);
    void prepare_rebalance(ClassicGroup& group);
    void maybe_complete_join(ClassicGroup& group);
    void complete_join(ClassicGroup& group);
    void initial_delay_over(ClassicGroup& group);
    void sync_overdue(ClassicGroup& group);
    void session_over(ClassicGroup& group, const std::string& id);
    void pending_over(ClassicGroup& group, const std::string& id);
    void remove_member(ClassicGroup& group, Member& member);
    void finish_syncs(ClassicGroup& group, ErrorCode error);
    void write_assignment(ClassicGroup& group, const protocol::SyncGroupRequest& request);
    static ErrorCode check_sync(const ClassicGroup& group,
                                const protocol::SyncGroupRequest& request);
    ErrorCode leave_one(ClassicGroup& group,
                        const protocol::LeaveGroupRequest::MemberIdentity& who);

    // Timers.
    void arm_session(ClassicGroup& group, Member& member);
    void arm_session(ClassicGroup& group, Member& member, Duration timeout);
    void arm_join(ClassicGroup& group, Duration delay);
    void fire(const TimerQueue::Place& place);

    // Offsets.
    static ErrorCode check_commit(const ClassicGroup& group,
                                  const protocol::OffsetCommitRequest& request);
    /// Committed, or being written.
    bool has_offset(const ClassicGroup& group, const std::string& topic,
                    std::int32_t partition) const;
    /// Whether none is left then.
    bool expire(const ClassicGroup& group, std::vector<Record>& records) const;

    // The ends of writes.
    void assignment_committed(ClassicGroup& group, const StoredGroup& stored);
    void static_member_committed(ClassicGroup& group, const Write& write);
    void group_write_failed(ClassicGroup& group, const Write& write, ErrorCode why);
    void count_in_flight(const Write& write, bool begins);
    void drop_if_nothing(const std::string& name);

    // What goes out.
    void reply(RequestId request, Response response, std::vector<Bytes> held = {});
    /// Nothing where the member does not wait for it.
    void answer_join(ClassicGroup& group, Member& member, ErrorCode error, std::string_view as_id);
    void answer_sync(const ClassicGroup& group, Member& member, ErrorCode error);
    void answer_generation(const ClassicGroup& group, ParkedRequest request, const Member& member,
                           bool leader_may_skip = false);
    Write& append(std::vector<Record> records, Write::Purpose purpose = Write::Purpose::plain);
    void append_in_parts(std::vector<Record> records);

    Groups::State& state_;
    Now now_;
    Decision out_;
};

/// What a client is told when a write fails: it looks for the coordinator again where that may
/// help.
ErrorCode error_of_failed_write(ErrorCode why);

inline Duration as_duration(std::int32_t ms) {
    return std::chrono::milliseconds(ms);
}

}  // namespace moldau::coordinator
