#include "log_fixture.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace moldau::log {
namespace {

using testing::ElementsAre;

/// Twenty batches of two records in several segments, with gaps as compaction leaves them.
void fill(LogFixture& f) {
    f.start();
    for (int i = 0; i < 20; ++i) {
        const Bytes batch = make(MadeBatch{
            .base_offset = i * 5, .count = 2, .leader_epoch = i / 10, .timestamp = 1'000 + i * 10});
        ASSERT_TRUE(f.log->stage(batch, f.now));
        ASSERT_EQ(f.log->write_staged(f.now).batches, 1U);
    }
    f.disk.run();
}
const LogConfig kSmall{.segment_bytes = 500, .index_interval_bytes = 100};

TEST(LogRead, FindsTheBatchThatHoldsAnOffsetOrTheNext) {
    LogFixture f(kSmall);
    fill(f);
    ASSERT_GT(f.log->segment_count(), 3U);
    for (const bool cold : {false, true}) {
        SCOPED_TRACE(cold);
        f.disk.cold = cold;
        for (std::int64_t from = 0; from < f.log->end_offset().value; ++from) {
            SCOPED_TRACE(from);
            const auto slice = f.read({.from = {from}, .end = f.log->end_offset(), .bytes_max = 1});
            ASSERT_TRUE(slice);
            const Bytes bytes = f.bytes_of(*slice);
            const auto batch = record::BatchView::of(bytes);
            ASSERT_TRUE(batch) << "one whole batch, though it is larger than asked for";
            EXPECT_EQ(batch->base_offset().value, (from % 5 <= 1 ? from : from + 4) / 5 * 5);
        }
    }
}

TEST(LogRead, EndsBelowTheLimitAndWithinTheBytes) {
    LogFixture f(kSmall);
    fill(f);
    const auto first = f.read({.from = {0}, .end = {10}, .bytes_max = 100'000});
    ASSERT_TRUE(first);
    const std::size_t one = make(MadeBatch{.count = 2}).size();
    EXPECT_EQ(first->bytes, 2 * one);
    const auto cut = f.read({.from = {0}, .end = {10}, .bytes_max = one + 7});
    ASSERT_TRUE(cut);
    EXPECT_EQ(cut->bytes, one + 7);
    const auto none =
        f.read({.from = {0}, .end = {10}, .bytes_max = 3, .at_least_one_batch = false});
    ASSERT_TRUE(none);
    EXPECT_EQ(none->bytes, 3U) << "a part of a batch, as Kafka answers";
    const auto nothing = f.read({.from = {10}, .end = {10}, .bytes_max = 100});
    ASSERT_TRUE(nothing);
    EXPECT_TRUE(nothing->empty());
}

TEST(LogRead, AnOffsetOutsideOfTheLogIsAnError) {
    LogFixture f(kSmall);
    fill(f);
    const Offset end = f.log->end_offset();
    EXPECT_TRUE(f.read({.from = end, .end = end, .bytes_max = 1}));
    for (const Offset from : {end + 1, Offset{-1}}) {
        const auto read = f.read({.from = from, .end = end, .bytes_max = 1});
        ASSERT_FALSE(read);
        EXPECT_EQ(read.error().code, ErrorCode::offset_out_of_range);
    }
    ASSERT_TRUE(f.log->raise_log_start({12}, end));
    const auto below = f.read({.from = {11}, .end = end, .bytes_max = 1});
    ASSERT_FALSE(below);
    EXPECT_EQ(below.error().code, ErrorCode::offset_out_of_range);
    EXPECT_FALSE(f.log->raise_log_start(end + 1, end + 1));
    EXPECT_FALSE(f.log->raise_log_start({20}, {19}));
}

TEST(LogRead, AReadThatFailsSaysNothingOfWhatElseTheDirectoryHolds) {
    LogFixture f(kSmall);
    fill(f);
    f.disk.fail = [](std::string_view operation, const std::string&) {
        return operation == "read" ? std::optional(DiskFault::failed) : std::nullopt;
    };
    EXPECT_FALSE(f.read({.from = {0}, .end = {10}, .bytes_max = 100'000}));
    EXPECT_TRUE(f.log->is_offline());
    EXPECT_EQ(f.failures, 1);
    EXPECT_EQ(f.last_failure, LogFailure::read);
}

TEST(LogRead, ALogWhoseDirectoryHasFailedGivesNothingAnyMore) {
    LogFixture f(kSmall);
    fill(f);
    f.log->take_offline({ErrorCode::kafka_storage_error, "its log directory is offline"});
    EXPECT_EQ(f.append(), "KAFKA_STORAGE_ERROR");
    EXPECT_FALSE(f.read({.from = {0}, .end = {10}, .bytes_max = 100'000}));
    EXPECT_FALSE(f.flush());
    EXPECT_EQ(f.failures, 0) << "who said so knows";
}

TEST(LogRead, ASliceOutlivesItsSegment) {
    LogFixture f({.segment_bytes = 500, .index_interval_bytes = 100, .retention_ms = 1});
    fill(f);
    const auto slice = f.read({.from = {0}, .end = f.log->end_offset(), .bytes_max = 1});
    ASSERT_TRUE(slice);
    const auto deleted = f.log->delete_old_segments({1'000'000}, f.mono_now, f.log->end_offset());
    ASSERT_TRUE(deleted);
    EXPECT_GT(*deleted, 3U);
    f.disk.run();
    f.log->on_tick(f.mono_now + std::chrono::hours(1));
    EXPECT_TRUE(record::BatchView::of(f.bytes_of(*slice)));
}

TEST(LogRead, FindsTheFirstRecordThatIsYoungEnough) {
    LogFixture f(kSmall);
    fill(f);
    for (const bool cold : {false, true}) {
        SCOPED_TRACE(cold);
        f.disk.cold = cold;
        for (std::int64_t time = 0; time <= 1'191; ++time) {
            SCOPED_TRACE(time);
            const auto found = f.at_time(time);
            ASSERT_TRUE(found && *found);
            const std::int64_t index = time <= 1'000 ? 0 : (time - 1'000 + 8) / 10;
            const bool is_second = time > 1'000 && (time - 1'000) % 10 == 1;
            EXPECT_EQ((*found)->offset.value, is_second ? (time - 1'001) / 10 * 5 + 1 : index * 5);
            EXPECT_GE((*found)->timestamp.ms, time);
            EXPECT_EQ((*found)->leader_epoch.value, (*found)->offset.value / 50);
        }
        const auto none = f.at_time(1'192);
        ASSERT_TRUE(none);
        EXPECT_FALSE(*none);
        const auto youngest = f.max_timestamp();
        ASSERT_TRUE(youngest && *youngest);
        EXPECT_EQ(**youngest, (TimedOffset{{1'191}, {96}, {1}}));
    }
    ASSERT_TRUE(f.log->raise_log_start({21}, f.log->end_offset()));
    const auto found = f.at_time(0);
    ASSERT_TRUE(found && *found);
    EXPECT_EQ((*found)->offset, Offset{21});
}

TEST(LogRead, AnEmptyLogHasNoTimes) {
    LogFixture f;
    f.start();
    const auto found = f.at_time(0);
    ASSERT_TRUE(found);
    EXPECT_FALSE(*found);
    const auto youngest = f.max_timestamp();
    ASSERT_TRUE(youngest);
    EXPECT_FALSE(*youngest);
}

TEST(LogRead, ABrokenBatchIsNoReasonToGoOffline) {
    LogFixture f(kSmall);
    fill(f);
    auto& content = *f.disk.files()[f.path("00000000000000000000.log")];
    content[16] = std::byte{9};
    const auto read = f.read({.from = {0}, .end = f.log->end_offset(), .bytes_max = 1});
    EXPECT_FALSE(read);
    EXPECT_FALSE(f.log->is_offline());
}

TEST(LogRead, AReadThatWaitsSeesWhatATruncationHasLeft) {
    LogFixture f(kSmall);
    fill(f);
    f.disk.cold = true;
    std::optional<Result<FileSlice>> answer;
    ASSERT_FALSE(f.log->read({.from = {80}, .end = f.log->end_offset(), .bytes_max = 1},
                             [&](Result<FileSlice> got) { answer.emplace(std::move(got)); }));
    std::optional<DiskResult<>> truncated;
    f.log->truncate({50}, f.mono_now, [&](DiskResult<> got) { truncated.emplace(got); });
    f.disk.run();
    ASSERT_TRUE(truncated && *truncated);
    ASSERT_TRUE(answer);
    EXPECT_FALSE(*answer);
}

}  // namespace
}  // namespace moldau::log
