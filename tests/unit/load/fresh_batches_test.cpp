#include "fresh_batches.hpp"

#include "stamp.hpp"

#include "moldau/base/hashes.hpp"
#include "moldau/record/append_validator.hpp"
#include "moldau/record/record.hpp"

#include <gtest/gtest.h>

#include <set>
#include <string>
#include <vector>

namespace moldau::load {
namespace {

constexpr BatchHead kHead{.timestamp = {1'700'000'000'000},
                          .producer_id = {77},
                          .producer_epoch = {3},
                          .base_sequence = 41};

struct Read {
    std::vector<std::optional<std::string>> keys;
    std::vector<std::string> values;
};

/// What a leader would take, and a consumer read.
Read read(const FreshBatch& batch) {
    record::AppendValidator validator;
    std::vector<record::RecordError> errors;
    const std::vector<std::byte> bytes(batch.bytes.view().begin(), batch.bytes.view().end());
    const auto valid = validator.validate(
        bytes, {}, {.now = kHead.timestamp, .first_offset = {5}, .leader_epoch = {0}}, errors);
    EXPECT_TRUE(valid) << valid.error().detail;
    Read to;
    const auto view = record::only_batch(bytes);
    if (!valid || !view) return to;
    EXPECT_EQ(valid->offsets.end - valid->offsets.first, batch.count);
    EXPECT_EQ(view->producer_id(), kHead.producer_id);
    EXPECT_EQ(view->base_sequence(), 41);
    EXPECT_EQ(view->max_timestamp(), kHead.timestamp);
    record::Unpacker unpacker;
    record::GrowingBuffer scratch;
    const auto records = record::unpack_records(*view, 1U << 30U, unpacker, scratch);
    EXPECT_TRUE(records);
    record::RecordCursor cursor(*view, *records);
    std::size_t value_bytes = 0;
    for (record::RecordView record; *cursor.next(record);) {
        to.keys.push_back(record.key ? std::optional(std::string(as_text(*record.key)))
                                     : std::nullopt);
        to.values.emplace_back(as_text(record.value.value()));
        value_bytes += record.value->size();
    }
    EXPECT_EQ(value_bytes, batch.value_bytes);
    return to;
}

TEST(FreshBatches, HaveKeysOfTheirPartition) {
    constexpr std::int32_t kPartitions = 5;
    const auto keys = std::make_shared<const KeySpace>(
        KeyPlan{.kind = KeyKind::random, .count = 1000, .bytes = 6}, kPartitions);
    FreshBatches batches({.record_bytes = 20, .batch_bytes = 4000, .keys = keys});
    for (std::int32_t partition = 0; partition < kPartitions; ++partition) {
        const FreshBatch batch = batches.make(batches.records_per_batch(), partition, kHead, {});
        const Read made = read(batch);
        ASSERT_EQ(made.keys.size(), static_cast<std::size_t>(batches.records_per_batch()));
        std::set<std::string> different;
        for (const auto& key : made.keys) {
            ASSERT_TRUE(key);
            EXPECT_EQ(partition_of_key(as_bytes(*key), kPartitions), partition);
            different.insert(*key);
        }
        EXPECT_GT(different.size(), made.keys.size() / 2);
    }
}

TEST(FreshBatches, HaveSizesAsTheyWereAskedForAndAreNotOverfull) {
    FreshBatches batches({.record_bytes = *RecordSizes::parse("10-500"), .batch_bytes = 4000});
    std::set<std::size_t> sizes;
    for (int i = 0; i < 50; ++i) {
        const FreshBatch batch = batches.make(1000, 0, kHead, {});
        EXPECT_LT(batch.count, 1000);
        EXPECT_LE(batch.bytes.size(), 4000U + 61 + 500);
        for (const std::string& value : read(batch).values) sizes.insert(value.size());
    }
    EXPECT_GT(sizes.size(), 200U);
    EXPECT_GE(*sizes.begin(), 10U);
    EXPECT_LE(*sizes.rbegin(), 500U);
    EXPECT_NEAR(batches.records_per_batch(), 4000 / 263, 1);
}

TEST(FreshBatches, HaveAtLeastOneRecordAndNoMoreThanAsked) {
    FreshBatches large({.record_bytes = *RecordSizes::parse("5000,6000"), .batch_bytes = 10});
    EXPECT_EQ(large.records_per_batch(), 1);
    EXPECT_EQ(large.make(9, 0, kHead, {}).count, 1);
    FreshBatches small({.record_bytes = *RecordSizes::parse("1,2")});
    EXPECT_EQ(small.make(3, 0, kHead, {}).count, 3);
    FreshBatches single({.record_bytes = *RecordSizes::parse("1,2"), .records_max = 1});
    EXPECT_EQ(single.records_per_batch(), 1);
}

TEST(FreshBatches, CarryTheTimesOfTheirRecordsPackedOrNot) {
    constexpr std::uint64_t kRun = 0xFEEDFACECAFEBEEF;
    for (const record::Codec codec : {record::Codec::none, record::Codec::zstd}) {
        FreshBatches batches(
            {.record_bytes = 16, .packing = {.codec = codec, .level = {}}, .run = kRun});
        const std::vector<MonoTime> times{MonoTime(Duration(5)), MonoTime(Duration(1'000'000'007)),
                                          MonoTime(Duration(-3))};
        const Read made = read(batches.make(3, 0, kHead, times));
        ASSERT_EQ(made.values.size(), 3U);
        for (std::size_t i = 0; i < 3; ++i) {
            EXPECT_EQ(stamp_of(as_bytes(made.values[i]), kRun), times[i]);
            EXPECT_EQ(stamp_of(as_bytes(made.values[i]), kRun + 1), std::nullopt);
            EXPECT_EQ(stamp_of(as_bytes(made.values[i]).first(15), kRun), std::nullopt);
        }
    }
}

TEST(FreshBatches, AreTheSameForOneSeed) {
    const FreshShape shape{.record_bytes = *RecordSizes::parse("10-500"), .seed = 7};
    FreshShape other = shape;
    other.seed = 8;
    const Bytes first = FreshBatches(shape).make(10, 0, kHead, {}).bytes;
    EXPECT_TRUE(equal(first, FreshBatches(shape).make(10, 0, kHead, {}).bytes));
    EXPECT_FALSE(equal(first, FreshBatches(other).make(10, 0, kHead, {}).bytes));
}

}  // namespace
}  // namespace moldau::load
