// Appending, rolling, flushing, closing.
#include "log_fixture.hpp"

#include "moldau/log/files/offset_index.hpp"
#include "moldau/log/files/time_index.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace moldau::log {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;
using testing::SizeIs;

TEST(Log, ANewDirectoryHoldsAnEmptyLogAndTheTopicsId) {
    LogFixture f;
    f.start();
    EXPECT_THAT(f.names(), ElementsAre("00000000000000000000.log", "partition.metadata"));
    EXPECT_EQ(f.log->end_offset(), Offset{0});
    EXPECT_EQ(f.log->topic_id(), (Uuid{1, 2}));
    f.topic_id = Uuid{3, 4};
    const auto other = f.open(true);
    ASSERT_FALSE(other);
    EXPECT_EQ(other.error().code, ErrorCode::inconsistent_topic_id);
}

TEST(Log, ManyBatchesAreOneWriteAndNotAByteIsChanged) {
    LogFixture f;
    f.start();
    ASSERT_TRUE(f.stage({.count = 3}));
    ASSERT_TRUE(f.stage({.count = 2}));
    EXPECT_EQ(f.log->staged_end_offset(), Offset{5});
    EXPECT_EQ(f.log->end_offset(), Offset{0}) << "not yet";
    f.disk.calls.clear();
    const auto written = f.log->write_staged(f.now);
    EXPECT_EQ(written.batches, 2U);
    EXPECT_THAT(f.disk.calls, ElementsAre("write /data/orders-0/00000000000000000000.log"));
    EXPECT_EQ(f.log->end_offset(), Offset{5});
    EXPECT_EQ(f.disk.text(f.path("00000000000000000000.log")),
              std::string(as_text(f.bytes[0])) + std::string(as_text(f.bytes[1])));
}

TEST(Log, GoesOnUnderAnotherName) {
    LogFixture f({.segment_bytes = 200});
    f.start();
    for (int i = 0; i < 5; ++i) f.append();
    EXPECT_FALSE(f.log->is_quiet()) << "each roll flushes";
    f.disk.run();
    ASSERT_TRUE(f.stage({}));
    EXPECT_FALSE(f.log->is_quiet()) << "something is staged";
    EXPECT_EQ(f.log->write_staged(f.now).batches, 1U);
    f.disk.run();
    ASSERT_TRUE(f.log->is_quiet());
    const auto segments = f.log->segment_count();
    ASSERT_TRUE(f.log->move_to("/data/elsewhere"));
    EXPECT_THAT(f.names(), IsEmpty());
    f.files.sweep();  // files are opened by the new name
    f.files.sweep();
    for (int i = 0; i < 5; ++i) f.append();
    EXPECT_GT(f.log->segment_count(), segments);
    EXPECT_EQ(f.batches_from(0).size(), 11U);
    EXPECT_TRUE(f.close());
    EXPECT_EQ(f.failures, 0);
    EXPECT_THAT(f.names(), IsEmpty()) << "nothing goes to the old name";
    ASSERT_TRUE(f.disk.rename("/data/elsewhere", kDirectory));
    ASSERT_TRUE(f.open(true));
    EXPECT_EQ(f.batches_from(0).size(), 11U);
}

TEST(Log, TakesOverWhatAnotherKnowsOfProducers) {
    LogFixture other;
    other.start();
    const MadeBatch batch{.producer_id = 5, .producer_epoch = 0, .base_sequence = 0};
    EXPECT_EQ(other.append(batch), "[0, 1)");
    LogFixture f;
    f.start();
    EXPECT_EQ(f.append(), "[0, 1)");
    f.log->take_producers_of(*other.log);
    EXPECT_EQ(f.append(batch), "duplicate [0, 1)");
    ASSERT_TRUE(f.close());
    ASSERT_TRUE(f.open(true));
    EXPECT_EQ(f.append(batch), "duplicate [0, 1)");
}

TEST(Log, BegunBehindDeletedRecordsKnowsTheirProducersAfterACrashToo) {
    LogFixture other;
    other.start();
    const MadeBatch early{.producer_id = 5, .producer_epoch = 0, .base_sequence = 0};
    const MadeBatch late{.producer_id = 6, .producer_epoch = 0, .base_sequence = 0};
    EXPECT_EQ(other.append(early), "[0, 1)");
    EXPECT_EQ(other.append(late), "[1, 2)");
    LogFixture f;
    f.start();
    bool emptied = false;
    f.log->truncate_fully({1}, f.now, f.mono_now,
                          [&](const DiskResult<>& ok) { emptied = ok.has_value(); });
    f.disk.run();
    ASSERT_TRUE(emptied);
    ASSERT_TRUE(f.log->begin_with_producers_of(*other.log));
    EXPECT_EQ(f.append(early), "duplicate [0, 1)");
    EXPECT_EQ(f.append(late), "[1, 2)") << "that one is to come yet";
    ASSERT_TRUE(f.open(false)) << "after a crash";
    EXPECT_EQ(f.append(early), "duplicate [0, 1)");
    EXPECT_EQ(f.append(late), "duplicate [1, 2)");
}

TEST(Log, StaysWhereItIsWhenItCannotBeRenamed) {
    LogFixture f;
    f.start();
    f.append();
    f.disk.fail = [](std::string_view what, const std::string&) -> std::optional<DiskFault> {
        return what == "rename" ? std::optional(DiskFault::denied) : std::nullopt;
    };
    EXPECT_FALSE(f.log->move_to("/data/elsewhere"));
    EXPECT_EQ(f.log->directory(), kDirectory);
    EXPECT_EQ(f.append(), "[1, 2)");
    EXPECT_EQ(f.batches_from(0).size(), 2U);
}

TEST(Log, RefusesWhatDoesNotFollow) {
    LogFixture f;
    f.start();
    EXPECT_EQ(f.append({.count = 2}), "[0, 2)");
    const Bytes again = make(MadeBatch{.base_offset = 1});
    const BytesView view = again;
    const auto staged = f.log->stage(view.first(61), view.subspan(61), BatchOrigin::client, f.now);
    ASSERT_FALSE(staged);
    EXPECT_EQ(staged.error().code, ErrorCode::invalid_record);
    const auto part = f.log->stage(view.first(60), f.now);
    ASSERT_FALSE(part);
    EXPECT_EQ(part.error().code, ErrorCode::corrupt_message);
    const Bytes ahead = make(MadeBatch{.base_offset = 7});
    EXPECT_TRUE(f.log->stage(ahead, f.now)) << "a leader's log may have gaps, from compaction";
}

TEST(Log, ADuplicateIsAnsweredWithWhereItStandsAndNotWritten) {
    LogFixture f;
    f.start();
    const MadeBatch batch{.count = 3, .producer_id = 5, .producer_epoch = 0, .base_sequence = 0};
    EXPECT_EQ(f.append({}), "[0, 1)");
    EXPECT_EQ(f.append(batch), "[1, 4)");
    EXPECT_EQ(f.append(batch), "duplicate [1, 4)");
    EXPECT_EQ(f.log->end_offset(), Offset{4});
}

TEST(Log, RollsWhenASegmentWouldBeTooLarge) {
    LogFixture f({.segment_bytes = 200});
    f.start();
    for (int i = 0; i < 5; ++i) ASSERT_TRUE(f.stage({}));  // 73 bytes each
    const auto written = f.log->write_staged(f.now);
    EXPECT_EQ(written.batches, 5U);
    EXPECT_EQ(f.log->segment_count(), 3U);
    EXPECT_THAT(f.batches_from(0), ElementsAre(0, 1, 2, 3, 4));
    EXPECT_THAT(f.names(), testing::IsSupersetOf(
                               {"00000000000000000000.index", "00000000000000000000.log",
                                "00000000000000000000.timeindex", "00000000000000000002.log",
                                "00000000000000000002.snapshot", "00000000000000000004.log"}));
}

TEST(Log, RollsByTheTimeOfTheRecords) {
    LogFixture f({.segment_ms = 100, .segment_jitter_ms = 10});
    f.start();
    EXPECT_EQ(f.append({.timestamp = 1'000}), "[0, 1)");
    EXPECT_EQ(f.append({.timestamp = 1'090}), "[1, 2)");
    EXPECT_EQ(f.log->segment_count(), 1U);
    EXPECT_EQ(f.append({.timestamp = 1'091}), "[2, 3)");
    EXPECT_EQ(f.log->segment_count(), 2U);
}

TEST(Log, RollsWhenAnIndexIsFull) {
    LogFixture f({.segment_index_bytes = 48, .index_interval_bytes = 1});
    f.start();
    for (int i = 0; i < 6; ++i) f.append({.timestamp = 1'000 + i});
    EXPECT_GT(f.log->segment_count(), 1U);
    EXPECT_THAT(f.batches_from(0), SizeIs(6));
}

TEST(Log, RollsBeforeAnOffsetThatItsIndexCannotHold) {
    LogFixture f;
    f.start();
    const Bytes first = make(MadeBatch{.base_offset = 0});
    const Bytes far = make(MadeBatch{.base_offset = 3'000'000'000});
    ASSERT_TRUE(f.log->stage(first, f.now));
    ASSERT_TRUE(f.log->stage(far, f.now));
    EXPECT_EQ(f.log->write_staged(f.now).batches, 2U);
    EXPECT_EQ(f.log->segment_count(), 2U);
    EXPECT_EQ(f.log->end_offset(), Offset{3'000'000'001});
}

TEST(Log, ACleanStopLeavesTheFilesThatKafkaLeaves) {
    LogFixture f({.index_interval_bytes = 100});
    f.start();
    for (int i = 0; i < 4; ++i)
        f.append({.leader_epoch = 3,
                  .timestamp = 1'000 + i,
                  .producer_id = 7,
                  .producer_epoch = 0,
                  .base_sequence = i});
    const auto closed = f.close();
    ASSERT_TRUE(closed) << closed.error().detail;
    EXPECT_EQ(f.log->recovery_point(), Offset{4});
    EXPECT_THAT(f.names(),
                ElementsAre("00000000000000000000.index", "00000000000000000000.log",
                            "00000000000000000000.timeindex", "00000000000000000004.snapshot",
                            "leader-epoch-checkpoint", "partition.metadata"));
    EXPECT_EQ(f.disk.text(f.path("leader-epoch-checkpoint")), "0\n1\n3 0\n");
    const auto index =
        parse_offset_index(*f.disk.files()[f.path("00000000000000000000.index")], {0});
    ASSERT_TRUE(index);
    // An entry before each batch that more than 100 bytes precede, since the last entry.
    EXPECT_THAT(*index, ElementsAre(OffsetIndexEntry{{2}, 146}));
    const auto times =
        parse_time_index(*f.disk.files()[f.path("00000000000000000000.timeindex")], {0});
    ASSERT_TRUE(times);
    EXPECT_THAT(*times, ElementsAre(TimeIndexEntry{{1'002}, {2}}, TimeIndexEntry{{1'003}, {3}}));
    for (const bool cold : {false, true}) {
        SCOPED_TRACE(cold);
        f.disk.cold = cold;
        const auto opened = f.open(true, {4});
        ASSERT_TRUE(opened) << opened.error().detail;
        EXPECT_EQ(f.log->end_offset(), Offset{4});
        EXPECT_EQ(f.log->report().segments_recovered, 0U);
        EXPECT_EQ(f.log->recovery_point(), Offset{4});
        EXPECT_NE(f.log->producers().find({7}), nullptr);
        EXPECT_EQ(f.log->leader_epochs().latest(), LeaderEpoch{3});
        EXPECT_THAT(f.batches_from(0), ElementsAre(0, 1, 2, 3));
    }
}

TEST(Log, AFlushMovesTheRecoveryPointWhenItHasEnded) {
    LogFixture f;
    f.start();
    f.append();
    std::vector<std::string> order;
    f.log->flush({1}, [&](DiskResult<> ok) { order.push_back(ok ? "first" : "failed"); });
    f.append();
    f.log->flush({2}, [&](DiskResult<> ok) { order.push_back(ok ? "second" : "failed"); });
    EXPECT_EQ(f.log->recovery_point(), Offset{0});
    f.disk.run();
    EXPECT_THAT(order, ElementsAre("first", "second"));
    EXPECT_EQ(f.log->recovery_point(), Offset{2});
}

TEST(Log, AFailedSyncIsFinal) {
    LogFixture f;
    f.start();
    f.append();
    f.disk.fail = [](std::string_view operation, const std::string&) -> std::optional<DiskFault> {
        if (operation == "sync") return DiskFault::failed;
        return std::nullopt;
    };
    EXPECT_FALSE(f.flush());
    f.disk.fail = nullptr;
    EXPECT_EQ(f.failures, 1);
    EXPECT_TRUE(f.log->is_offline());
    EXPECT_EQ(f.log->recovery_point(), Offset{0});
    EXPECT_EQ(f.append(), "KAFKA_STORAGE_ERROR");
    EXPECT_FALSE(f.read({.from = {0}, .end = {1}, .bytes_max = 100}));
    EXPECT_FALSE(f.flush()) << "not tried again";
    EXPECT_FALSE(f.close());
    EXPECT_EQ(f.failures, 1);
    EXPECT_EQ(f.last_failure, LogFailure::write);
}

TEST(Log, AFailedSyncIsFinalThoughAnotherPartOfTheFlushWasNotEvenBegun) {
    LogFixture f;
    f.start();
    f.append({.leader_epoch = 3});
    f.disk.fail = [](std::string_view operation,
                     const std::string& path) -> std::optional<DiskFault> {
        if (operation == "open" && path.ends_with(".tmp")) return DiskFault::out_of_descriptors;
        if (operation == "sync" && path.ends_with(".log")) return DiskFault::failed;
        return std::nullopt;
    };
    EXPECT_FALSE(f.flush());
    EXPECT_TRUE(f.log->is_offline());
    EXPECT_EQ(f.failures, 1);
}

TEST(Log, AFailedWriteTakesTheLogOffline) {
    LogFixture f;
    f.start();
    f.disk.fail = [](std::string_view operation, const std::string&) -> std::optional<DiskFault> {
        if (operation == "write") return DiskFault::failed;
        return std::nullopt;
    };
    EXPECT_EQ(f.append(), "KAFKA_STORAGE_ERROR");
    f.disk.fail = nullptr;
    EXPECT_EQ(f.append(), "KAFKA_STORAGE_ERROR");
    EXPECT_EQ(f.failures, 1);
    EXPECT_EQ(f.last_failure, LogFailure::write);
}

TEST(Log, AFullDiskLeavesNoTornTailAndWorksAgainWhenThereIsRoom) {
    LogFixture f;
    f.start();
    EXPECT_EQ(f.append({.producer_id = 1, .producer_epoch = 0, .base_sequence = 0}), "[0, 1)");
    const std::string before = f.disk.text(f.path("00000000000000000000.log"));
    std::uint64_t used = 0;
    for (const auto& [_, content] : f.disk.files()) used += content->size();
    f.disk.bytes_max = used + 30;
    const MadeBatch next{.producer_id = 1, .producer_epoch = 0, .base_sequence = 1};
    EXPECT_EQ(f.append(next), "KAFKA_STORAGE_ERROR");
    EXPECT_EQ(f.disk.text(f.path("00000000000000000000.log")), before);
    EXPECT_FALSE(f.log->is_offline());
    EXPECT_THAT(f.batches_from(0), ElementsAre(0));
    f.disk.bytes_max = ~std::uint64_t{0};
    EXPECT_EQ(f.append(next), "[1, 2)") << "its sequence was not counted";
    EXPECT_THAT(f.batches_from(0), ElementsAre(0, 1));
}

TEST(Log, AFullDiskAtARollKeepsTheOldSegmentGoing) {
    LogFixture f({.segment_bytes = 200, .index_interval_bytes = 1});
    f.start();
    f.append();
    f.append();
    f.disk.fail = [](std::string_view operation,
                     const std::string& path) -> std::optional<DiskFault> {
        if (operation == "write" && path.ends_with(".timeindex")) return DiskFault::no_space;
        return std::nullopt;
    };
    EXPECT_EQ(f.append(), "KAFKA_STORAGE_ERROR");
    f.disk.fail = nullptr;
    EXPECT_EQ(f.append(), "[2, 3)");
    EXPECT_EQ(f.log->segment_count(), 2U);
    EXPECT_THAT(f.batches_from(0), ElementsAre(0, 1, 2));
}

TEST(Log, ASnapshotAtARollKnowsOnlyWhatStandsBeforeIt) {
    LogFixture f({.segment_bytes = 100});
    f.start();
    ASSERT_TRUE(f.stage({.producer_id = 1, .producer_epoch = 0, .base_sequence = 0}));
    ASSERT_TRUE(f.stage({.producer_id = 2, .producer_epoch = 0, .base_sequence = 0}));
    EXPECT_EQ(f.log->write_staged(f.now).batches, 2U);
    const auto snapshot =
        parse_producer_snapshot(*f.disk.files()[f.path("00000000000000000001.snapshot")]);
    ASSERT_TRUE(snapshot);
    ASSERT_THAT(*snapshot, SizeIs(1));
    EXPECT_EQ(snapshot->front().producer_id, ProducerId{1});
}

TEST(Log, AnIdleLogHoldsNoDescriptor) {
    LogFixture f;
    f.start();
    f.append();
    ASSERT_TRUE(f.flush());
    f.files.sweep();
    f.files.sweep();
    EXPECT_EQ(f.disk.open_files, 0U);
    EXPECT_EQ(f.append(), "[1, 2)");
}

TEST(Log, TheLastStableOffsetWaitsForTransactions) {
    LogFixture f;
    f.start();
    f.append({.count = 2,
              .producer_id = 1,
              .producer_epoch = 0,
              .base_sequence = 0,
              .is_transactional = true});
    EXPECT_EQ(f.log->last_stable_offset({2}), Offset{0});
    EXPECT_EQ(f.append_marker(MadeMarker{.producer_id = 1, .type = record::ControlType::abort}),
              "ok");
    EXPECT_EQ(f.log->last_stable_offset({2}), Offset{0});
    EXPECT_EQ(f.log->last_stable_offset({3}), Offset{3});
    const AbortedTransaction aborted{{1}, {0}, {2}, {3}};
    EXPECT_THAT(f.log->aborted_transactions({{1}, {2}}), ElementsAre(aborted));
    EXPECT_THAT(f.log->aborted_transactions({{3}, {4}}), IsEmpty());
    ASSERT_TRUE(f.close());
    ASSERT_TRUE(f.open(true));
    EXPECT_THAT(f.log->aborted_transactions({{0}, {3}}), ElementsAre(aborted));
    ASSERT_TRUE(f.open(false));
    EXPECT_THAT(f.log->aborted_transactions({{0}, {3}}), ElementsAre(aborted)) << "built anew";
}

}  // namespace
}  // namespace moldau::log
