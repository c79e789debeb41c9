#include "moldau/raft/control_records.hpp"

#include "moldau/record/control.hpp"

#include <gtest/gtest.h>

#include <array>

namespace moldau::raft {
namespace {

protocol::VotersRecord one_voter() {
    protocol::VotersRecord voters;
    voters.voters.resize(1);
    voters.voters[0].voter_id = 1;
    voters.voters[0].voter_directory_id = {3, 4};
    voters.voters[0].endpoints.resize(1);
    voters.voters[0].endpoints[0].name = "CONTROLLER";
    voters.voters[0].endpoints[0].host = "127.0.0.1";
    voters.voters[0].endpoints[0].port = 9093;
    voters.voters[0].k_raft_version_feature.max_supported_version = 1;
    return voters;
}

TEST(ControlRecords, AreReadAsTheyWereWritten) {
    protocol::LeaderChangeMessage change;
    change.leader_id = 1;
    change.voters.resize(1);
    protocol::SnapshotHeaderRecord header;
    header.last_contained_log_timestamp = 77;
    protocol::KRaftVersionRecord version;
    version.k_raft_version = 1;
    for (const ControlRecord& record :
         {ControlRecord(change), ControlRecord(header), ControlRecord(version),
          ControlRecord(one_voter()), ControlRecord(protocol::SnapshotFooterRecord())}) {
        const EncodedControl encoded = encode_control(record);
        const Result<ControlRecord> back = decode_control(encoded.key, encoded.value);
        ASSERT_TRUE(back) << back.error().detail;
        EXPECT_EQ(*back, record);
    }
}

TEST(ControlRecords, OfANewerTypeArePassedOver) {
    const std::array<std::byte, 4> key{std::byte{0}, std::byte{0}, std::byte{0}, std::byte{42}};
    const Result<ControlRecord> record = decode_control(key, as_bytes("anything"));
    ASSERT_TRUE(record);
    EXPECT_EQ(*record, ControlRecord(UnknownControl{42}));
}

TEST(ControlRecords, OfANewerVersionOrMalformedAreRefused) {
    const auto key = record::control_key(record::ControlType::kraft_version);
    const std::array<std::byte, 5> newer{std::byte{0}, std::byte{1}, std::byte{0}, std::byte{1},
                                         std::byte{0}};
    const Result<ControlRecord> refused = decode_control(key, newer);
    ASSERT_FALSE(refused);
    EXPECT_EQ(refused.error().code, ErrorCode::unsupported_version);
    EXPECT_FALSE(decode_control(key, BytesView(newer).first(1)));
    const std::array<std::byte, 2> cut{};
    EXPECT_FALSE(decode_control(key, cut));
    EXPECT_FALSE(decode_control(BytesView(key).first(3), newer));
}

}  // namespace
}  // namespace moldau::raft
