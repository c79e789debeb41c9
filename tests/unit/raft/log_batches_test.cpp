#include "moldau/raft/log_batches.hpp"

#include "moldau/record/builder.hpp"

#include <gtest/gtest.h>

#include <string>

namespace moldau::raft {
namespace {

constexpr BatchPlace kPlace{Offset{40}, LeaderEpoch{3}, Timestamp{1000}};

std::string text(BytesView bytes) {
    return std::string(as_text(bytes));
}
Bytes payload(std::string_view bytes) {
    return Bytes::copy_of(as_bytes(bytes));
}
Bytes data(const BatchPlace& place, std::vector<Bytes> payloads) {
    const Result<Bytes> batch = data_batch(place, payloads);
    EXPECT_TRUE(batch) << batch.error().detail;
    return *batch;
}

TEST(LogBatches, AreReadInOrderAsTheyWereWritten) {
    protocol::KRaftVersionRecord version;
    version.k_raft_version = 1;
    const std::vector<ControlRecord> control{version, protocol::VotersRecord()};
    const std::string log =
        text(control_batch(kPlace, control)) +
        text(data({Offset{42}, LeaderEpoch{3}, Timestamp{1001}}, {payload("one"), payload("two")}));
    BatchReader reader(as_bytes(log));
    LogBatch batch;
    ASSERT_TRUE(*reader.next(batch));
    EXPECT_TRUE(batch.is_control);
    EXPECT_EQ(batch.control, control);
    EXPECT_TRUE(batch.payloads.empty());
    EXPECT_EQ(batch.base_offset, Offset{40});
    EXPECT_EQ(batch.end_offset, Offset{42});
    EXPECT_EQ(batch.epoch, LeaderEpoch{3});
    EXPECT_EQ(batch.timestamp, Timestamp{1000});
    ASSERT_TRUE(*reader.next(batch));
    EXPECT_FALSE(batch.is_control);
    ASSERT_EQ(batch.payloads.size(), 2U);
    EXPECT_EQ(as_text(batch.payloads[1]), "two");
    EXPECT_TRUE(batch.control.empty());
    EXPECT_EQ(batch.end_offset, Offset{44});
    const Result<bool> end = reader.next(batch);
    ASSERT_TRUE(end);
    EXPECT_FALSE(*end);
}

TEST(LogBatches, ThatArePackedAreRead) {
    record::BatchBuilder builder;
    builder.start({.packing = {.codec = record::Codec::zstd}});
    const std::string large(10'000, 'x');
    for (int i = 0; i < 3; ++i) {
        ASSERT_TRUE(builder.append({.timestamp = Timestamp{1},
                                    .key = std::nullopt,
                                    .value = as_bytes(large),
                                    .headers = {}}));
    }
    record::Packer packer;
    const Bytes packed = builder.finish(packer);
    EXPECT_LT(packed.size(), large.size());
    BatchReader reader(packed);
    LogBatch batch;
    ASSERT_TRUE(*reader.next(batch));
    ASSERT_EQ(batch.payloads.size(), 3U);
    EXPECT_EQ(as_text(batch.payloads[2]), large);
}

TEST(LogBatches, AnyFlippedByteOrMissingTailIsRefused) {
    const std::string whole = text(data(kPlace, {payload("one"), payload("two")}));
    LogBatch batch;
    for (std::size_t at = 16; at < whole.size(); ++at) {  // behind what no CRC covers
        std::string damaged = whole;
        damaged[at] = static_cast<char>(damaged[at] ^ 1);
        BatchReader reader(as_bytes(damaged));
        EXPECT_FALSE(reader.next(batch)) << at;
    }
    for (std::size_t size = 1; size < whole.size(); ++size) {
        BatchReader reader(as_bytes(std::string_view(whole).substr(0, size)));
        const Result<bool> read = reader.next(batch);
        ASSERT_FALSE(read) << size;
        EXPECT_EQ(read.error().code, ErrorCode::corrupt_message);
    }
}

TEST(LogBatches, WithGapsOrNullsAreRefused) {
    record::BatchBuilder builder;
    record::Packer packer;
    LogBatch batch;
    const record::NewRecord record{
        .timestamp = Timestamp{1}, .key = std::nullopt, .value = as_bytes("v"), .headers = {}};
    builder.start({});
    ASSERT_TRUE(builder.append_at(Offset{1}, record));
    const Bytes gap = builder.finish(packer);
    EXPECT_FALSE(BatchReader(gap).next(batch));
    builder.start({});
    ASSERT_TRUE(builder.append(record));
    builder.keep_last_offset(Offset{4});
    const Bytes short_of_records = builder.finish(packer);
    EXPECT_FALSE(BatchReader(short_of_records).next(batch));
    builder.start({});
    ASSERT_TRUE(builder.append(
        {.timestamp = Timestamp{1}, .key = std::nullopt, .value = std::nullopt, .headers = {}}));
    const Bytes null = builder.finish(packer);
    EXPECT_FALSE(BatchReader(null).next(batch));
    builder.start({});
    builder.keep_last_offset(Offset{0});
    const Bytes empty = builder.finish(packer);
    EXPECT_FALSE(BatchReader(empty).next(batch));
}

TEST(LogBatches, LargerThanKafkaReadsAreNotMade) {
    const Bytes half = Bytes::copy_of(as_bytes(std::string(kBatchBytesMax / 2, 'x')));
    const Result<Bytes> batch = data_batch(kPlace, std::vector<Bytes>{half, half});
    ASSERT_FALSE(batch);
    EXPECT_EQ(batch.error().code, ErrorCode::message_too_large);
}

}  // namespace
}  // namespace moldau::raft
