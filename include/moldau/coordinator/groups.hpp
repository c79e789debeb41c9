// Classic groups and their offsets, of one partition of __consumer_offsets: a sans-IO core.
// Requests and times come in; records to append, replies, and the next deadline go out.
//
// What is durable (generations as they were stored, offsets) changes by apply() alone, when its
// records are committed or loaded. Who is joining, and who was heard of when, is live: it is lost
// with the process, as Kafka's is.
#pragma once

#include "moldau/base/bytes.hpp"
#include "moldau/base/ids.hpp"
#include "moldau/base/time.hpp"
#include "moldau/base/uuid.hpp"
#include "moldau/coordinator/group_records.hpp"
#include "moldau/protocol/messages/delete_groups.hpp"
#include "moldau/protocol/messages/describe_groups.hpp"
#include "moldau/protocol/messages/heartbeat.hpp"
#include "moldau/protocol/messages/join_group.hpp"
#include "moldau/protocol/messages/leave_group.hpp"
#include "moldau/protocol/messages/list_groups.hpp"
#include "moldau/protocol/messages/offset_commit.hpp"
#include "moldau/protocol/messages/offset_delete.hpp"
#include "moldau/protocol/messages/offset_fetch.hpp"
#include "moldau/protocol/messages/sync_group.hpp"

#include <cstdint>
#include <limits>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

namespace moldau::coordinator {

/// Kafka's settings of the same names, and its defaults.
struct GroupSettings {
    std::int32_t group_max_size = std::numeric_limits<std::int32_t>::max();
    Duration group_initial_rebalance_delay = std::chrono::seconds(3);
    Duration group_min_session_timeout = std::chrono::seconds(6);
    Duration group_max_session_timeout = std::chrono::minutes(30);
    std::int32_t offset_metadata_max_bytes = 4096;
    Duration offsets_retention = std::chrono::hours(24 * 7);
    Duration offsets_retention_check_interval = std::chrono::minutes(10);
};

/// Timers go by the first, what records say by the second.
struct Now {
    MonoTime mono;
    Timestamp wall;
};

/// Names a request until it has its reply. The driver gives it; each is given once.
using RequestId = Id<struct GroupRequestTag, std::uint64_t>;

struct Caller {
    RequestId request;
    std::int16_t version = 0;  // of the request's API
    std::string client_id;
    std::string client_host;  // "/127.0.0.1", as Kafka writes it
};

using Response = std::variant<protocol::JoinGroupResponse, protocol::SyncGroupResponse,
                              protocol::LeaveGroupResponse, protocol::OffsetCommitResponse,
                              protocol::OffsetDeleteResponse, protocol::DeleteGroupsResponse>;

struct Reply {
    RequestId request;
    Response response;
    std::vector<Bytes> held;  // what the response's views look at
};

/// One batch to be appended. It goes back to the core, by committed() or failed().
struct Write {
    enum class Purpose : std::uint8_t {
        plain,
        new_group,      // a group is begun; its members may wait for their join already
        assignment,     // a generation is complete: its members get their parts
        static_member,  // a static member has a new id, without a rebalance
    };

    std::vector<Record> records;
    // What follows, for the core alone.
    Purpose purpose = Purpose::plain;
    std::string member;          // static_member: its new id
    std::string leader_before;   // static_member
    std::vector<Reply> replies;  // that leave when it is committed
};

struct Decision {
    std::vector<Reply> replies;  // leave at once
    std::vector<Write> writes;   // in this order
};

struct DescribedGroup {
    protocol::DescribeGroupsResponse::DescribedGroup group;
    std::vector<Bytes> held;
};

/// The groups of one partition. A request is answered by its decision's replies, by a write's when
/// that is committed, or, where members wait for each other, by those of a later decision.
///
/// The driver loads (apply() each record of the log, then loaded()), appends the writes in the
/// order of the decisions, and gives them back in that order. When it ceases to lead: unload(), and
/// failed() for what is in flight.
class Groups {
public:
    explicit Groups(GroupSettings settings);
    Groups(Groups&&) noexcept;
    Groups& operator=(Groups&&) noexcept;
    ~Groups();

    /// A record of the log, in its order. Anything but the loading leaves this to committed().
    void apply(const Record& record);
    /// An offset that is committed in a transaction; it counts when that is. `at`: in the log.
    void apply_in_transaction(ProducerId producer, Offset at, const OffsetRecord& record);
    void end_transaction(ProducerId producer, bool is_committed);
    /// The log is read: sessions begin anew, deadlines exist.
    Decision loaded(Now now);
    /// All that wait are told not_coordinator; nothing is left.
    Decision unload();

    /// Applies the write's records; gives the replies that waited for them.
    Decision committed(Now now, Write write);
    /// The write was not, or may not be, committed.
    Decision failed(Now now, Write write, ErrorCode why);

    /// When on_time() may have something to do; may be early.
    MonoTime next_deadline() const;
    Decision on_time(Now now);

    // Membership (KIP-394, KIP-345). Errors are in the replies.

    /// `fresh` becomes part of a new member's id.
    /// Errors: invalid_group_id · invalid_session_timeout · unknown_member_id · member_id_required
    /// · inconsistent_group_protocol · group_max_size_reached · fenced_instance_id ·
    /// coordinator_not_available: the group is being deleted.
    Decision join(Now now, const Caller& caller, const protocol::JoinGroupRequest& request,
                  const Uuid& fresh);
    /// Errors: invalid_group_id · unknown_member_id · fenced_instance_id · illegal_generation ·
    /// inconsistent_group_protocol · rebalance_in_progress
    Decision sync(Now now, const Caller& caller, const protocol::SyncGroupRequest& request);
    /// Errors: invalid_group_id · unknown_member_id · fenced_instance_id · illegal_generation ·
    /// rebalance_in_progress
    protocol::HeartbeatResponse heartbeat(Now now, const protocol::HeartbeatRequest& request);
    /// Errors, of each member: unknown_member_id · fenced_instance_id; of all: invalid_group_id
    Decision leave(Now now, const Caller& caller, const protocol::LeaveGroupRequest& request);

    // Offsets. Topics are known by their names here; ids are carried along.

    /// Errors, in each partition: offset_metadata_too_large; in all of them: unknown_member_id ·
    /// illegal_generation · fenced_instance_id · rebalance_in_progress · group_id_not_found (from
    /// version 9) · coordinator_not_available: the group is being deleted.
    Decision commit_offsets(Now now, const Caller& caller,
                            const protocol::OffsetCommitRequest& request);
    /// What is committed; -1 where nothing is. Errors, with `require_stable`, in each partition:
    /// unstable_offset_commit: a transaction that has not ended commits there (KIP-447).
    protocol::OffsetFetchResponse::OffsetFetchResponseGroup fetch_offsets(
        const protocol::OffsetFetchRequest::OffsetFetchRequestGroup& request,
        bool require_stable = false) const;
    /// Errors: invalid_group_id · group_id_not_found · non_empty_group; in each partition:
    /// group_subscribed_to_topic
    Decision delete_offsets(const Caller& caller, const protocol::OffsetDeleteRequest& request);
    /// Partitions (topic, number) are gone: so are their offsets, in every group.
    Decision partitions_deleted(
        const std::vector<std::pair<std::string, std::int32_t>>& partitions);

    // Administration.

    /// Errors, of each group: group_id_not_found · non_empty_group
    Decision delete_groups(const Caller& caller, const std::vector<std::string>& names);
    /// Filters are in any case; empty ones let all pass.
    std::vector<protocol::ListGroupsResponse::ListedGroup> list(
        const std::vector<std::string>& states, const std::vector<std::string>& types) const;
    /// Errors: group_id_not_found, from version 6; before it the group is "Dead".
    DescribedGroup describe(const std::string& name, std::int16_t version) const;

    /// What is durable, as records that make it: the same for equal states.
    std::vector<Record> durable() const;

private:
    struct State;
    friend class Turn;
    std::unique_ptr<State> state_;
};

/// An answer to JoinGroup that is an error.
protocol::JoinGroupResponse join_error(ErrorCode error, std::string_view member,
                                       std::int16_t version);

/// Versions below 8 ask for one group, in fields of their own.
protocol::OffsetFetchRequest::OffsetFetchRequestGroup the_one_group(
    const protocol::OffsetFetchRequest& request);
protocol::OffsetFetchResponse response_of_one_group(
    protocol::OffsetFetchResponse::OffsetFetchResponseGroup group);

}  // namespace moldau::coordinator
