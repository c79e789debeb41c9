#include "moldau/log/producer_state.hpp"

#include "made_batch.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <limits>

namespace moldau::log {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;
using testing::SizeIs;

constexpr ProducerId kProducer{7};

struct Fixture {
    /// "ok", "duplicate at N", or the error's name; what is ok is committed.
    std::string take(const Bytes& batch, BatchOrigin origin = BatchOrigin::client) {
        const auto staged = state.stage(view(batch), origin);
        if (!staged) {
            state.rollback();
            return std::string(name(staged.error().code));
        }
        state.commit(aborted);
        if (*staged) return "duplicate at " + std::to_string((*staged)->first_offset().value);
        return "ok";
    }
    std::string data(std::int64_t offset, std::int32_t sequence, std::int32_t count = 1,
                     std::int16_t epoch = 0, bool transactional = false,
                     BatchOrigin origin = BatchOrigin::client) {
        return take(make(MadeBatch{.base_offset = offset,
                                   .count = count,
                                   .producer_id = kProducer.value,
                                   .producer_epoch = epoch,
                                   .base_sequence = sequence,
                                   .is_transactional = transactional}),
                    origin);
    }
    ProducerState state;
    std::vector<AbortedTransaction> aborted;
};

TEST(ProducerState, TakesSequencesInOrderOnly) {
    Fixture f;
    EXPECT_EQ(f.data(0, 0, 3), "ok");
    EXPECT_EQ(f.data(3, 4), "OUT_OF_ORDER_SEQUENCE_NUMBER");
    EXPECT_EQ(f.data(3, 3), "ok");
    EXPECT_EQ(f.data(4, 3, 2), "OUT_OF_ORDER_SEQUENCE_NUMBER");
}

TEST(ProducerState, AnswersTheLastFiveBatchesWithWhereTheyStand) {
    Fixture f;
    for (int i = 0; i < 6; ++i) EXPECT_EQ(f.data(i * 2, i * 2, 2), "ok");
    EXPECT_EQ(f.data(12, 0, 2), "OUT_OF_ORDER_SEQUENCE_NUMBER") << "the sixth is forgotten";
    for (int i = 1; i < 6; ++i)
        EXPECT_EQ(f.data(12, i * 2, 2), "duplicate at " + std::to_string(i * 2));
}

TEST(ProducerState, OfAnUnknownProducerNothingIsTakenThatIsBehindABatchThatWasRefused) {
    Fixture f;
    const auto refuse = [&f](std::int32_t sequence, std::int16_t epoch = 0) {
        const Bytes batch = make(MadeBatch{
            .producer_id = kProducer.value, .producer_epoch = epoch, .base_sequence = sequence});
        f.state.was_refused(batch);
    };
    refuse(4);
    refuse(3);
    refuse(5);
    EXPECT_EQ(f.data(0, 4), "OUT_OF_ORDER_SEQUENCE_NUMBER") << "the producer sends 3 again";
    EXPECT_EQ(f.data(0, 2), "ok") << "what stands before it was never seen";
    EXPECT_EQ(f.data(1, 3), "ok");
    refuse(9);  // known: its sequences tell
    EXPECT_EQ(f.data(2, 4), "ok");
    f.state.clear();
    refuse(6);
    EXPECT_EQ(f.data(0, 9, 1, 1), "ok") << "a new epoch is another history";
    f.state.clear();
    refuse(std::numeric_limits<std::int32_t>::max());
    EXPECT_EQ(f.data(0, 0), "OUT_OF_ORDER_SEQUENCE_NUMBER") << "0 comes behind the largest";
    f.state.remove_expired(Timestamp{std::numeric_limits<std::int64_t>::max()}, 1);
    EXPECT_EQ(f.data(0, 0), "ok") << "who has not come back for so long will not";
}

TEST(ProducerState, SequencesGoOnAtZeroBehindTheLargest) {
    Fixture f;
    EXPECT_EQ(f.data(0, 2'147'483'646, 3), "ok") << "a producer that is not known goes on";
    EXPECT_EQ(f.data(9, 2'147'483'646, 3), "duplicate at 0");
    EXPECT_EQ(f.data(3, 1), "ok");
}

TEST(ProducerState, ANewEpochBeginsAtZeroAndFencesTheOldOne) {
    Fixture f;
    EXPECT_EQ(f.data(0, 0, 3, 1), "ok");
    EXPECT_EQ(f.data(3, 3, 1, 2), "OUT_OF_ORDER_SEQUENCE_NUMBER");
    EXPECT_EQ(f.data(3, 0, 1, 2), "ok");
    EXPECT_EQ(f.data(4, 3, 1, 1), "INVALID_PRODUCER_EPOCH");
}

TEST(ProducerState, WhatALeaderTookIsNotDoubted) {
    Fixture f;
    EXPECT_EQ(f.data(0, 5, 1, 3, false, BatchOrigin::replication), "ok");
    EXPECT_EQ(f.data(1, 9, 1, 2, false, BatchOrigin::replication), "ok");
}

TEST(ProducerState, WhatDoesNotFollowBeginsAHistoryAnew) {
    Fixture f;
    EXPECT_EQ(f.data(0, 0, 2), "ok");
    // Read back from a log whose writer was forgotten in between, and began at 0 again.
    EXPECT_EQ(f.data(16, 0, 2, 0, false, BatchOrigin::replication), "ok");
    EXPECT_EQ(f.data(18, 0, 2), "duplicate at 16") << "not the older one's place";
    EXPECT_EQ(f.data(18, 2), "ok");
}

TEST(ProducerState, StagedBatchesAreSeenByTheNextOnesAndGoneAfterRollback) {
    ProducerState state;
    const auto first = make(MadeBatch{.producer_id = 7, .producer_epoch = 0, .base_sequence = 0});
    const auto second = make(
        MadeBatch{.base_offset = 1, .producer_id = 7, .producer_epoch = 0, .base_sequence = 1});
    ASSERT_TRUE(state.stage(view(first), BatchOrigin::client));
    ASSERT_TRUE(state.stage(view(second), BatchOrigin::client));
    const auto again = state.stage(view(first), BatchOrigin::client);
    ASSERT_TRUE(again && *again) << "a duplicate of what is staged";
    state.rollback();
    EXPECT_EQ(state.size(), 0U);
    const auto anew = state.stage(view(first), BatchOrigin::client);
    ASSERT_TRUE(anew);
    EXPECT_FALSE(*anew);
}

TEST(ProducerState, AnOpenTransactionHoldsTheLastStableOffset) {
    Fixture f;
    EXPECT_EQ(f.data(5, 0, 2, 0, true), "ok");
    EXPECT_EQ(f.state.first_unstable_offset({100}), Offset{5});
    EXPECT_EQ(f.data(7, 2), "INVALID_TXN_STATE");
    EXPECT_EQ(f.data(7, 2, 1, 0, true), "ok");
    EXPECT_EQ(
        f.take(make(MadeMarker{.base_offset = 8, .producer_id = 7}), BatchOrigin::coordinator),
        "ok");
    EXPECT_EQ(f.state.first_unstable_offset({8}), Offset{5}) << "not replicated yet";
    EXPECT_EQ(f.state.first_unstable_offset({9}), std::nullopt);
    f.state.high_watermark_moved({9});
    EXPECT_EQ(f.state.first_unstable_offset({0}), std::nullopt);
    EXPECT_THAT(f.aborted, IsEmpty());
}

TEST(ProducerState, AnAbortedTransactionIsToldWithTheLastStableOffset) {
    Fixture f;
    const auto open = [&](std::int64_t producer, std::int64_t offset) {
        return f.take(make(MadeBatch{.base_offset = offset,
                                     .producer_id = producer,
                                     .producer_epoch = 0,
                                     .base_sequence = 0,
                                     .is_transactional = true}));
    };
    const auto abort = [&](std::int64_t producer, std::int64_t offset) {
        return f.take(make(MadeMarker{.base_offset = offset,
                                      .producer_id = producer,
                                      .type = record::ControlType::abort}),
                      BatchOrigin::coordinator);
    };
    EXPECT_EQ(open(1, 0), "ok");
    EXPECT_EQ(open(2, 1), "ok");
    EXPECT_EQ(abort(1, 2), "ok");
    EXPECT_EQ(abort(2, 3), "ok");
    EXPECT_THAT(f.aborted, ElementsAre(AbortedTransaction{{1}, {0}, {2}, {1}},
                                       AbortedTransaction{{2}, {1}, {3}, {4}}));
}

TEST(ProducerState, AMarkerOfAnOldCoordinatorOrProducerIsFenced) {
    Fixture f;
    const auto marker = [&](std::int16_t epoch, std::int32_t coordinator) {
        return f.take(
            make(MadeMarker{
                .producer_id = 7, .producer_epoch = epoch, .coordinator_epoch = coordinator}),
            BatchOrigin::coordinator);
    };
    EXPECT_EQ(marker(3, 5), "ok");
    EXPECT_EQ(marker(3, 4), "TRANSACTION_COORDINATOR_FENCED");
    EXPECT_EQ(marker(2, 5), "INVALID_PRODUCER_EPOCH");
    EXPECT_EQ(f.data(0, 0, 1, 3), "ok") << "an epoch that only a marker brought begins at 0";
}

TEST(ProducerState, SilentProducersExpireUnlessATransactionIsOpen) {
    Fixture f;
    EXPECT_EQ(f.data(0, 0), "ok");  // at 1000 ms
    EXPECT_EQ(f.take(make(MadeBatch{.base_offset = 1,
                                    .producer_id = 8,
                                    .producer_epoch = 0,
                                    .base_sequence = 0,
                                    .is_transactional = true})),
              "ok");
    f.state.remove_expired({1'999}, 1'000);
    EXPECT_EQ(f.state.size(), 2U);
    f.state.remove_expired({2'000}, 1'000);
    EXPECT_EQ(f.state.find(kProducer), nullptr);
    EXPECT_NE(f.state.find({8}), nullptr);
}

TEST(ProducerState, ComesBackFromItsSnapshotWithTheLastBatchesOfEach) {
    Fixture f;
    EXPECT_EQ(f.data(0, 0, 2), "ok");
    EXPECT_EQ(f.data(2, 2, 3, 0, true), "ok");
    EXPECT_EQ(f.take(make(MadeMarker{.base_offset = 9, .producer_id = 3})), "ok");
    const auto entries = f.state.snapshot();
    // One for each batch. Who takes only the last one of a producer, as Kafka does, has its newest.
    ASSERT_THAT(entries, SizeIs(3));
    EXPECT_EQ(entries[1].last_offset, 1);
    EXPECT_EQ(entries[2].last_offset, 4);
    Fixture again;
    again.state.load(entries);
    EXPECT_EQ(again.state.snapshot(), entries);
    EXPECT_EQ(again.state.first_unstable_offset({100}), Offset{2});
    EXPECT_EQ(again.data(9, 2, 3, 0, true), "duplicate at 2");
    EXPECT_EQ(again.data(9, 0, 2, 0, true), "duplicate at 0");
    EXPECT_EQ(again.data(9, 5, 1, 0, true), "ok");
}

TEST(ProducerState, TakesOfASnapshotWithEntriesThatContradictTheLast) {
    const ProducerSnapshotEntry older{.producer_id = {7},
                                      .producer_epoch = {0},
                                      .last_sequence = 4,
                                      .last_offset = 50,
                                      .current_transaction_first_offset = Offset{46}};
    ProducerSnapshotEntry newer = older;
    newer.producer_epoch = {1};
    newer.last_offset = 40;
    newer.current_transaction_first_offset.reset();
    ProducerState state;
    state.load({older, newer});
    EXPECT_EQ(state.find({7})->size(), 1U);
    EXPECT_EQ(state.find({7})->epoch, ProducerEpoch{1});
    EXPECT_EQ(state.first_unstable_offset({100}), std::nullopt);
}

TEST(ProducerState, AControlBatchThatIsNoMarkerIsRefused) {
    Fixture f;
    record::BatchBuilder builder;
    record::Packer packer;
    builder.start({.producer_id = {1}, .producer_epoch = {0}, .is_control = true});
    EXPECT_EQ(f.take(builder.finish(packer), BatchOrigin::coordinator), "INVALID_RECORD");
}

}  // namespace
}  // namespace moldau::log
