#include "moldau/raft/snapshot_schedule.hpp"

#include "moldau/base/check.hpp"

#include <algorithm>
#include <utility>

namespace moldau::raft {

void SnapshotSchedule::Pending::add(Timestamp appended, std::int64_t more) {
    bytes += more;
    oldest = oldest ? std::min(*oldest, appended) : appended;
}

SnapshotSchedule::SnapshotSchedule(SnapshotRules rules, std::vector<StoredSnapshot> stored)
    : rules_(rules), stored_(std::move(stored)) {
    std::ranges::sort(stored_, {}, &StoredSnapshot::id);
}

void SnapshotSchedule::committed(Timestamp appended, std::size_t bytes) {
    pending_.add(appended, static_cast<std::int64_t>(bytes));
}

std::optional<Timestamp> SnapshotSchedule::due_by_age() const {
    if (in_writing_ || !pending_.oldest || rules_.interval_ms == 0) return std::nullopt;
    return Timestamp{pending_.oldest->ms + rules_.interval_ms};
}

bool SnapshotSchedule::is_due(Timestamp now) const {
    if (in_writing_) return false;
    if (pending_.bytes >= rules_.bytes_between) return true;
    const std::optional<Timestamp> due = due_by_age();
    return due && now >= *due;
}

void SnapshotSchedule::begun() {
    MOLDAU_CHECK(!in_writing_, "two snapshots at once");
    in_writing_ = std::exchange(pending_, {});
}

void SnapshotSchedule::written(const StoredSnapshot& snapshot) {
    MOLDAU_CHECK(in_writing_.has_value(), "no snapshot was begun");
    MOLDAU_CHECK(stored_.empty() || stored_.back().id < snapshot.id, "end={} before={}",
                 snapshot.id.end_offset.value, stored_.back().id.end_offset.value);
    in_writing_.reset();
    stored_.push_back(snapshot);
}

void SnapshotSchedule::given_up() {
    MOLDAU_CHECK(in_writing_.has_value(), "no snapshot was begun");
    const Pending before = *std::exchange(in_writing_, std::nullopt);
    if (before.oldest) pending_.add(*before.oldest, before.bytes);
}

std::optional<Removal> SnapshotSchedule::next_removal(Timestamp now, std::int64_t log_bytes) const {
    if (stored_.size() < 2) return std::nullopt;
    std::int64_t total = log_bytes;
    for (const StoredSnapshot& snapshot : stored_) total += snapshot.size_bytes;
    const StoredSnapshot& oldest = stored_.front();
    const bool is_large = rules_.retention_bytes >= 0 && total > rules_.retention_bytes;
    const bool is_old =
        rules_.retention_ms >= 0 && now.ms - oldest.last_contained.ms > rules_.retention_ms;
    if (!is_large && !is_old) return std::nullopt;
    return Removal{oldest.id, stored_[1].id.end_offset};
}

void SnapshotSchedule::removed(SnapshotId id) {
    std::erase_if(stored_, [&](const StoredSnapshot& snapshot) { return snapshot.id == id; });
}

}  // namespace moldau::raft
