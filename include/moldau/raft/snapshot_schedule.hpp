// When a snapshot is due, and which snapshots and how much of the log may go.
#pragma once

#include "moldau/base/ids.hpp"
#include "moldau/base/time.hpp"
#include "moldau/raft/snapshot.hpp"

#include <cstdint>
#include <optional>
#include <vector>

namespace moldau::raft {

struct SnapshotRules {
    std::int64_t bytes_between = 20 << 20;     // metadata.log.max.record.bytes.between.snapshots
    std::int64_t interval_ms = 3'600'000;      // metadata.log.max.snapshot.interval.ms; 0: never
    std::int64_t retention_bytes = 100 << 20;  // metadata.max.retention.bytes; -1: no limit
    std::int64_t retention_ms = 7LL * 86'400'000;  // metadata.max.retention.ms; -1: no limit
};

struct StoredSnapshot {
    SnapshotId id;
    std::int64_t size_bytes = 0;
    Timestamp last_contained;  // as its head says
};

/// One step of cleaning: remove `snapshot`, then what the log holds below `log_start`.
struct Removal {
    SnapshotId snapshot;
    Offset log_start;
    friend bool operator==(const Removal&, const Removal&) = default;
};

class SnapshotSchedule {
public:
    /// `stored`: the finished ones, in any order. What the log holds behind the newest of them
    /// comes by committed().
    SnapshotSchedule(SnapshotRules rules, std::vector<StoredSnapshot> stored);

    /// A batch of data that no snapshot holds was committed.
    void committed(Timestamp appended, std::size_t bytes);

    /// By bytes, or by the age of the oldest batch that no snapshot holds. Not while one is
    /// written.
    bool is_due(Timestamp now) const;
    /// When it will be by age; nothing: not before a batch is committed.
    std::optional<Timestamp> due_by_age() const;

    /// A snapshot of all that was committed is being written …
    void begun();
    /// … and is finished and on stable storage.
    void written(const StoredSnapshot& snapshot);
    /// … or was given up: it is due as before.
    void given_up();

    /// The next step of cleaning with a log of `log_bytes`; to be asked again until there is none.
    /// The newest snapshot stays, and with it all of the log that it does not hold.
    std::optional<Removal> next_removal(Timestamp now, std::int64_t log_bytes) const;
    void removed(SnapshotId id);

    const std::vector<StoredSnapshot>& stored() const { return stored_; }

private:
    struct Pending {
        std::int64_t bytes = 0;
        std::optional<Timestamp> oldest;
        void add(Timestamp appended, std::int64_t more);
    };

    SnapshotRules rules_;
    std::vector<StoredSnapshot> stored_;  // ascending
    Pending pending_;                     // in no snapshot
    std::optional<Pending> in_writing_;   // in the one that is being written
};

}  // namespace moldau::raft
