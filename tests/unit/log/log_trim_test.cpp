// Retention and truncation.
#include "log_fixture.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace moldau::log {
namespace {

using testing::Contains;
using testing::ElementsAre;
using testing::IsEmpty;
using testing::Not;
using testing::SizeIs;

/// Ten batches of one record, three a segment: [0, 3) [3, 6) [6, 9) [9, 10).
void fill(LogFixture& f) {
    f.start();
    for (int i = 0; i < 10; ++i)
        f.append({.leader_epoch = i / 4,
                  .timestamp = 1'000 + i * 100,
                  .producer_id = 9,
                  .producer_epoch = 0,
                  .base_sequence = i});
    f.disk.run();
    ASSERT_EQ(f.log->segment_count(), 4U);
}
LogConfig small() {
    return {.segment_bytes = 250, .index_interval_bytes = 100, .retention_ms = -1};
}

TEST(LogTrim, RetentionByTimeTakesSegmentsWhoseYoungestRecordIsTooOld) {
    LogFixture f(small());
    fill(f);
    LogConfig config = small();
    config.retention_ms = 500;
    f.log->set_config(config);
    auto gone = f.log->delete_old_segments({1'700}, f.mono_now, {10});
    ASSERT_TRUE(gone);
    EXPECT_EQ(*gone, 0U) << "exactly as old as allowed";
    gone = f.log->delete_old_segments({1'701}, f.mono_now, {10});
    ASSERT_TRUE(gone);
    EXPECT_EQ(*gone, 1U);
    EXPECT_EQ(f.log->log_start_offset(), Offset{3});
    EXPECT_THAT(f.log->leader_epochs().starts(),
                ElementsAre(EpochStart{{0}, {3}}, EpochStart{{1}, {4}}, EpochStart{{2}, {8}}));
    EXPECT_THAT(f.batches_from(3), ElementsAre(3, 4, 5, 6, 7, 8, 9));
}

TEST(LogTrim, NothingAboveTheHighWatermarkGoes) {
    LogFixture f(small());
    fill(f);
    LogConfig config = small();
    config.retention_ms = 0;
    f.log->set_config(config);
    const auto gone = f.log->delete_old_segments({1'000'000}, f.mono_now, {8});
    ASSERT_TRUE(gone);
    EXPECT_EQ(*gone, 2U);
    EXPECT_EQ(f.log->log_start_offset(), Offset{6});
}

TEST(LogTrim, RetentionByBytesKeepsAtLeastThatMuch) {
    LogFixture f(small());
    fill(f);
    LogConfig config = small();
    const std::int64_t one = static_cast<std::int64_t>(f.log->size_bytes() / 10);
    config.retention_bytes = one * 6;
    f.log->set_config(config);
    const auto gone = f.log->delete_old_segments(f.now, f.mono_now, {10});
    ASSERT_TRUE(gone);
    EXPECT_EQ(*gone, 1U);
    config.deletes = false;
    config.retention_bytes = 0;
    f.log->set_config(config);
    EXPECT_EQ(*f.log->delete_old_segments(f.now, f.mono_now, {10}), 0U) << "a compacted topic";
}

TEST(LogTrim, WhenAllIsOldAnEmptySegmentIsLeft) {
    LogFixture f(small());
    fill(f);
    LogConfig config = small();
    config.retention_ms = 0;
    f.log->set_config(config);
    EXPECT_EQ(*f.log->delete_old_segments({1'000'000}, f.mono_now, {10}), 0U)
        << "it is to be known of the producer first, durably";
    f.disk.run();
    const auto gone = f.log->delete_old_segments({1'000'000}, f.mono_now, {10});
    ASSERT_TRUE(gone);
    EXPECT_EQ(*gone, 4U);
    f.disk.run();
    EXPECT_EQ(f.log->log_start_offset(), Offset{10});
    EXPECT_EQ(f.log->end_offset(), Offset{10});
    EXPECT_EQ(f.append({.producer_id = 9, .producer_epoch = 0, .base_sequence = 9}),
              "duplicate [9, 10)")
        << "producers are still known";
    EXPECT_EQ(*f.log->delete_old_segments({1'000'000}, f.mono_now, {10}), 0U);
}

TEST(LogTrim, DeletedSegmentsAreRenamedFirstAndRemovedLater) {
    LogFixture f(small());
    fill(f);
    ASSERT_TRUE(f.log->raise_log_start({4}, {10}));
    EXPECT_EQ(*f.log->delete_old_segments(f.now, f.mono_now, {10}), 1U);
    EXPECT_THAT(f.names(), Contains("00000000000000000000.log.deleted"));
    EXPECT_THAT(f.names(), Not(Contains("00000000000000000000.log")));
    ASSERT_EQ(f.log->next_deadline(), f.mono_now + std::chrono::seconds(60));
    f.log->on_tick(f.mono_now + std::chrono::seconds(59));
    EXPECT_THAT(f.names(), Contains("00000000000000000000.log.deleted"));
    f.log->on_tick(f.mono_now + std::chrono::seconds(60));
    EXPECT_THAT(f.names(), Not(Contains(testing::HasSubstr("00000000000000000000"))));
    EXPECT_EQ(f.log->next_deadline(), std::nullopt);
}

TEST(LogTrim, SegmentsStayUntilASnapshotThatKnowsTheirProducersIsDurable) {
    for (const std::string_view failing : {"", ".snapshot", "leader-epoch-checkpoint"}) {
        SCOPED_TRACE(failing);
        LogFixture f(small());
        f.start();
        f.disk.fail = [&](std::string_view operation,
                          const std::string& path) -> std::optional<DiskFault> {
            if (failing.empty() || path.find(failing) == std::string::npos) return std::nullopt;
            if (failing != ".snapshot") return DiskFault::no_space;
            return operation == "sync" ? std::optional(DiskFault::overloaded) : std::nullopt;
        };
        for (int i = 0; i < 10; ++i)
            f.append({.producer_id = 9, .producer_epoch = 0, .base_sequence = i});
        ASSERT_TRUE(f.log->raise_log_start({9}, {10}));
        EXPECT_EQ(*f.log->delete_old_segments(f.now, f.mono_now, {10}), 0U) << "none is synced";
        f.disk.run();
        if (failing == ".snapshot") {
            EXPECT_EQ(*f.log->delete_old_segments(f.now, f.mono_now, {10}), 0U) << "none could be";
            f.disk.fail = nullptr;
            f.disk.run();
        }
        EXPECT_EQ(*f.log->delete_old_segments(f.now, f.mono_now, {10}), 3U);
        EXPECT_EQ(f.failures, 0);
    }
}

TEST(LogTrim, AfterACrashSnapshotsCountAsDurableWhenTheyWereSyncedAgain) {
    LogFixture f(small());
    fill(f);
    f.start();
    ASSERT_TRUE(f.log->raise_log_start({9}, {10}));
    f.disk.run();
    const auto gone = f.log->delete_old_segments(f.now, f.mono_now, {10});
    ASSERT_TRUE(gone);
    EXPECT_EQ(*gone, 3U) << "opening has synced what it recovered, and with it the snapshots";
    EXPECT_EQ(f.append({.producer_id = 9, .producer_epoch = 0, .base_sequence = 0}),
              "OUT_OF_ORDER_SEQUENCE_NUMBER");
}

TEST(LogTrim, TruncatesToAnyOffset) {
    for (const bool cold : {false, true}) {
        for (std::int64_t to = 0; to <= 11; ++to) {
            SCOPED_TRACE(to);
            LogFixture f(small());
            fill(f);
            ASSERT_TRUE(f.flush());
            f.disk.cold = cold;
            const auto done = f.truncate(to);
            ASSERT_TRUE(done) << done.error().detail;
            const std::int64_t end = std::min<std::int64_t>(to, 10);
            EXPECT_EQ(f.log->end_offset(), Offset{end});
            EXPECT_EQ(f.log->recovery_point(), Offset{end});
            EXPECT_THAT(f.batches_from(0), SizeIs(static_cast<std::size_t>(end)));
            const auto epoch = f.log->leader_epochs().latest();
            EXPECT_EQ(epoch, end == 0 ? std::nullopt
                                      : std::optional(
                                            LeaderEpoch{static_cast<std::int32_t>((end - 1) / 4)}));
            if (end > 0) {
                EXPECT_EQ(
                    f.append({.producer_id = 9,
                              .producer_epoch = 0,
                              .base_sequence = static_cast<std::int32_t>(end) - 1}),
                    "duplicate [" + std::to_string(end - 1) + ", " + std::to_string(end) + ")");
            }
            EXPECT_EQ(f.append({.producer_id = 9,
                                .producer_epoch = 0,
                                .base_sequence = static_cast<std::int32_t>(end)}),
                      "[" + std::to_string(end) + ", " + std::to_string(end + 1) + ")");
            ASSERT_TRUE(f.open(false, {end}));
            EXPECT_EQ(f.log->end_offset(), Offset{end + 1});
            EXPECT_THAT(f.batches_from(0), SizeIs(static_cast<std::size_t>(end) + 1));
        }
    }
}

TEST(LogTrim, AProducerIsRememberedThoughAllItHasWrittenIsDeleted) {
    LogFixture f;
    f.start();
    const auto append = [&] {
        return f.append({.producer_id = 9, .producer_epoch = 0, .base_sequence = 0});
    };
    EXPECT_EQ(append(), "[0, 1)");
    ASSERT_TRUE(f.log->raise_log_start({1}, {1}));
    ASSERT_TRUE(f.log->roll(f.now));
    ASSERT_TRUE(f.log->delete_old_segments(f.now, f.mono_now, {1}));
    ASSERT_TRUE(f.flush());
    EXPECT_EQ(append(), "duplicate [0, 1)");
    ASSERT_TRUE(f.open(false, {1}, {1}));
    EXPECT_EQ(append(), "duplicate [0, 1)");
}

TEST(LogTrim, ABatchIsTruncatedAsAWhole) {
    LogFixture f;
    f.start();
    f.append({.count = 3});
    f.append({.count = 3});
    ASSERT_TRUE(f.truncate(5));
    EXPECT_EQ(f.log->end_offset(), Offset{3});
}

TEST(LogTrim, NothingIsTakenWhileATruncationRuns) {
    LogFixture f(small());
    fill(f);
    std::optional<DiskResult<>> done;
    f.log->truncate({4}, f.mono_now, [&](DiskResult<> got) { done.emplace(got); });
    EXPECT_EQ(f.append(), "KAFKA_STORAGE_ERROR");
    f.disk.run();
    ASSERT_TRUE(done && *done);
    EXPECT_EQ(f.append(), "[4, 5)");
}

TEST(LogTrim, AFlushWaitsForTheEndOfATruncation) {
    LogFixture f(small());
    fill(f);
    std::optional<DiskResult<>> cut, flushed;
    f.log->truncate({4}, f.mono_now, [&](DiskResult<> got) { cut.emplace(got); });
    f.log->flush({8}, [&](DiskResult<> got) { flushed.emplace(got); });
    f.disk.run();
    ASSERT_TRUE(cut && *cut && flushed && *flushed);
    EXPECT_EQ(f.log->end_offset(), Offset{4});
    EXPECT_EQ(f.log->recovery_point(), Offset{4}) << "not behind the end";
}

TEST(LogTrim, AFlushVouchesForNothingWhenTheSyncOfATruncationHasFailed) {
    LogFixture f;
    f.start();
    f.append();
    f.append();
    std::optional<DiskResult<>> cut, flushed;
    f.log->flush({2}, [&](DiskResult<> got) { flushed.emplace(got); });
    f.log->truncate({1}, f.mono_now, [&](DiskResult<> got) { cut.emplace(got); });
    f.disk.run_newest();  // the directory is synced, the file cut and its sync submitted
    f.disk.fail = [](std::string_view operation, const std::string&) -> std::optional<DiskFault> {
        return operation == "sync" ? std::optional(DiskFault::failed) : std::nullopt;
    };
    f.disk.run_newest();
    f.disk.fail = nullptr;  // the device tells it once, of whichever sync comes first
    f.disk.run();
    ASSERT_TRUE(cut && flushed);
    EXPECT_FALSE(*cut);
    EXPECT_FALSE(*flushed);
    EXPECT_TRUE(f.log->is_offline());
    EXPECT_EQ(f.log->recovery_point(), Offset{0});
}

TEST(LogTrim, TruncatedFullyItGoesOnElsewhere) {
    for (const std::int64_t start : {0, 5, 100}) {
        SCOPED_TRACE(start);
        LogFixture f(small());
        fill(f);
        std::optional<DiskResult<>> done;
        f.log->truncate_fully({start}, f.now, f.mono_now,
                              [&](DiskResult<> got) { done.emplace(got); });
        f.disk.run();
        ASSERT_TRUE(done && *done);
        EXPECT_EQ(f.log->log_start_offset(), Offset{start});
        EXPECT_EQ(f.log->end_offset(), Offset{start});
        EXPECT_EQ(f.log->producers().size(), 0U);
        EXPECT_THAT(f.log->leader_epochs().starts(), IsEmpty());
        f.append();
        ASSERT_TRUE(f.open(false, {start}, {start}));
        EXPECT_THAT(f.batches_from(start), ElementsAre(start));
    }
}

}  // namespace
}  // namespace moldau::log
