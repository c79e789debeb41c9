#include "moldau/raft/quorum.hpp"

#include "moldau/base/check.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <limits>
#include <utility>

namespace moldau::raft {
namespace {

// A batch of records that need not stay together is closed at this size.
constexpr std::size_t kBatchBytes = std::size_t{1} << 20U;

protocol::LeaderChangeMessage leader_change(std::int32_t leader,
                                            const std::vector<std::int32_t>& voters) {
    protocol::LeaderChangeMessage message;
    message.leader_id = leader;
    for (const std::int32_t id : voters) {
        protocol::LeaderChangeMessage::Voter voter;
        voter.voter_id = id;
        message.voters.push_back(voter);
        if (id == leader) message.granting_voters.push_back(voter);
    }
    return message;
}

std::vector<std::int32_t> ids_of(const protocol::VotersRecord& voters) {
    std::vector<std::int32_t> ids;
    ids.reserve(voters.voters.size());
    for (const auto& voter : voters.voters) ids.push_back(voter.voter_id);
    return ids;
}

/// From here on the log says who votes.
void add_voters(std::vector<ControlRecord>& to, std::int16_t kraft_version,
                const protocol::VotersRecord& voters) {
    protocol::KRaftVersionRecord version;
    version.k_raft_version = kraft_version;
    to.emplace_back(version);
    to.emplace_back(voters);
}

}  // namespace

void Voters::observe(const SnapshotHead& head, SnapshotId id) {
    if (head.kraft_version) kraft_version = *head.kraft_version;
    if (head.voters) {
        record = head.voters;
        is_in_log = id != kFirstSnapshot;
    }
}

void Voters::observe(const LogBatch& batch) {
    for (const ControlRecord& control : batch.control) {
        if (const auto* version = std::get_if<protocol::KRaftVersionRecord>(&control))
            kraft_version = version->k_raft_version;
        if (const auto* voters = std::get_if<protocol::VotersRecord>(&control)) {
            record = *voters;
            is_in_log = true;
        }
    }
}

Quorum::Quorum(Start start)
    : self_(start.self),
      voters_(std::move(start.voters)),
      static_voters_(std::move(start.static_voters)),
      state_(start.stored.value_or(QuorumState{})),
      end_offset_(start.log_end),
      flushed_(start.log_end) {
    // A lost file must not make an epoch that the log has seen begin again.
    state_.epoch = std::max(state_.epoch, start.last_epoch);
}

std::vector<std::int32_t> Quorum::voter_ids() const {
    if (voters_.kraft_version == 0) return static_voters_;
    return voters_.record ? ids_of(*voters_.record) : std::vector<std::int32_t>();
}

bool Quorum::is_only_voter() const {
    if (voter_ids() != std::vector<std::int32_t>{self_.id}) return false;
    return voters_.kraft_version == 0 ||
           voters_.record->voters[0].voter_directory_id == self_.directory;
}

Result<Effects> Quorum::start() {
    MOLDAU_CHECK(role_ == Role::unattached, "started twice, epoch={}", state_.epoch.value);
    if (!is_only_voter()) {
        return Error{
            ErrorCode::inconsistent_voter_set,
            fmt::format("this is controller {} with directory {}; the quorum's voters are "
                        "[{}], and only one that is this controller alone can be served",
                        self_.id, self_.directory.to_string(), fmt::join(voter_ids(), ","))};
    }
    if (state_.epoch.value == std::numeric_limits<std::int32_t>::max())
        return Error{ErrorCode::invalid_request, "the quorum's epochs have run out"};
    role_ = Role::candidate;
    state_.epoch = LeaderEpoch{state_.epoch.value + 1};
    state_.leader = std::nullopt;
    state_.voted = self_;
    state_.data_version = voters_.kraft_version == 0 ? 0 : 1;
    state_.voters = voters_.kraft_version == 0 ? static_voters_ : std::vector<std::int32_t>();
    return Effects{.persist = state_};
}

Effects Quorum::persisted(Timestamp now) {
    // The vote counts when it cannot be forgotten, and no earlier: forgotten, it might be given
    // again in the same epoch.
    if (role_ == Role::candidate) return lead(now);
    return {};
}

Effects Quorum::lead(Timestamp now) {
    role_ = Role::leader;
    state_.leader = self_.id;
    state_.voted = std::nullopt;
    epoch_start_ = end_offset_;
    std::vector<ControlRecord> records{leader_change(self_.id, voter_ids())};
    if (voters_.kraft_version > 0 && !voters_.is_in_log) {
        add_voters(records, voters_.kraft_version, *voters_.record);
        voters_.is_in_log = true;
    }
    Effects effects{.persist = state_, .elected = state_.epoch};
    effects.append.push_back(control_batch({end_offset_, state_.epoch, now}, records));
    end_offset_ = end_offset_ + static_cast<std::int64_t>(records.size());
    return effects;
}

Effects Quorum::flushed(Offset end) {
    MOLDAU_CHECK(end <= end_offset_ && end >= flushed_, "flushed={} before={} end={}", end.value,
                 flushed_.value, end_offset_.value);
    flushed_ = end;
    // The only voter is a majority. Offsets of former epochs are committed with the first of this
    // one.
    if (role_ != Role::leader || flushed_ <= epoch_start_) return {};
    if (high_watermark_ && *high_watermark_ == flushed_) return {};
    high_watermark_ = flushed_;
    return {.high_watermark = high_watermark_};
}

Result<Appended> Quorum::append(Timestamp now, std::span<const Bytes> payloads, bool is_atomic) {
    if (role_ != Role::leader) {
        return Error{ErrorCode::not_controller,
                     fmt::format("not the leader in epoch {}", state_.epoch.value)};
    }
    Appended appended{.offsets = {end_offset_, end_offset_}, .effects = {}};
    while (!payloads.empty()) {
        std::size_t count = payloads.size();
        if (!is_atomic) {
            std::size_t bytes = payloads[0].size();
            count = 1;
            while (count < payloads.size() && bytes + payloads[count].size() <= kBatchBytes)
                bytes += payloads[count++].size();
        }
        Result<Bytes> batch =
            data_batch({appended.offsets.end, state_.epoch, now}, payloads.first(count));
        if (!batch) return batch.error();  // nothing was appended yet
        appended.effects.append.push_back(std::move(*batch));
        appended.offsets.end = appended.offsets.end + static_cast<std::int64_t>(count);
        payloads = payloads.subspan(count);
    }
    end_offset_ = appended.offsets.end;
    return appended;
}

Result<Appended> Quorum::upgrade(Timestamp now, const protocol::VotersRecord& voters) {
    if (role_ != Role::leader) {
        return Error{ErrorCode::not_controller,
                     fmt::format("not the leader in epoch {}", state_.epoch.value)};
    }
    if (voters_.kraft_version > 0) {
        return Error{ErrorCode::invalid_request,
                     fmt::format("kraft.version is at {}", voters_.kraft_version)};
    }
    if (ids_of(voters) != static_voters_) {
        return Error{ErrorCode::invalid_request,
                     fmt::format("the voters are [{}], not [{}]", fmt::join(static_voters_, ","),
                                 fmt::join(ids_of(voters), ","))};
    }
    voters_ = {.kraft_version = 1, .record = voters, .is_in_log = true};
    std::vector<ControlRecord> records;
    add_voters(records, voters_.kraft_version, voters);
    Appended appended{.offsets = {end_offset_, end_offset_}, .effects = {}};
    appended.effects.append.push_back(control_batch({end_offset_, state_.epoch, now}, records));
    end_offset_ = end_offset_ + static_cast<std::int64_t>(records.size());
    appended.offsets.end = end_offset_;
    return appended;
}

}  // namespace moldau::raft
