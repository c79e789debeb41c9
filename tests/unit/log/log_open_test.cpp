// Starts on what is there.
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

const LogConfig kSmall{.segment_bytes = 250, .index_interval_bytes = 100};

void fill(LogFixture& f, int batches = 10) {
    for (int i = 0; i < batches; ++i) {
        ASSERT_THAT(f.append({.count = 1,
                              .timestamp = 1'000 + i,
                              .producer_id = 9,
                              .producer_epoch = 0,
                              .base_sequence = i}),
                    testing::StartsWith("["));
    }
    f.disk.run();
}

TEST(LogOpen, AnOpeningThatItsDiskDoesNotOutliveIsFreed) {
    for (const bool is_new : {true, false}) {
        SCOPED_TRACE(is_new);
        MemoryDisk before;
        if (!is_new)
            before.put("/data/orders-0/00000000000000000000.log", as_text(make(MadeBatch{})));
        // With each step that ends, the opening waits somewhere else.
        for (int steps = 0; steps < 6; ++steps) {
            auto held = std::make_shared<int>();
            const std::weak_ptr<int> freed = held;
            auto disk = std::make_unique<MemoryDisk>();
            disk->files() = before.files();
            FileCache files(*disk, 10);
            Log::open(files, {.directory = "/data/orders-0", .topic_id = Uuid{1, 2}},
                      [held = std::move(held)](const Result<std::unique_ptr<Log>>&) {});
            disk->run(steps);
            disk->drop_submitted();
            EXPECT_TRUE(freed.expired()) << "after " << steps << " steps";
        }
    }
}

TEST(LogOpen, EveryPrefixOfASegmentRecoversToAPrefixOfItsBatches) {
    LogFixture whole;
    whole.start();
    fill(whole, 4);
    const std::string content = whole.disk.text(whole.path("00000000000000000000.log"));
    const std::size_t one = content.size() / 4;
    for (std::size_t size = 0; size <= content.size(); ++size) {
        for (const bool zeros : {false, true}) {
            SCOPED_TRACE(size);
            LogFixture f;
            std::string torn = content.substr(0, size);
            if (zeros) torn.resize(content.size() + 100, '\0');
            f.disk.put(f.path("00000000000000000000.log"), torn);
            f.disk.cold = size % 2 == 1;
            const auto opened = f.open(false);
            ASSERT_TRUE(opened) << opened.error().detail;
            // A batch's last byte is zero: room that was never written completes it.
            const auto whole_batches =
                static_cast<std::int64_t>(std::min(size + (zeros ? 1 : 0), content.size()) / one);
            EXPECT_EQ(f.log->end_offset(), Offset{whole_batches});
            EXPECT_EQ(f.log->recovery_point(), Offset{whole_batches}) << "synced before it is seen";
            EXPECT_EQ(f.disk.text(f.path("00000000000000000000.log")),
                      content.substr(0, static_cast<std::size_t>(whole_batches) * one));
            EXPECT_EQ(f.append({.producer_id = 9,
                                .producer_epoch = 0,
                                .base_sequence = static_cast<std::int32_t>(whole_batches)}),
                      "[" + std::to_string(whole_batches) + ", " +
                          std::to_string(whole_batches + 1) + ")");
        }
    }
}

TEST(LogOpen, AFlippedBitEndsTheLogBeforeItsBatch) {
    LogFixture f;
    f.start();
    fill(f, 4);
    auto& content = *f.disk.files()[f.path("00000000000000000000.log")];
    content[content.size() / 4 * 2 + 65] ^= std::byte{4};
    ASSERT_TRUE(f.open(false));
    EXPECT_EQ(f.log->end_offset(), Offset{2});
    EXPECT_GT(f.log->report().bytes_cut, 0U);
    EXPECT_FALSE(f.log->report().cut_below_recovery_point);
}

TEST(LogOpen, SegmentsBehindABrokenOneAreGivenUp) {
    LogFixture f(kSmall);
    f.start();
    fill(f);
    (*f.disk.files()[f.path("00000000000000000003.log")])[70] ^= std::byte{1};
    ASSERT_TRUE(f.open(false, {3}));
    EXPECT_EQ(f.log->end_offset(), Offset{3});
    EXPECT_EQ(f.log->segment_count(), 2U);
    EXPECT_FALSE(f.log->report().cut_below_recovery_point);
    EXPECT_EQ(f.append({.producer_id = 9, .producer_epoch = 0, .base_sequence = 3}), "[3, 4)");
    ASSERT_TRUE(f.open(false, {4}));
    EXPECT_EQ(f.log->end_offset(), Offset{4});
}

TEST(LogOpen, ReadsOnlyWhatIsAboveTheRecoveryPoint) {
    LogFixture f(kSmall);
    f.start();
    fill(f);
    ASSERT_EQ(f.log->segment_count(), 4U);
    ASSERT_TRUE(f.open(false, {7}));
    EXPECT_EQ(f.log->report().segments_recovered, 2U);
    EXPECT_EQ(f.log->end_offset(), Offset{10});
    EXPECT_THAT(f.batches_from(0), SizeIs(10));
}

// A truncation that its process did not outlive has cut a file, and not synced it.
TEST(LogOpen, SyncsWhatEndsAtTheRecoveryPoint) {
    for (const bool ends_with_empty : {false, true}) {
        SCOPED_TRACE(ends_with_empty);
        LogFixture f;
        f.disk.put(f.path("00000000000000000000.log"), as_text(make(MadeBatch{})));
        if (ends_with_empty) f.disk.put(f.path("00000000000000000001.log"), "");
        std::vector<std::string> synced;
        f.disk.fail = [&](std::string_view operation, const std::string& path) {
            if (operation == "sync") synced.push_back(path);
            return std::optional<DiskFault>();
        };
        ASSERT_TRUE(f.open(false, {1}));
        EXPECT_EQ(f.log->end_offset(), Offset{1});
        EXPECT_THAT(synced, Contains(f.path(ends_with_empty ? "00000000000000000001.log"
                                                            : "00000000000000000000.log")));
    }
}

TEST(LogOpen, ARetriedBatchIsADuplicateAfterACrash) {
    LogFixture f(kSmall);
    f.start();
    fill(f);
    for (const bool with_snapshots : {true, false}) {
        SCOPED_TRACE(with_snapshots);
        if (!with_snapshots)
            std::erase_if(f.disk.files(),
                          [](const auto& file) { return file.first.ends_with(".snapshot"); });
        ASSERT_TRUE(f.open(false, {6}));
        EXPECT_EQ(f.append({.producer_id = 9, .producer_epoch = 0, .base_sequence = 9}),
                  "duplicate [9, 10)");
        EXPECT_EQ(f.append({.producer_id = 9, .producer_epoch = 0, .base_sequence = 11}),
                  "OUT_OF_ORDER_SEQUENCE_NUMBER");
    }
}

TEST(LogOpen, ABrokenSnapshotGivesWayToAnOlderOne) {
    LogFixture f(kSmall);
    f.start();
    fill(f);
    ASSERT_TRUE(f.close());
    (*f.disk.files()[f.path("00000000000000000010.snapshot")])[8] ^= std::byte{1};
    ASSERT_TRUE(f.open(true));
    EXPECT_THAT(f.log->report().notes, SizeIs(1));
    EXPECT_THAT(f.names(), Not(Contains("00000000000000000010.snapshot")));
    EXPECT_EQ(f.append({.producer_id = 9, .producer_epoch = 0, .base_sequence = 9}),
              "duplicate [9, 10)");
}

TEST(LogOpen, IndexesThatAreMissingOrBrokenAreBuiltAnew) {
    LogFixture reference(kSmall);
    reference.start();
    fill(reference);
    ASSERT_TRUE(reference.close());
    struct Row {
        const char* name;
        const char* file;
        const char* content;  // null: removed
    };
    for (const Row& row :
         {Row{"missing index", "00000000000000000003.index", nullptr},
          Row{"missing time index", "00000000000000000003.timeindex", nullptr},
          Row{"time index of an odd size", "00000000000000000003.timeindex", "odd"},
          Row{"active segment's index missing", "00000000000000000009.index", nullptr},
          Row{"active segment's index of an odd size", "00000000000000000009.index", "odd"},
          Row{"active segment's index points behind the end", "00000000000000000009.index",
              "\0\0\0\1\0\1\0\0"}}) {
        SCOPED_TRACE(row.name);
        LogFixture f(kSmall);
        for (const auto& [path, content] : reference.disk.files())
            f.disk.put(path, as_text(*content));
        if (row.content == nullptr) {
            f.disk.files().erase(f.path(row.file));
        } else {
            const std::string_view text = row.content;
            f.disk.put(f.path(row.file), text.empty() ? std::string_view(row.content, 8) : text);
        }
        ASSERT_TRUE(f.open(true, {10}));
        EXPECT_EQ(f.log->report().segments_recovered, 1U);
        EXPECT_EQ(f.log->end_offset(), Offset{10});
        EXPECT_THAT(f.batches_from(0), SizeIs(10));
        ASSERT_TRUE(f.close());
        for (const auto& [path, content] : reference.disk.files()) {
            SCOPED_TRACE(path);
            EXPECT_EQ(f.disk.text(path), as_text(*content)) << "as it was";
        }
    }
}

TEST(LogOpen, LeftoversGoAndUnknownFilesStay) {
    LogFixture f;
    for (const char* name :
         {"00000000000000000000.log.deleted", "00000000000000000000.log.cleaned",
          "00000000000000000005.index", "notes.txt", "quorum-state", "leader-epoch-checkpoint.tmp"})
        f.disk.put(f.path(name), "x");
    f.start();
    EXPECT_THAT(f.log->report().unknown_files, ElementsAre("notes.txt", "quorum-state"));
    EXPECT_THAT(f.names(), ElementsAre("00000000000000000000.log", "leader-epoch-checkpoint.tmp",
                                       "notes.txt", "partition.metadata", "quorum-state"));
}

TEST(LogOpen, ACleanedSegmentThatWaitsForItsPlaceGetsIt) {
    LogFixture f(kSmall);
    f.start();
    fill(f);
    ASSERT_TRUE(f.close());
    // Offsets 0 to 5 in one segment, as a cleaner writes it; the first two batches are gone.
    const std::string first = f.disk.text(f.path("00000000000000000000.log"));
    const std::string second = f.disk.text(f.path("00000000000000000003.log"));
    f.disk.put(f.path("00000000000000000000.log.swap"),
               first.substr(first.size() / 3 * 2) + second);
    for (const bool unfinished : {true, false}) {
        SCOPED_TRACE(unfinished);
        LogFixture g(kSmall);
        for (const auto& [path, content] : f.disk.files()) g.disk.put(path, as_text(*content));
        if (unfinished) g.disk.put(g.path("00000000000000000000.log.cleaned"), "x");
        ASSERT_TRUE(g.open(true, {10}));
        EXPECT_EQ(g.log->end_offset(), Offset{10});
        EXPECT_EQ(g.batches_from(0).front(), unfinished ? 0 : 2);
        EXPECT_THAT(g.batches_from(2), ElementsAre(2, 3, 4, 5, 6, 7, 8, 9));
        EXPECT_EQ(g.log->segment_count(), unfinished ? 4U : 3U);
        EXPECT_THAT(g.names(), Not(Contains(testing::EndsWith(".swap"))));
    }
}

TEST(LogOpen, ALogThatEndsBeforeItsStartBeginsAnew) {
    LogFixture f;
    f.start();
    fill(f, 3);
    ASSERT_TRUE(f.open(false, {0}, {7}));
    EXPECT_EQ(f.log->log_start_offset(), Offset{7});
    EXPECT_EQ(f.log->end_offset(), Offset{7});
    EXPECT_EQ(f.append(), "[7, 8)");
    ASSERT_TRUE(f.open(false, {0}, {7}));
    EXPECT_EQ(f.log->end_offset(), Offset{8});
}

TEST(LogOpen, BegunAnewItTakesNoNewBatchForAnOldOne) {
    LogFixture f;
    f.start();
    fill(f, 3);
    ASSERT_TRUE(f.log->roll(f.now));
    f.disk.run();
    // What a loss of power leaves when the log start was noted, and nothing was flushed.
    const std::string all = f.disk.text(f.path("00000000000000000000.log"));
    f.disk.put(f.path("00000000000000000000.log"), all.substr(0, all.size() / 3));
    f.disk.files().erase(f.path("00000000000000000003.log"));
    ASSERT_THAT(f.names(), Contains("00000000000000000003.snapshot"));
    ASSERT_TRUE(f.open(false, {0}, {3}));
    const auto append = [&](std::int32_t sequence) {
        return f.append({.producer_id = 9, .producer_epoch = 0, .base_sequence = sequence});
    };
    EXPECT_EQ(append(0), "[3, 4)");
    ASSERT_TRUE(f.open(false, {0}, {3}));
    EXPECT_EQ(append(1), "[4, 5)");
    EXPECT_EQ(append(2), "[5, 6)");
}

TEST(LogOpen, ADiskThatFailsIsAnError) {
    LogFixture f;
    f.start();
    fill(f, 3);
    for (const std::string_view operation : {"open", "read", "sync", "sync directory"}) {
        SCOPED_TRACE(operation);
        f.disk.fail = [&](std::string_view what, const std::string&) -> std::optional<DiskFault> {
            if (what == operation) return DiskFault::failed;
            return std::nullopt;
        };
        f.topic_id = Uuid{1, 2};
        f.disk.files().erase(f.path("partition.metadata"));
        const auto opened = f.open(false);
        ASSERT_FALSE(opened);
        EXPECT_EQ(opened.error().code, ErrorCode::kafka_storage_error);
    }
}

}  // namespace
}  // namespace moldau::log
