// One group of the classic protocol as it lives: who is in it, who waits, what they agreed on. It
// keeps itself consistent; what happens when is the business of Turn.
#pragma once

#include "moldau/base/bytes.hpp"
#include "moldau/base/time.hpp"
#include "moldau/coordinator/group_records.hpp"
#include "moldau/coordinator/groups.hpp"

#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace moldau::coordinator {

enum class GroupState : std::uint8_t { empty, preparing_rebalance, completing_rebalance, stable };

/// As the protocol writes it, "PreparingRebalance".
std::string_view name(GroupState state);

/// A deadline that moves. `queued` is the earliest place in the queue that stands for it.
struct Timer {
    std::optional<MonoTime> due;
    std::optional<MonoTime> queued;
};

/// An assignor's name, and what the member tells the leader by it.
struct MemberProtocol {
    std::string name;
    Bytes metadata;
    friend bool operator==(const MemberProtocol& a, const MemberProtocol& b) {
        return a.name == b.name && equal(a.metadata, b.metadata);
    }
};

struct ParkedRequest {
    RequestId request;
    std::int16_t version = 0;
};

/// What a JoinGroup says of its member, checked.
struct JoiningMember {
    std::optional<std::string> instance_id;
    std::string client_id;
    std::string client_host;
    std::int32_t rebalance_timeout_ms = 0;
    std::int32_t session_timeout_ms = 0;
    std::string protocol_type;
    std::vector<MemberProtocol> protocols;  // best first; each name once
    ParkedRequest request;
};

struct Member {
    std::string id;
    std::optional<std::string> instance_id;
    std::string client_id;
    std::string client_host;
    std::int32_t rebalance_timeout_ms = 0;
    std::int32_t session_timeout_ms = 0;
    std::vector<MemberProtocol> protocols;
    Bytes assignment;

    bool is_new = false;  // has not had a join's answer yet, so cannot send heartbeats
    bool owes_sync = false;
    std::optional<ParkedRequest> awaiting_join;
    std::optional<ParkedRequest> awaiting_sync;
    Timer session;

    /// What it said to `protocol`; nothing: it does not know it.
    Bytes metadata(const std::optional<std::string>& protocol) const;
};

class ClassicGroup {
public:
    explicit ClassicGroup(std::string id) : name(std::move(id)) {}
    ClassicGroup(std::string id, const StoredGroup& stored);

    // Who is in it.
    Member* member(std::string_view id);
    const std::map<std::string, Member, std::less<>>& members() const { return members_; }
    std::map<std::string, Member, std::less<>>& members() { return members_; }
    /// The id of the static member `instance`, or null.
    const std::string* static_member(std::string_view instance) const;
    Member& add(std::string id, JoiningMember joining);
    void remove(std::string_view id);
    void update(Member& member, JoiningMember joining);
    /// The static member keeps all but its id; what it waited for must have been answered.
    Member& replace(const std::string& old_id, std::string new_id);
    /// Errors of a request by `id`: unknown_member_id · fenced_instance_id; else none.
    ErrorCode check_member(std::string_view id, const std::optional<std::string>& instance) const;

    // Who waits.
    std::size_t awaiting_join() const { return awaiting_join_; }
    void await_join(Member& member, ParkedRequest request);
    std::optional<ParkedRequest> take_join(Member& member);
    void owe_sync(Member& member, bool owes);
    bool all_have_synced() const { return owing_sync_ == 0; }
    bool all_have_joined() const { return awaiting_join_ == members_.size() && pending.empty(); }

    // What they agree on.
    bool supports(std::string_view type, const std::vector<MemberProtocol>& protocols) const;
    /// Each member votes for the first of its protocols that all know; most votes win.
    std::string vote() const;
    bool is_leader(std::string_view id) const { return leader == id; }
    /// Whether somebody who joined leads now.
    bool elect_joined_leader();
    void next_generation(Timestamp now);
    void to(GroupState next, Timestamp now);
    bool is(GroupState asked) const { return state == asked; }
    /// Of the generation; empty when it has no members.
    StoredGroup stored() const;
    std::int32_t rebalance_timeout_ms() const;  // the longest of its members'
    bool uses_consumer_protocol() const;
    /// Whether offsets of the topic are in use by its members.
    bool is_subscribed_to(const std::string& topic) const;

    std::string name;
    GroupState state = GroupState::empty;
    GroupState previous_state = GroupState::empty;
    Timestamp state_since;
    std::int32_t generation = 0;
    std::optional<std::string> protocol_type;
    std::optional<std::string> protocol;
    std::optional<std::string> leader;
    /// Topics of the consumer protocol; nothing: unknown.
    std::optional<std::set<std::string>> subscribed;

    /// Ids that were given (KIP-394) and have not joined yet.
    std::map<std::string, Timer, std::less<>> pending;
    Timer join_timer;
    Timer sync_timer;
    /// The first rebalance waits for more members, and longer when some came.
    struct InitialDelay {
        Duration delay{};
        Duration remaining{};
        bool member_added = false;
    };
    std::optional<InitialDelay> initial;

    // What is being written.
    bool is_deleting = false;
    std::optional<std::int32_t> assignment_in_flight;  // of this generation
    std::size_t group_writes_in_flight = 0;
    std::map<std::pair<std::string, std::int32_t>, std::size_t> offsets_in_flight;

private:
    void count_protocols(const Member& member, int by);
    std::optional<std::set<std::string>> read_subscriptions() const;

    std::map<std::string, Member, std::less<>> members_;
    std::map<std::string, std::string, std::less<>> static_members_;  // instance → member id
    std::map<std::string, int, std::less<>> known_by_;                // protocol → members
    std::size_t awaiting_join_ = 0;
    std::size_t owing_sync_ = 0;
};

}  // namespace moldau::coordinator
