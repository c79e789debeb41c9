#include "moldau/raft/snapshot.hpp"

#include <gtest/gtest.h>

#include <string>

namespace moldau::raft {
namespace {

constexpr SnapshotId kId{Offset{403}, LeaderEpoch{2}};

std::string joined(const std::vector<Bytes>& batches) {
    std::string file;
    for (const Bytes& batch : batches) file += as_text(batch);
    return file;
}

std::string snapshot_with(const std::vector<std::string>& payloads, SnapshotHead head = {}) {
    SnapshotWriter writer(kId, Timestamp{5}, head);
    for (const std::string& payload : payloads) EXPECT_TRUE(writer.append(as_bytes(payload)));
    writer.finish();
    return joined(writer.take());
}

Result<std::vector<std::string>> read(const std::string& file) {
    SnapshotReader reader(as_bytes(file));
    if (const auto head = reader.head(); !head) return head.error();
    std::vector<std::string> all;
    for (;;) {
        const auto payloads = reader.next();
        if (!payloads) return payloads.error();
        if (!*payloads) return all;
        for (const BytesView payload : **payloads) all.emplace_back(as_text(payload));
    }
}

TEST(Snapshot, IsNamedByItsEndOffsetAndEpoch) {
    EXPECT_EQ(file_name(kId), "00000000000000000403-0000000002.checkpoint");
    EXPECT_EQ(parse_snapshot_name("00000000000000000403-0000000002.checkpoint"), kId);
    for (const std::string_view other :
         {"bootstrap.checkpoint", "00000000000000000403-0000000002.checkpoint.part",
          "00000000000000000403-0000000002.checkpoint.deleted",
          "0000000000000000403-00000000002.checkpoint",
          "-0000000000000000403-0000000002.checkpoint",
          "99999999999999999999-0000000002.checkpoint",
          "00000000000000000403-9999999999.checkpoint", "00000000000000000403.log", ""})
        EXPECT_EQ(parse_snapshot_name(other), std::nullopt) << other;
}

TEST(Snapshot, IsReadAsItWasWritten) {
    protocol::VotersRecord voters;
    voters.voters.resize(1);
    const SnapshotHead head{.last_contained = Timestamp{99}, .kraft_version = 1, .voters = voters};
    const std::string file = snapshot_with({"a", "b", "c"}, head);
    SnapshotReader reader(as_bytes(file));
    const auto read_head = reader.head();
    ASSERT_TRUE(read_head);
    EXPECT_EQ(*read_head, head);
    const auto all = read(file);
    ASSERT_TRUE(all);
    EXPECT_EQ(*all, (std::vector<std::string>{"a", "b", "c"}));
    EXPECT_TRUE(read(snapshot_with({}))->empty());
}

TEST(Snapshot, ALargeOneIsMadeAndGivenInPieces) {
    SnapshotWriter writer(kId, Timestamp{5}, {});
    const std::string payload(100'000, 'p');
    std::string file;
    std::size_t largest = 0;
    for (int i = 0; i < 50; ++i) {
        ASSERT_TRUE(writer.append(as_bytes(payload)));
        for (const Bytes& batch : writer.take()) {
            largest = std::max(largest, batch.size());
            file += as_text(batch);
        }
    }
    EXPECT_GT(largest, 500'000U);
    EXPECT_LT(largest, 1'200'000U);
    writer.finish();
    file += joined(writer.take());
    const auto all = read(file);
    ASSERT_TRUE(all) << all.error().detail;
    EXPECT_EQ(all->size(), 50U);

    const Result<> refused = SnapshotWriter(kId, Timestamp{5}, {})
                                 .append(as_bytes(std::string(kBatchBytesMax + 1, 'x')));
    ASSERT_FALSE(refused);
    EXPECT_EQ(refused.error().code, ErrorCode::message_too_large);
}

TEST(Snapshot, ThatWasNeverFinishedOrGoesOnBehindItsFooterIsRefused) {
    SnapshotWriter writer(kId, Timestamp{5}, {});
    ASSERT_TRUE(writer.append(as_bytes("a")));
    writer.finish();
    const std::vector<Bytes> batches = writer.take();
    ASSERT_EQ(batches.size(), 3U);
    EXPECT_TRUE(read(joined(batches)));
    EXPECT_FALSE(read(joined({batches[0], batches[1]})));  // no footer
    EXPECT_FALSE(read(joined({batches[0]})));              // no footer
    EXPECT_FALSE(read(joined({batches[1], batches[2]})));  // no header
    EXPECT_FALSE(read(joined({batches[0], batches[2]})));  // a batch is missing
    EXPECT_FALSE(read(joined({batches[0], batches[1], batches[2], batches[0]})));
    EXPECT_FALSE(read(""));
}

}  // namespace
}  // namespace moldau::raft
