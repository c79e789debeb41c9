#include "moldau/raft/quorum.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>
#include <iterator>
#include <string>

namespace moldau::raft {
namespace {

const ReplicaKey kSelf{1, Uuid{8, 9}};

protocol::VotersRecord voters_record(std::vector<ReplicaKey> keys) {
    protocol::VotersRecord record;
    for (const ReplicaKey& key : keys) {
        protocol::VotersRecord::Voter voter;
        voter.voter_id = key.id;
        voter.voter_directory_id = key.directory;
        voter.k_raft_version_feature.max_supported_version = 1;
        record.voters.push_back(std::move(voter));
    }
    return record;
}

Quorum::Start fresh() {
    return {.self = kSelf,
            .stored = std::nullopt,
            .voters = {.kraft_version = 1, .record = voters_record({kSelf})},
            .static_voters = {}};
}

LogBatch parsed(const Bytes& bytes) {
    BatchReader reader(bytes);
    LogBatch batch;
    const Result<bool> read = reader.next(batch);
    EXPECT_TRUE(read) << read.error().detail;
    batch.payloads.clear();  // the reader goes
    return batch;
}

Effects elect(Quorum& quorum) {
    EXPECT_TRUE(quorum.start());
    return quorum.persisted(Timestamp{50});
}

Bytes payload(std::size_t size) {
    return Bytes::copy_of(as_bytes(std::string(size, 'x')));
}

TEST(Quorum, TheOnlyVoterPersistsItsVoteAndLeadsOnlyThen) {
    Quorum quorum(fresh());
    const Result<Effects> started = quorum.start();
    ASSERT_TRUE(started);
    EXPECT_EQ(started->persist, (QuorumState{.epoch = {1}, .voted = kSelf}));
    EXPECT_TRUE(started->append.empty());
    EXPECT_FALSE(started->elected);
    EXPECT_EQ(quorum.role(), Role::candidate);
    EXPECT_EQ(quorum.append(Timestamp{1}, std::vector<Bytes>{payload(1)}, true).error().code,
              ErrorCode::not_controller);

    const Effects led = quorum.persisted(Timestamp{50});
    EXPECT_EQ(led.persist, (QuorumState{.epoch = {1}, .leader = 1}));
    EXPECT_EQ(led.elected, LeaderEpoch{1});
    EXPECT_FALSE(led.high_watermark);
    ASSERT_EQ(led.append.size(), 1U);
    EXPECT_EQ(quorum.end_offset(), Offset{3});
    EXPECT_TRUE(quorum.persisted(Timestamp{51}).append.empty());
}

TEST(Quorum, ItsFirstBatchIsKafkasToTheByte) {
    std::ifstream file(MOLDAU_SOURCE_DIR "/tests/golden/metadata/clean/00000000000000000000.log",
                       std::ios::binary);
    const std::string log{std::istreambuf_iterator<char>(file), {}};
    BatchReader reader(as_bytes(log));
    LogBatch kafkas;
    ASSERT_TRUE(*reader.next(kafkas));
    const auto voters = std::get<protocol::VotersRecord>(kafkas.control.at(2));
    Quorum::Start start = fresh();
    start.self.directory = voters.voters.at(0).voter_directory_id;
    start.voters.record = voters;
    Quorum quorum(start);
    ASSERT_TRUE(quorum.start());
    const Effects led = quorum.persisted(kafkas.timestamp);
    EXPECT_EQ(as_text(led.append.at(0)), std::string_view(log).substr(0, kafkas.size_bytes));
}

TEST(Quorum, LaterElectionsWriteTheLeaderAlone) {
    Quorum::Start start = fresh();
    start.stored = QuorumState{.epoch = {4}, .leader = 1};
    start.voters.is_in_log = true;
    start.log_end = Offset{100};
    start.last_epoch = LeaderEpoch{4};
    Quorum quorum(start);
    const Effects led = elect(quorum);
    const LogBatch batch = parsed(led.append.at(0));
    ASSERT_EQ(batch.control.size(), 1U);
    const auto& change = std::get<protocol::LeaderChangeMessage>(batch.control[0]);
    EXPECT_EQ(change.leader_id, 1);
    EXPECT_EQ(change.voters.size(), 1U);
    EXPECT_EQ(change.granting_voters.size(), 1U);
    EXPECT_EQ(batch.base_offset, Offset{100});
    EXPECT_EQ(batch.epoch, LeaderEpoch{5});
}

TEST(Quorum, AnEpochIsNeverTakenTwice) {
    Quorum::Start start = fresh();
    start.last_epoch = LeaderEpoch{9};  // the file is lost or old, the log has seen epoch 9
    Quorum without_file(start);
    ASSERT_TRUE(without_file.start());
    EXPECT_EQ(without_file.epoch(), LeaderEpoch{10});
    start.stored = QuorumState{.epoch = {12}, .voted = kSelf};  // voted, and died before it led
    Quorum voted(start);
    ASSERT_TRUE(voted.start());
    EXPECT_EQ(voted.epoch(), LeaderEpoch{13});
    start.stored->epoch = LeaderEpoch{INT32_MAX};
    EXPECT_FALSE(Quorum(start).start());
}

TEST(Quorum, WhatIsFlushedIsCommittedOnceARecordOfTheEpochIs) {
    Quorum::Start start = fresh();
    start.log_end = Offset{100};
    Quorum quorum(start);
    EXPECT_FALSE(quorum.flushed(Offset{100}).high_watermark);
    elect(quorum);
    EXPECT_FALSE(quorum.flushed(Offset{100}).high_watermark);
    EXPECT_EQ(quorum.high_watermark(), std::nullopt);
    EXPECT_EQ(quorum.flushed(Offset{103}).high_watermark, Offset{103});
    EXPECT_FALSE(quorum.flushed(Offset{103}).high_watermark);
    const auto appended =
        quorum.append(Timestamp{60}, std::vector<Bytes>{payload(1), payload(2)}, true);
    ASSERT_TRUE(appended);
    EXPECT_EQ(appended->offsets, (OffsetRange{Offset{103}, Offset{105}}));
    EXPECT_FALSE(appended->effects.high_watermark);
    EXPECT_EQ(quorum.high_watermark(), Offset{103});
    EXPECT_EQ(quorum.flushed(Offset{105}).high_watermark, Offset{105});
}

TEST(Quorum, RecordsThatBelongTogetherAreOneBatchAndOthersAsManyAsTheyNeed) {
    Quorum quorum(fresh());
    elect(quorum);
    const std::vector<Bytes> records(30, payload(100'000));
    const auto together = quorum.append(Timestamp{60}, records, true);
    ASSERT_TRUE(together);
    EXPECT_EQ(together->effects.append.size(), 1U);
    const auto apart = quorum.append(Timestamp{60}, records, false);
    ASSERT_TRUE(apart);
    EXPECT_EQ(apart->effects.append.size(), 3U);
    Offset expected = apart->offsets.first;
    for (const Bytes& bytes : apart->effects.append) {
        const LogBatch batch = parsed(bytes);
        EXPECT_EQ(batch.base_offset, expected);
        expected = batch.end_offset;
    }
    EXPECT_EQ(expected, apart->offsets.end);
    EXPECT_EQ(quorum.end_offset(), expected);

    const std::vector<Bytes> too_many(100, payload(100'000));
    const auto refused = quorum.append(Timestamp{60}, too_many, true);
    ASSERT_FALSE(refused);
    EXPECT_EQ(refused.error().code, ErrorCode::message_too_large);
    EXPECT_EQ(quorum.end_offset(), expected);
    EXPECT_TRUE(quorum.append(Timestamp{60}, {}, true)->effects.append.empty());
}

TEST(Quorum, OfOthersOrOfManyIsRefused) {
    const ReplicaKey other{2, Uuid{7, 7}};
    const ReplicaKey other_disk{1, Uuid{7, 7}};
    for (const auto& keys :
         std::vector<std::vector<ReplicaKey>>{{kSelf, other}, {other}, {other_disk}, {}}) {
        Quorum::Start start = fresh();
        start.voters.record = voters_record(keys);
        const Result<Effects> started = Quorum(start).start();
        ASSERT_FALSE(started);
        EXPECT_EQ(started.error().code, ErrorCode::inconsistent_voter_set);
    }
    Quorum::Start nobody = fresh();
    nobody.voters.record = std::nullopt;
    EXPECT_FALSE(Quorum(nobody).start());
}

TEST(Quorum, AtKraftVersion0TheSettingsSayWhoVotes) {
    Quorum::Start start = fresh();
    start.voters = {};
    EXPECT_FALSE(Quorum(start).start());
    start.static_voters = {1};
    Quorum quorum(start);
    const Effects led = elect(quorum);
    EXPECT_EQ(led.persist->data_version, 0);
    EXPECT_EQ(led.persist->voters, std::vector<std::int32_t>{1});
    EXPECT_EQ(parsed(led.append.at(0)).control.size(), 1U);
}

TEST(Quorum, IsUpgradedOnceByTheVotersThatItHas) {
    Quorum::Start start = fresh();
    start.voters = {};
    start.static_voters = {1};
    Quorum quorum(start);
    EXPECT_EQ(quorum.upgrade(Timestamp{1}, voters_record({kSelf})).error().code,
              ErrorCode::not_controller);
    EXPECT_EQ(elect(quorum).append.size(), 1U);
    EXPECT_EQ(quorum.flushed(Offset{1}).high_watermark, Offset{1});
    EXPECT_EQ(quorum.upgrade(Timestamp{60}, voters_record({kSelf, {2, {}}})).error().code,
              ErrorCode::invalid_request);
    const Result<Appended> upgraded = quorum.upgrade(Timestamp{60}, voters_record({kSelf}));
    ASSERT_TRUE(upgraded);
    EXPECT_EQ(upgraded->offsets.end, Offset{3});
    EXPECT_EQ(quorum.voters().kraft_version, 1);
    EXPECT_EQ(quorum.flushed(Offset{3}).high_watermark, Offset{3});
    EXPECT_EQ(quorum.upgrade(Timestamp{61}, voters_record({kSelf})).error().code,
              ErrorCode::invalid_request);

    // The next start has it from the log, and needs no settings.
    const LogBatch batch = parsed(upgraded->effects.append.at(0));
    EXPECT_EQ(batch.control.size(), 2U);
    start.voters.observe(batch);
    start.static_voters.clear();
    start.log_end = Offset{3};
    Quorum next(start);
    const Effects led = elect(next);
    EXPECT_EQ(led.persist->data_version, 1);
    EXPECT_EQ(parsed(led.append.at(0)).control.size(), 1U) << "the leader alone";
}

TEST(Voters, AreThoseOfTheLastRecord) {
    Voters voters;
    voters.observe({.last_contained = {}, .kraft_version = 1, .voters = voters_record({kSelf})},
                   kFirstSnapshot);
    EXPECT_EQ(voters.kraft_version, 1);
    EXPECT_FALSE(voters.is_in_log);
    Voters later = voters;
    later.observe({.last_contained = {}, .kraft_version = 1, .voters = voters_record({kSelf})},
                  SnapshotId{Offset{9}, LeaderEpoch{1}});
    EXPECT_TRUE(later.is_in_log);
    LogBatch batch;
    batch.is_control = true;
    batch.control.emplace_back(voters_record({kSelf, {2, {}}}));
    voters.observe(batch);
    EXPECT_TRUE(voters.is_in_log);
    EXPECT_EQ(voters.record->voters.size(), 2U);
}

}  // namespace
}  // namespace moldau::raft
