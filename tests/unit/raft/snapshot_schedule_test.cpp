#include "moldau/raft/snapshot_schedule.hpp"

#include <gtest/gtest.h>

namespace moldau::raft {
namespace {

constexpr SnapshotRules kRules{
    .bytes_between = 1000, .interval_ms = 60'000, .retention_bytes = 5000, .retention_ms = 900'000};

StoredSnapshot snapshot(std::int64_t end, std::int64_t size, std::int64_t last_contained_ms) {
    return {.id = {Offset{end}, LeaderEpoch{1}},
            .size_bytes = size,
            .last_contained = Timestamp{last_contained_ms}};
}

TEST(SnapshotSchedule, IsDueByBytes) {
    SnapshotSchedule schedule(kRules, {});
    schedule.committed(Timestamp{0}, 999);
    EXPECT_FALSE(schedule.is_due(Timestamp{1}));
    schedule.committed(Timestamp{1}, 1);
    EXPECT_TRUE(schedule.is_due(Timestamp{1}));
}

TEST(SnapshotSchedule, IsDueByTheAgeOfWhatNoSnapshotHolds) {
    SnapshotSchedule schedule(kRules, {});
    EXPECT_EQ(schedule.due_by_age(), std::nullopt);
    EXPECT_FALSE(schedule.is_due(Timestamp{INT64_MAX}));  // nothing new: nothing to do
    schedule.committed(Timestamp{100}, 1);
    schedule.committed(Timestamp{50'000}, 1);
    EXPECT_EQ(schedule.due_by_age(), Timestamp{60'100});
    EXPECT_FALSE(schedule.is_due(Timestamp{60'099}));
    EXPECT_TRUE(schedule.is_due(Timestamp{60'100}));
    SnapshotRules never = kRules;
    never.interval_ms = 0;
    SnapshotSchedule by_bytes(never, {});
    by_bytes.committed(Timestamp{100}, 1);
    EXPECT_FALSE(by_bytes.is_due(Timestamp{INT64_MAX}));
}

TEST(SnapshotSchedule, CountsWhatIsCommittedWhileOneIsWritten) {
    SnapshotSchedule schedule(kRules, {});
    schedule.committed(Timestamp{0}, 1000);
    schedule.begun();
    EXPECT_FALSE(schedule.is_due(Timestamp{0}));
    schedule.committed(Timestamp{70'000}, 1000);
    EXPECT_FALSE(schedule.is_due(Timestamp{999'999}));
    schedule.written(snapshot(10, 500, 0));
    EXPECT_TRUE(schedule.is_due(Timestamp{70'000}));
    schedule.begun();
    schedule.given_up();
    EXPECT_TRUE(schedule.is_due(Timestamp{70'000}));
    EXPECT_EQ(schedule.due_by_age(), Timestamp{130'000});
}

TEST(SnapshotSchedule, CleansTheOldestWhileThereIsTooMuchButNeverTheNewest) {
    SnapshotSchedule schedule(
        kRules, {snapshot(30, 1000, 100), snapshot(10, 1000, 100), snapshot(20, 1000, 100)});
    EXPECT_EQ(schedule.next_removal(Timestamp{200}, 2000), std::nullopt);
    const Removal first{{Offset{10}, LeaderEpoch{1}}, Offset{20}};
    ASSERT_EQ(schedule.next_removal(Timestamp{200}, 2001), first);
    schedule.removed(first.snapshot);
    EXPECT_EQ(schedule.next_removal(Timestamp{200}, 2001), std::nullopt);
    const Removal second{{Offset{20}, LeaderEpoch{1}}, Offset{30}};
    ASSERT_EQ(schedule.next_removal(Timestamp{200}, 1'000'000), second);
    schedule.removed(second.snapshot);
    EXPECT_EQ(schedule.next_removal(Timestamp{200}, 1'000'000), std::nullopt);
    EXPECT_EQ(schedule.stored().size(), 1U);
}

TEST(SnapshotSchedule, CleansWhatIsOldUnlessThereIsNoLimit) {
    const std::vector<StoredSnapshot> stored{snapshot(10, 1, 100), snapshot(20, 1, 200)};
    SnapshotSchedule schedule(kRules, stored);
    EXPECT_EQ(schedule.next_removal(Timestamp{900'100}, 1), std::nullopt);
    EXPECT_TRUE(schedule.next_removal(Timestamp{900'101}, 1));
    SnapshotRules for_ever = kRules;
    for_ever.retention_bytes = -1;
    for_ever.retention_ms = -1;
    EXPECT_EQ(SnapshotSchedule(for_ever, stored).next_removal(Timestamp{INT64_MAX}, INT64_MAX / 2),
              std::nullopt);
}

}  // namespace
}  // namespace moldau::raft
