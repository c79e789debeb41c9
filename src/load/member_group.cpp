#include "member_group.hpp"

#include "moldau/protocol/messages/consumer_protocol.hpp"
#include "moldau/protocol/messages/delete_groups.hpp"
#include "moldau/protocol/messages/find_coordinator.hpp"
#include "moldau/protocol/messages/heartbeat.hpp"
#include "moldau/protocol/messages/join_group.hpp"
#include "moldau/protocol/messages/leave_group.hpp"
#include "moldau/protocol/messages/sync_group.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace moldau::load {

using runtime::Task;
using runtime::Waited;

namespace {

constexpr std::int16_t kManyKeys = 4;  // FindCoordinator takes several from here on
constexpr const char* kProtocolType = "consumer";
constexpr const char* kAssignor = "range";
constexpr Duration kPause = std::chrono::milliseconds(100);

/// What members tell each other begins with its version.
template <class Message>
Bytes opaque(const Message& message) {
    constexpr std::int16_t kVersion = 0;
    const Result<std::size_t> size = message.encoded_size(kVersion);
    MOLDAU_CHECK(size.has_value(), "{}", size.has_value() ? "" : size.error().detail);
    BytesBuilder room(sizeof kVersion + *size);
    protocol::Writer out({room.data(), sizeof kVersion + *size});
    out.int16(kVersion);
    message.encode(out, kVersion);
    return std::move(room).publish(sizeof kVersion + *size);
}

std::int32_t milliseconds_of(Duration duration) {
    return static_cast<std::int32_t>(duration / std::chrono::milliseconds(1));
}

Error refused(std::string_view group, std::string_view what, ErrorCode code) {
    return {code, fmt::format("group '{}': {} was refused: {}", group, what, name(code))};
}

}  // namespace

MemberGroup::MemberGroup(client::Cluster& cluster, Transport& transport, std::string name,
                         std::string topic, GroupOptions options)
    : cluster_(cluster),
      shard_(cluster.shard()),
      transport_(transport),
      name_(std::move(name)),
      topic_(std::move(topic)),
      options_(options),
      tasks_(shard_),
      changed_(shard_),
      members_(options.members) {
    protocol::ConsumerProtocolSubscription subscription;
    subscription.topics.push_back(topic_);
    subscription_ = opaque(subscription);
}

Bytes MemberGroup::part_of(std::size_t index) const {
    protocol::ConsumerProtocolAssignment part;
    auto& topic = part.assigned_partitions.emplace_back();
    topic.topic = topic_;
    topic.partitions.push_back(static_cast<std::int32_t>(index));
    return opaque(part);
}

Task<Result<Endpoint>> MemberGroup::find_coordinator() {
    const MonoTime deadline = cluster_.request_deadline();
    for (;;) {
        const Result<client::ConnectionPtr> connection = co_await cluster_.any();
        if (!connection) co_return connection.error();
        const Result<std::int16_t> version =
            (*connection)->versions().choose(protocol::ApiKey::find_coordinator);
        if (!version) co_return version.error();
        protocol::FindCoordinatorRequest request;
        if (*version >= kManyKeys) {
            request.coordinator_keys = {name_};
        } else {
            request.key = name_;
        }
        const auto reply =
            co_await (*connection)->ask<protocol::FindCoordinatorResponse>(request, deadline);
        if (!reply) co_return reply.error();
        const auto& told = reply->message;
        ErrorCode error = told.error_code;
        Endpoint at{.host = told.host, .port = static_cast<std::uint16_t>(told.port)};
        if (!told.coordinators.empty()) {
            const auto& first = told.coordinators.front();
            error = first.error_code;
            at = {.host = first.host, .port = static_cast<std::uint16_t>(first.port)};
        }
        if (error == ErrorCode::none) co_return at;
        const MonoTime next = shard_.now() + kPause;
        if (!is_retriable(error) || next >= deadline)
            co_return refused(name_, "the search for its coordinator", error);
        if (co_await runtime::sleep_until(shard_, next) == Waited::cancelled)
            co_return runtime::error_of(Waited::cancelled);
    }
}

Task<Result<>> MemberGroup::connect() {
    Result<Endpoint> at = co_await find_coordinator();
    if (!at) co_return at.error();
    coordinator_ = std::move(*at);
    for (Member& member : members_) {
        auto opened = co_await client::Connection::open(shard_, transport_, coordinator_,
                                                        cluster_.options().connection,
                                                        cluster_.request_deadline());
        if (!opened) co_return opened.error();
        member.connection = std::move(*opened);
    }
    co_return Result<>{};
}

void MemberGroup::start() {
    for (Member& member : members_) tasks_.spawn("member of " + name_, live(*this, member));
}

// NOLINTBEGIN(cppcoreguidelines-avoid-reference-coroutine-parameters): leave() waits for these; the
// group owns its members.
Task<> MemberGroup::live(MemberGroup& self, Member& member) {
    Result<> outcome;
    while (outcome) {
        outcome = co_await self.enter(member);
        self.changed_.set();
        while (outcome && member.generation >= 0) {
            const MonoTime next = self.shard_.now() + self.options_.heartbeat;
            if (co_await runtime::sleep_until(self.shard_, next) == Waited::cancelled) co_return;
            outcome = co_await self.beat(member);
        }
    }
    if (runtime::cancelled(self.shard_)) co_return;
    if (!self.failure_) self.failure_ = outcome.error();
    self.changed_.set();
}

/// Until the member has its part of a generation.
Task<Result<>> MemberGroup::enter(Member& member) {
    for (;;) {
        const Result<Next> joined = co_await join(member);
        if (!joined) co_return joined.error();
        if (*joined == Next::go_on) co_return Result<>{};
        const MonoTime next = shard_.now() + (*joined == Next::join_later ? kPause : Duration{0});
        if (co_await runtime::sleep_until(shard_, next) == Waited::cancelled)
            co_return runtime::error_of(Waited::cancelled);
    }
}

/// What a member does after `code`. Errors: what a member cannot mend
Result<MemberGroup::Next> MemberGroup::judge(Member& member, ErrorCode code) const {
    switch (code) {
        case ErrorCode::none:
            return Next::go_on;
        case ErrorCode::unknown_member_id:
            member.id.clear();
            [[fallthrough]];
        case ErrorCode::member_id_required:
        case ErrorCode::rebalance_in_progress:
        case ErrorCode::illegal_generation:
            member.generation = -1;
            return Next::join_again;
        case ErrorCode::coordinator_load_in_progress:
        case ErrorCode::coordinator_not_available:
        case ErrorCode::not_coordinator:  // not yet: its partition has just been made
            member.generation = -1;
            return Next::join_later;
        default:
            return refused(name_, "a member", code);
    }
}

/// Once, and its part with it.
Task<Result<MemberGroup::Next>> MemberGroup::join(Member& member) {
    protocol::JoinGroupRequest request;
    request.group_id = name_;
    request.session_timeout_ms = milliseconds_of(options_.session_timeout);
    request.rebalance_timeout_ms = milliseconds_of(options_.rebalance_timeout);
    request.member_id = member.id;
    request.protocol_type = kProtocolType;
    auto& protocol = request.protocols.emplace_back();
    protocol.name = kAssignor;
    protocol.metadata = subscription_.view();
    member.generation = -1;
    // It is answered when all others have joined, too.
    const MonoTime deadline = cluster_.request_deadline() + options_.rebalance_timeout;
    const auto reply =
        co_await member.connection->ask<protocol::JoinGroupResponse>(request, deadline);
    if (!reply) co_return reply.error();
    const auto& joined = reply->message;
    if (joined.error_code == ErrorCode::member_id_required) member.id = joined.member_id;
    const Result<Next> next = judge(member, joined.error_code);
    if (!next || *next != Next::go_on) co_return next;
    member.id = joined.member_id;
    std::vector<std::string> all;
    all.reserve(joined.members.size());
    for (const auto& each : joined.members) all.push_back(each.member_id);
    co_return co_await get_part(member, joined.generation_id, std::move(all));
}

/// `all`: of the generation, if this member leads it.
Task<Result<MemberGroup::Next>> MemberGroup::get_part(Member& member, std::int32_t generation,
                                                      std::vector<std::string> all) {
    protocol::SyncGroupRequest request;
    request.group_id = name_;
    request.generation_id = generation;
    request.member_id = member.id;
    request.protocol_type = kProtocolType;
    request.protocol_name = kAssignor;
    std::vector<Bytes> parts;
    for (std::size_t i = 0; i < all.size(); ++i) {
        parts.push_back(part_of(i));
        auto& assignment = request.assignments.emplace_back();
        assignment.member_id = all[i];
        assignment.assignment = parts.back().view();
    }
    const MonoTime deadline = cluster_.request_deadline() + options_.rebalance_timeout;
    const auto reply =
        co_await member.connection->ask<protocol::SyncGroupResponse>(request, deadline);
    if (!reply) co_return reply.error();
    const Result<Next> next = judge(member, reply->message.error_code);
    if (!next || *next != Next::go_on) co_return next;
    member.generation = generation;
    member.entered = shard_.now();
    last_generation_ = std::max(last_generation_, generation);
    co_return Next::go_on;
}

/// The member has no generation any more where it is to join again.
Task<Result<>> MemberGroup::beat(Member& member) {
    protocol::HeartbeatRequest request;
    request.group_id = name_;
    request.generation_id = member.generation;
    request.member_id = member.id;
    const auto reply = co_await member.connection->ask<protocol::HeartbeatResponse>(
        request, cluster_.request_deadline());
    if (!reply) co_return reply.error();
    const Result<Next> next = judge(member, reply->message.error_code);
    if (!next) co_return next.error();
    co_return Result<>{};
}
// NOLINTEND(cppcoreguidelines-avoid-reference-coroutine-parameters)

std::size_t MemberGroup::members_at_rest() const {
    return static_cast<std::size_t>(
        std::ranges::count(members_, last_generation_, &Member::generation));
}

bool MemberGroup::is_at_rest() const {
    return last_generation_ > 0 && members_at_rest() == members_.size();
}

Task<Result<>> MemberGroup::rest(MonoTime deadline) {
    while (!is_at_rest()) {
        if (failure_) co_return *failure_;
        const Waited waited = co_await changed_.wait(deadline);
        if (waited == Waited::cancelled) co_return runtime::error_of(waited);
        if (waited == Waited::deadline_passed)
            co_return Error{
                ErrorCode::request_timed_out,
                fmt::format("group '{}' did not come to rest: {} of {} members have "
                            "their part of generation {}",
                            name_, members_at_rest(), members_.size(), last_generation_)};
    }
    co_return Result<>{};
}

Task<> MemberGroup::leave() {
    tasks_.cancel();
    co_await tasks_.join();
    protocol::LeaveGroupRequest request;
    request.group_id = name_;
    for (const Member& member : members_)
        if (!member.id.empty()) request.members.emplace_back().member_id = member.id;
    for (Member& member : members_) member.connection.reset();
    if (request.members.empty()) co_return;
    auto opened = co_await client::Connection::open(shard_, transport_, coordinator_,
                                                    cluster_.options().connection,
                                                    cluster_.request_deadline());
    if (!opened) co_return;
    const client::ConnectionPtr connection = std::move(*opened);
    (void)co_await connection->ask<protocol::LeaveGroupResponse>(request,
                                                                 cluster_.request_deadline());
    protocol::DeleteGroupsRequest deletion;
    deletion.groups_names.push_back(name_);
    (void)co_await connection->ask<protocol::DeleteGroupsResponse>(deletion,
                                                                   cluster_.request_deadline());
}

}  // namespace moldau::load
