// The metadata quorum's core: who leads, what is committed. Sans-IO: what is to be done comes out
// as effects, what was done goes in as calls. A quorum of one voter is served, this node; a larger
// one is refused.
#pragma once

#include "moldau/base/bytes.hpp"
#include "moldau/base/ids.hpp"
#include "moldau/base/result.hpp"
#include "moldau/base/time.hpp"
#include "moldau/raft/log_batches.hpp"
#include "moldau/raft/quorum_state.hpp"
#include "moldau/raft/snapshot.hpp"

#include <cstdint>
#include <optional>
#include <span>
#include <vector>

namespace moldau::raft {

/// The voters as snapshots and the log tell of them, to be fed from the newest snapshot's head on.
struct Voters {
    std::int16_t kraft_version = 0;
    std::optional<protocol::VotersRecord> record;
    bool is_in_log = false;  // or in a snapshot of it; else only the formatted directory has them

    void observe(const SnapshotHead& head, SnapshotId id);
    void observe(const LogBatch& batch);
    friend bool operator==(const Voters&, const Voters&) = default;
};

/// Carried out by the driver in this order; what the first of them could not do, no later one may.
struct Effects {
    std::optional<QuorumState> persist;    // write it and flush it, then call persisted()
    std::vector<Bytes> append;             // at the log's end; flush them, then call flushed()
    std::optional<LeaderEpoch> elected;    // this node leads
    std::optional<Offset> high_watermark;  // raised to here: what lies below is committed
};

/// What was appended, and what is to be done.
struct Appended {
    OffsetRange offsets;
    Effects effects;
};

enum class Role : std::uint8_t {
    unattached,  // not started
    candidate,   // its vote for itself is on its way to the disk
    leader,
};

class Quorum {
public:
    struct Start {
        ReplicaKey self;
        std::optional<QuorumState> stored;  // as the file says; nothing: there is none
        Voters voters;
        std::vector<std::int32_t> static_voters;  // of the settings: who votes at kraft.version 0
        Offset log_end;                           // all of it is on stable storage
        LeaderEpoch last_epoch{0};                // of the log's last batch, or its snapshot
    };
    explicit Quorum(Start start);

    /// Begins an election.
    /// Errors: inconsistent_voter_set: this node is no voter, or not the only one ·
    /// invalid_request: epochs have run out.
    Result<Effects> start();

    /// The state that was asked for last is on stable storage.
    Effects persisted(Timestamp now);

    /// The log is on stable storage up to `end`.
    Effects flushed(Offset end);

    /// Gives `payloads` their offsets. With `is_atomic` they are one batch, which the log keeps or
    /// loses as a whole; else as many as their size asks for. None at all does nothing.
    /// Errors: not_controller: not the leader · message_too_large.
    Result<Appended> append(Timestamp now, std::span<const Bytes> payloads, bool is_atomic);

    /// From kraft.version 0 to 1: from here on the log says who votes, and that are `voters`.
    /// Errors: not_controller: not the leader · invalid_request: it is at 1 already, or `voters`
    /// are not those who vote now.
    Result<Appended> upgrade(Timestamp now, const protocol::VotersRecord& voters);

    const ReplicaKey& self() const { return self_; }
    Role role() const { return role_; }
    LeaderEpoch epoch() const { return state_.epoch; }
    Offset end_offset() const { return end_offset_; }
    /// Nothing until a record of the own epoch is committed: before, nothing is sure to stay.
    std::optional<Offset> high_watermark() const { return high_watermark_; }
    const QuorumState& state() const { return state_; }
    const Voters& voters() const { return voters_; }

private:
    std::vector<std::int32_t> voter_ids() const;
    bool is_only_voter() const;
    Effects lead(Timestamp now);

    ReplicaKey self_;
    Voters voters_;
    std::vector<std::int32_t> static_voters_;
    QuorumState state_;
    Role role_ = Role::unattached;
    Offset end_offset_;
    Offset flushed_;
    Offset epoch_start_;
    std::optional<Offset> high_watermark_;
};

}  // namespace moldau::raft
