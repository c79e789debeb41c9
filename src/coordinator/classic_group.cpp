#include "classic_group.hpp"

#include "moldau/base/check.hpp"
#include "moldau/base/hashes.hpp"
#include "moldau/protocol/messages/consumer_protocol.hpp"
#include "moldau/protocol/reader.hpp"

#include <algorithm>
#include <array>
#include <utility>

namespace moldau::coordinator {
namespace {

constexpr std::string_view kConsumerProtocolType = "consumer";

// The topics of a consumer's subscription. Every version begins as version 0 does, so that newer
// ones are read as well; nothing: it is none.
std::optional<std::vector<std::string>> topics_of(BytesView subscription) {
    protocol::Reader in(subscription);
    (void)in.int16();
    protocol::ConsumerProtocolSubscription read;
    if (in.failed() || !read.decode(in, 0)) return std::nullopt;
    return std::move(read.topics);
}

// Where Java's HashMap of `entries` strings would keep `key`. Members' votes may be equal; then
// Kafka's winner is the first of such a map.
std::uint32_t java_bucket(std::string_view key, std::size_t entries) {
    const auto hash = static_cast<std::uint32_t>(java_string_hash(key));
    std::uint32_t buckets = 16;
    while (entries * 4 > std::size_t{buckets} * 3) buckets *= 2;
    return (hash ^ (hash >> 16U)) & (buckets - 1);
}

}  // namespace

std::string_view name(GroupState state) {
    static constexpr std::array<std::string_view, 4> kNames{"Empty", "PreparingRebalance",
                                                            "CompletingRebalance", "Stable"};
    return kNames[static_cast<std::size_t>(state)];
}

Bytes Member::metadata(const std::optional<std::string>& protocol) const {
    for (const MemberProtocol& one : protocols) {
        if (one.name == protocol) return one.metadata;
    }
    return {};
}

ClassicGroup::ClassicGroup(std::string id, const StoredGroup& stored) : name(std::move(id)) {
    state = stored.members.empty() ? GroupState::empty : GroupState::stable;
    previous_state = state;
    state_since = stored.state_since;
    generation = stored.generation;
    if (!stored.protocol_type.empty()) protocol_type = stored.protocol_type;
    protocol = stored.protocol;
    for (const StoredMember& one : stored.members) {
        if (members_.contains(one.id)) continue;  // the log is not ours alone: never counted twice
        Member member;
        member.id = one.id;
        member.instance_id = one.instance_id;
        member.client_id = one.client_id;
        member.client_host = one.client_host;
        member.session_timeout_ms = one.session_timeout_ms;
        member.rebalance_timeout_ms =
            one.rebalance_timeout_ms == -1 ? one.session_timeout_ms : one.rebalance_timeout_ms;
        member.protocols.push_back({protocol.value_or(""), one.subscription});
        member.assignment = one.assignment;
        count_protocols(member, 1);
        if (one.instance_id) static_members_.insert_or_assign(*one.instance_id, one.id);
        members_.insert_or_assign(one.id, std::move(member));
    }
    // A leader that is no member would never join again: the first member stands in for it.
    leader = stored.leader;
    if (!members_.empty() && (!leader || !members_.contains(*leader)))
        leader = members_.begin()->first;
    subscribed = read_subscriptions();
}

Member* ClassicGroup::member(std::string_view id) {
    const auto found = members_.find(id);
    return found == members_.end() ? nullptr : &found->second;
}

const std::string* ClassicGroup::static_member(std::string_view instance) const {
    const auto found = static_members_.find(instance);
    return found == static_members_.end() ? nullptr : &found->second;
}

Member& ClassicGroup::add(std::string id, JoiningMember joining) {
    if (members_.empty()) protocol_type = std::move(joining.protocol_type);
    if (joining.instance_id) static_members_.insert_or_assign(*joining.instance_id, id);
    if (!leader) leader = id;
    pending.erase(id);
    Member& member = members_[id];
    member.id = std::move(id);
    member.instance_id = std::move(joining.instance_id);
    member.client_id = std::move(joining.client_id);
    member.client_host = std::move(joining.client_host);
    member.rebalance_timeout_ms = joining.rebalance_timeout_ms;
    member.session_timeout_ms = joining.session_timeout_ms;
    member.protocols = std::move(joining.protocols);
    member.is_new = true;
    count_protocols(member, 1);
    await_join(member, joining.request);
    return member;
}

void ClassicGroup::remove(std::string_view id) {
    if (const auto found = members_.find(id); found != members_.end()) {
        Member& member = found->second;
        MOLDAU_CHECK(!member.awaiting_join && !member.awaiting_sync, "group={} member={}", name,
                     member.id);
        count_protocols(member, -1);
        owe_sync(member, false);
        if (member.instance_id) static_members_.erase(*member.instance_id);
        const bool led = is_leader(id);
        members_.erase(found);
        if (led) leader.reset();
        if (led && !members_.empty()) leader = members_.begin()->first;
        return;
    }
    if (const auto found = pending.find(id); found != pending.end()) pending.erase(found);
}

void ClassicGroup::update(Member& member, JoiningMember joining) {
    count_protocols(member, -1);
    member.protocols = std::move(joining.protocols);
    count_protocols(member, 1);
    member.rebalance_timeout_ms = joining.rebalance_timeout_ms;
    member.session_timeout_ms = joining.session_timeout_ms;
    await_join(member, joining.request);
}

Member& ClassicGroup::replace(const std::string& old_id, std::string new_id) {
    auto node = members_.extract(old_id);
    MOLDAU_CHECK(!node.empty() && node.mapped().instance_id, "group={} member={}", name, old_id);
    Member& member = node.mapped();
    MOLDAU_CHECK(!member.awaiting_join && !member.awaiting_sync, "group={} member={}", name,
                 old_id);
    owe_sync(member, false);
    member.is_new = false;
    member.session = {};  // that of the old id runs out without effect
    static_members_.insert_or_assign(*member.instance_id, new_id);
    if (is_leader(old_id)) leader = new_id;
    member.id = new_id;
    node.key() = std::move(new_id);
    return members_.insert(std::move(node)).position->second;
}

ErrorCode ClassicGroup::check_member(std::string_view id,
                                     const std::optional<std::string>& instance) const {
    if (instance) {
        const std::string* known = static_member(*instance);
        if (known == nullptr) return ErrorCode::unknown_member_id;
        if (*known != id) return ErrorCode::fenced_instance_id;
    }
    return members_.contains(id) ? ErrorCode::none : ErrorCode::unknown_member_id;
}

void ClassicGroup::await_join(Member& member, ParkedRequest request) {
    if (!member.awaiting_join) ++awaiting_join_;
    member.awaiting_join = request;
}

std::optional<ParkedRequest> ClassicGroup::take_join(Member& member) {
    if (member.awaiting_join) --awaiting_join_;
    return std::exchange(member.awaiting_join, std::nullopt);
}

void ClassicGroup::owe_sync(Member& member, bool owes) {
    if (owes == member.owes_sync) return;
    member.owes_sync = owes;
    owes ? ++owing_sync_ : --owing_sync_;
}

bool ClassicGroup::supports(std::string_view type,
                            const std::vector<MemberProtocol>& protocols) const {
    if (is(GroupState::empty)) return !type.empty() && !protocols.empty();
    if (protocol_type != type) return false;
    return std::ranges::any_of(protocols, [&](const MemberProtocol& one) {
        const auto known = known_by_.find(one.name);
        return (known == known_by_.end() ? 0U : static_cast<std::size_t>(known->second)) ==
               members_.size();
    });
}

std::string ClassicGroup::vote() const {
    std::map<std::string, std::size_t> votes;
    for (const auto& [id, member] : members_) {
        const auto choice = std::ranges::find_if(member.protocols, [&](const MemberProtocol& one) {
            return static_cast<std::size_t>(known_by_.at(one.name)) == members_.size();
        });
        MOLDAU_CHECK(choice != member.protocols.end(), "group={} member={}", name, id);
        ++votes[choice->name];
    }
    MOLDAU_CHECK(!votes.empty(), "group={}", name);
    const auto worse = [&](const auto& a, const auto& b) {
        if (a.second != b.second) return a.second < b.second;
        return java_bucket(a.first, votes.size()) > java_bucket(b.first, votes.size());
    };
    return std::ranges::max_element(votes, worse)->first;
}

bool ClassicGroup::elect_joined_leader() {
    if (!leader) return false;
    if (const Member* current = member(*leader); current != nullptr && current->awaiting_join)
        return true;
    const auto joined = std::ranges::find_if(
        members_, [](const auto& entry) { return entry.second.awaiting_join.has_value(); });
    if (joined == members_.end()) return false;
    leader = joined->first;
    return true;
}

void ClassicGroup::next_generation(Timestamp now) {
    // After the last number comes 1, since 0 means none and what is negative means no member.
    generation = generation == std::numeric_limits<std::int32_t>::max() ? 1 : generation + 1;
    protocol.reset();
    if (!members_.empty()) protocol = vote();
    subscribed = read_subscriptions();
    to(members_.empty() ? GroupState::empty : GroupState::completing_rebalance, now);
    for (auto& [id, member] : members_) owe_sync(member, false);
}

void ClassicGroup::to(GroupState next, Timestamp now) {
    previous_state = state;
    state = next;
    state_since = now;
}

StoredGroup ClassicGroup::stored() const {
    StoredGroup value{.protocol_type = protocol_type.value_or(""),
                      .generation = generation,
                      .protocol = protocol,
                      .leader = leader,
                      .state_since = state_since,
                      .members = {}};
    value.members.reserve(members_.size());
    for (const auto& [id, member] : members_) {
        value.members.push_back({.id = id,
                                 .instance_id = member.instance_id,
                                 .client_id = member.client_id,
                                 .client_host = member.client_host,
                                 .rebalance_timeout_ms = member.rebalance_timeout_ms,
                                 .session_timeout_ms = member.session_timeout_ms,
                                 .subscription = member.metadata(protocol),
                                 .assignment = member.assignment});
    }
    return value;
}

std::int32_t ClassicGroup::rebalance_timeout_ms() const {
    std::int32_t longest = 0;
    for (const auto& [id, member] : members_)
        longest = std::max(longest, member.rebalance_timeout_ms);
    return longest;
}

bool ClassicGroup::uses_consumer_protocol() const {
    return protocol_type == kConsumerProtocolType;
}

bool ClassicGroup::is_subscribed_to(const std::string& topic) const {
    return subscribed ? subscribed->contains(topic) : uses_consumer_protocol();
}

void ClassicGroup::count_protocols(const Member& member, int by) {
    for (const MemberProtocol& one : member.protocols) {
        const auto entry = known_by_.try_emplace(one.name, 0).first;
        entry->second += by;
        if (entry->second == 0) known_by_.erase(entry);
    }
}

std::optional<std::set<std::string>> ClassicGroup::read_subscriptions() const {
    if (!uses_consumer_protocol()) return std::nullopt;
    std::set<std::string> topics;
    if (members_.empty()) return topics;
    if (!protocol) return std::nullopt;
    for (const auto& [id, member] : members_) {
        std::optional<std::vector<std::string>> own = topics_of(member.metadata(protocol));
        if (!own) return std::nullopt;
        topics.insert(std::make_move_iterator(own->begin()), std::make_move_iterator(own->end()));
    }
    return topics;
}

}  // namespace moldau::coordinator
