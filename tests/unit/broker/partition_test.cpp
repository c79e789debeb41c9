#include "partition.hpp"

#include "log/log_fixture.hpp"
#include "support/lone_shard.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <limits>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace moldau::broker {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

constexpr BrokerId kSelf{1};
constexpr std::int64_t kNever = std::numeric_limits<std::int64_t>::max();

/// A partition that this broker leads alone.
struct Fixture {
    explicit Fixture(std::int64_t flush_messages = kNever) {
        configs.flush_messages = flush_messages;
        configs.flush_ms = -1;
        configs.append.batch_bytes_max = 1'000;
        files.start();
        state.replicas = state.isr = {kSelf};
        state.leader = kSelf;
        state.leader_epoch = {3};
        partition = std::make_unique<Partition>(lone.shard, TopicPartition{Uuid{1, 2}, 0}, "orders",
                                                std::move(files.log), configs,
                                                [this](Partition&) { ++asked_to_write; });
        partition->set_state(state, kSelf);
    }

    void append(const log::MadeBatch& batch = {}, bool all_replicas = true) {
        const Bytes bytes = log::make(batch);
        const std::size_t index = told.size();
        told.emplace_back("waits");
        partition->append(validator, bytes, bytes, all_replicas, [this, index](AppendOutcome got) {
            told[index] = got.error == ErrorCode::none
                              ? "at " + std::to_string(got.base_offset.value)
                              : std::string(name(got.error));
        });
    }

    support::LoneShard lone;
    log::LogFixture files;
    TopicConfigs configs;
    metadata::Partition state;
    record::AppendValidator validator;
    int asked_to_write = 0;
    std::vector<std::string> told;
    std::unique_ptr<Partition> partition;  // the last: its end tells who still waits
};

TEST(Partition, AnswersWhenTheBatchesOfATurnAreWrittenInOneCall) {
    Fixture f;
    f.files.disk.calls.clear();
    f.append();
    f.append({.count = 2});
    EXPECT_EQ(f.asked_to_write, 1) << "once for a turn";
    EXPECT_THAT(f.told, ElementsAre("waits", "waits"));
    EXPECT_EQ(f.partition->high_watermark(), Offset{0});
    f.partition->write();
    EXPECT_THAT(f.told, ElementsAre("at 0", "at 1"));
    EXPECT_EQ(f.partition->high_watermark(), Offset{3});
    EXPECT_EQ(f.files.disk.calls.size(), 1U);
    f.append();
    EXPECT_EQ(f.asked_to_write, 2);
}

TEST(Partition, WithFlushMessagesAnAnswerAndTheHighWatermarkWaitForTheFlush) {
    Fixture f(1);
    f.append();
    f.partition->write();
    EXPECT_THAT(f.told, ElementsAre("waits"));
    EXPECT_EQ(f.partition->high_watermark(), Offset{0});
    // What comes while a flush is under way shares the next one.
    f.append();
    f.partition->write();
    f.files.disk.run();
    EXPECT_THAT(f.told, ElementsAre("at 0", "at 1"));
    EXPECT_EQ(f.partition->high_watermark(), Offset{2});
    EXPECT_EQ(f.partition->log().recovery_point(), Offset{2});
}

TEST(Partition, AFlushThatFailsAcknowledgesNothingAndIsNotTriedAgain) {
    Fixture f(1);
    f.append();
    f.partition->write();
    int syncs = 0;
    f.files.disk.fail = [&syncs](std::string_view what,
                                 const std::string&) -> std::optional<DiskFault> {
        if (what != "sync") return std::nullopt;
        return ++syncs == 1 ? std::optional(DiskFault::failed) : std::nullopt;
    };
    f.append();
    f.partition->write();
    f.files.disk.run();
    EXPECT_THAT(f.told, ElementsAre("KAFKA_STORAGE_ERROR", "KAFKA_STORAGE_ERROR"));
    EXPECT_EQ(f.partition->high_watermark(), Offset{0});
    EXPECT_TRUE(f.partition->log().is_offline());
    const int before = syncs;
    f.append();
    f.partition->write();
    f.files.disk.run();
    EXPECT_EQ(f.told.back(), "KAFKA_STORAGE_ERROR");
    EXPECT_EQ(syncs, before);
    EXPECT_EQ(f.partition->high_watermark(), Offset{0});
}

/// Another log with the same records.
std::unique_ptr<log::Log> copy_of(log::LogFixture& other, int batches) {
    other.start();
    for (int i = 0; i < batches; ++i) other.append();
    return std::move(other.log);
}

TEST(Partition, GoesOnInAnotherLogWhereNobodyIsToldOfAFlushBeforeThatOnesOwn) {
    Fixture f(1);
    f.append();
    f.partition->write();
    f.files.disk.run();
    f.partition->hold_flushes(true);
    f.append();
    f.partition->write();
    f.files.disk.run();
    EXPECT_THAT(f.told, ElementsAre("at 0", "waits")) << "flushes are held";
    EXPECT_EQ(f.partition->high_watermark(), Offset{1});

    log::LogFixture other;
    const std::unique_ptr<log::Log> old = f.partition->exchange_log(copy_of(other, 2));
    EXPECT_EQ(old->end_offset(), Offset{2});
    f.partition->hold_flushes(false);
    EXPECT_EQ(f.told.back(), "waits");
    other.disk.run();
    EXPECT_EQ(f.told.back(), "at 1");
    EXPECT_EQ(f.partition->high_watermark(), Offset{2});
    f.append();
    f.partition->write();
    other.disk.run();
    EXPECT_EQ(f.told.back(), "at 2");
    EXPECT_EQ(f.partition->log().end_offset(), Offset{3});
    EXPECT_EQ(old->end_offset(), Offset{2}) << "the old one gets nothing more";
    f.partition.reset();  // before the files of its log
}

TEST(Partition, WithoutFlushesToWaitForHoldingThemHoldsNobodyUp) {
    Fixture f;
    f.partition->hold_flushes(true);
    f.append();
    f.partition->write();
    EXPECT_THAT(f.told, ElementsAre("at 0"));
    f.partition->hold_flushes(false);
}

TEST(Partition, AFullDiskRefusesWritesAndTakesThemWhenThereIsRoom) {
    Fixture f;
    f.append();
    f.partition->write();
    f.files.disk.bytes_max = 1;
    f.append();
    f.append();
    f.partition->write();
    EXPECT_THAT(f.told, ElementsAre("at 0", "KAFKA_STORAGE_ERROR", "KAFKA_STORAGE_ERROR"));
    EXPECT_FALSE(f.partition->log().is_offline());
    EXPECT_EQ(f.partition->high_watermark(), Offset{1});
    f.files.disk.bytes_max = 1U << 30U;
    f.append();
    f.partition->write();
    EXPECT_EQ(f.told.back(), "at 1");
}

TEST(Partition, ABatchInFlightBehindOneThatHadNoRoomIsNotTakenBeforeIt) {
    Fixture f;
    const log::MadeBatch first{.producer_id = 5, .producer_epoch = 0, .base_sequence = 0};
    const log::MadeBatch second{.producer_id = 5, .producer_epoch = 0, .base_sequence = 1};
    f.files.disk.bytes_max = 1;
    f.append(first);
    f.partition->write();
    f.files.disk.bytes_max = 1U << 30U;
    f.append(second);
    EXPECT_EQ(f.told.back(), "OUT_OF_ORDER_SEQUENCE_NUMBER");
    f.append(first);
    f.append(second);
    f.partition->write();
    EXPECT_THAT(f.told,
                ElementsAre("KAFKA_STORAGE_ERROR", "OUT_OF_ORDER_SEQUENCE_NUMBER", "at 0", "at 1"));
}

TEST(Partition, ABatchThatCameBeforeIsAnsweredWithWhereItStandsAndOnlyOnceItIsDurable) {
    Fixture f(1);
    const log::MadeBatch batch{.producer_id = 5, .producer_epoch = 0, .base_sequence = 0};
    f.append(batch);
    f.partition->write();
    f.append(batch);
    f.partition->write();
    EXPECT_THAT(f.told, ElementsAre("waits", "waits"));
    f.files.disk.run();
    EXPECT_THAT(f.told, ElementsAre("at 0", "at 0"));
    EXPECT_EQ(f.partition->log().end_offset(), Offset{1});
}

TEST(Partition, RefusesWhatItMayNotTake) {
    Fixture f;
    f.append({.value = std::string(2'000, 'x')});
    EXPECT_EQ(f.told.back(), "MESSAGE_TOO_LARGE");
    f.append({.producer_id = 5, .producer_epoch = 0, .base_sequence = 0});
    f.append({.producer_id = 5, .producer_epoch = 0, .base_sequence = 9});
    EXPECT_EQ(f.told.back(), "OUT_OF_ORDER_SEQUENCE_NUMBER");
    f.state.replicas = {kSelf, BrokerId{2}};
    f.configs.min_insync_replicas = 2;
    f.partition->set_configs(f.configs);
    f.partition->set_state(f.state, kSelf);
    f.append();
    EXPECT_EQ(f.told.back(), "NOT_ENOUGH_REPLICAS");
    f.append({}, false);
    EXPECT_EQ(f.told.back(), "waits") << "acks=1 asks for no more than the leader";
}

TEST(Partition, WhatIsOnItsWayIsRefusedWhenTheLeaderChanges) {
    Fixture f(1);
    f.append();
    f.partition->write();
    f.append();
    f.state.leader = BrokerId{2};
    f.partition->set_state(f.state, kSelf);
    EXPECT_THAT(f.told, ElementsAre("NOT_LEADER_OR_FOLLOWER", "NOT_LEADER_OR_FOLLOWER"));
    f.files.disk.run();
    f.partition->write();
    f.append();
    EXPECT_EQ(f.told.back(), "NOT_LEADER_OR_FOLLOWER");
    EXPECT_EQ(f.partition->log().end_offset(), Offset{1}) << "the second one was never written";
}

TEST(Partition, ServesTheLeaderEpochThatARequestBelievesInAndNoOther) {
    Fixture f;
    EXPECT_EQ(f.partition->check_leader(-1), ErrorCode::none);
    EXPECT_EQ(f.partition->check_leader(3), ErrorCode::none);
    EXPECT_EQ(f.partition->check_leader(2), ErrorCode::fenced_leader_epoch);
    EXPECT_EQ(f.partition->check_leader(4), ErrorCode::unknown_leader_epoch);
}

TEST(Partition, ThatIsOfflineSaysSoWhoeverLeadsIt) {
    Fixture f;
    f.partition->log().take_offline(Error{ErrorCode::kafka_storage_error, "the disk is gone"});
    EXPECT_EQ(f.partition->check_leader(-1), ErrorCode::kafka_storage_error);
    f.state.leader = metadata::kNoLeader;
    f.state.leader_epoch = {4};
    f.partition->set_state(f.state, kSelf);
    for (const std::int32_t epoch : {-1, 3, 4})
        EXPECT_EQ(f.partition->check_leader(epoch), ErrorCode::kafka_storage_error);
}

TEST(Partition, WakesAWaiterOnceWhenThereIsEnoughForIt) {
    Fixture f;
    int woken = 0;
    const std::uint64_t one = log::make(log::MadeBatch{}).size();
    FetchWaiter waiter(2 * one, Isolation::read_uncommitted, [&woken] { ++woken; });
    f.partition->add_waiter(waiter);
    f.append();
    f.partition->write();
    EXPECT_EQ(woken, 0);
    f.append();
    f.partition->write();
    EXPECT_EQ(woken, 1);
    f.append();
    f.partition->write();
    EXPECT_EQ(woken, 1);
}

TEST(Partition, WakesWhoWaitsForCommittedRecordsOnlyWhenThoseCome) {
    Fixture f;
    int woken = 0;
    FetchWaiter waiter(1, Isolation::read_committed, [&woken] { ++woken; });
    f.append({.producer_id = 5, .producer_epoch = 0, .base_sequence = 0, .is_transactional = true});
    f.partition->write();
    f.partition->add_waiter(waiter);
    f.append();
    f.partition->write();
    EXPECT_EQ(woken, 0) << "it lies behind an open transaction";
    EXPECT_EQ(f.partition->readable_end(Isolation::read_committed), Offset{0});
    EXPECT_EQ(f.partition->readable_end(Isolation::read_uncommitted), Offset{2});
}

TEST(Partition, WakesAllWhoWaitWhenItChangesAndWhenItGoes) {
    Fixture f;
    int woken = 0;
    FetchWaiter first(1'000, Isolation::read_uncommitted, [&woken] { ++woken; });
    f.partition->add_waiter(first);
    f.partition->set_state(f.state, kSelf);
    EXPECT_EQ(woken, 1);
    FetchWaiter second(1'000, Isolation::read_uncommitted, [&woken] { ++woken; });
    {
        FetchWaiter gone(1'000, Isolation::read_uncommitted, [&woken] { woken += 100; });
        f.partition->add_waiter(gone);
        f.partition->add_waiter(second);
    }
    f.append();
    f.partition.reset();
    EXPECT_EQ(woken, 2) << "who has left is not called";
    EXPECT_EQ(f.told.back(), "NOT_LEADER_OR_FOLLOWER");
}

TEST(Partition, FlushesByAgeWhatFlushMsSays) {
    Fixture f;
    f.configs.flush_ms = 100;
    f.partition->set_configs(f.configs);
    EXPECT_EQ(f.partition->next_flush(), runtime::kForever);
    f.append();
    f.partition->write();
    const MonoTime due = f.lone.shard.now() + std::chrono::milliseconds(100);
    EXPECT_EQ(f.partition->next_flush(), due);
    f.partition->flush_if_due(due - Duration(1));
    f.files.disk.run();
    EXPECT_EQ(f.partition->log().recovery_point(), Offset{0});
    f.partition->flush_if_due(due);
    f.files.disk.run();
    EXPECT_EQ(f.partition->log().recovery_point(), Offset{1});
    EXPECT_EQ(f.partition->next_flush(), runtime::kForever);
}

}  // namespace
}  // namespace moldau::broker
