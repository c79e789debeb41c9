#include "moldau/record/builder.hpp"

#include "golden_batch.hpp"
#include "random_batch.hpp"

#include <gtest/gtest.h>

namespace moldau::record {
namespace {

using golden::OwnedRecord;

void expect_same(const RecordView& got, const OwnedRecord& wanted) {
    EXPECT_EQ(got.offset, wanted.offset);
    EXPECT_EQ(got.timestamp, wanted.timestamp);
    ASSERT_EQ(got.key.has_value(), wanted.key.has_value());
    ASSERT_EQ(got.value.has_value(), wanted.value.has_value());
    if (got.key) {
        EXPECT_EQ(as_text(*got.key), *wanted.key);
    }
    if (got.value) {
        EXPECT_EQ(as_text(*got.value), *wanted.value);
    }
    ASSERT_EQ(static_cast<std::size_t>(got.headers.count()), wanted.headers.size());
    std::size_t i = 0;
    for (const HeaderView& header : got.headers) {
        EXPECT_EQ(header.key, wanted.headers[i].key);
        ASSERT_EQ(header.value.has_value(), wanted.headers[i].value.has_value());
        if (header.value) {
            EXPECT_EQ(as_text(*header.value), *wanted.headers[i].value);
        }
        ++i;
    }
}

TEST(BatchBuilder, WritesWhatIsReadAgainForEveryCodecAndRandomRecords) {
    constexpr std::uint64_t kSeed = 20240611;
    SCOPED_TRACE(kSeed);
    golden::Randomness random(kSeed);
    BatchBuilder builder;
    Packer packer;
    Unpacker unpacker;
    GrowingBuffer scratch;
    for (int round = 0; round < 300; ++round) {
        const Codec codec = golden::kCodecs[random.below(golden::kCodecs.size())];
        const Offset base{static_cast<std::int64_t>(random.below(1U << 30U))};
        const std::vector<OwnedRecord> records =
            random.records(base, random.below(30), random.below(2) == 0);
        const BatchOptions options{.base_offset = base,
                                   .leader_epoch = {7},
                                   .packing = {codec, std::nullopt},
                                   .producer_id = {9},
                                   .producer_epoch = {1},
                                   .base_sequence = std::numeric_limits<std::int32_t>::max() - 3,
                                   .is_transactional = true};
        const Bytes bytes = golden::build(builder, packer, options, records);
        const Result<BatchView> batch = BatchView::of(bytes);
        ASSERT_TRUE(batch) << batch.error().detail;
        EXPECT_TRUE(batch->is_crc_right());
        EXPECT_EQ(batch->base_offset(), base);
        EXPECT_EQ(batch->count(), static_cast<std::int32_t>(records.size()));
        const Result<BytesView> unpacked =
            unpack_records(*batch, builder.plain_bytes(), unpacker, scratch);
        ASSERT_TRUE(unpacked) << unpacked.error().detail;
        RecordCursor cursor(*batch, *unpacked);
        RecordView record;
        for (const OwnedRecord& wanted : records) {
            const Result<bool> found = cursor.next(record);
            ASSERT_TRUE(found && *found);
            expect_same(record, wanted);
        }
        const Result<bool> end = cursor.next(record);
        EXPECT_TRUE(end && !*end);
    }
}

TEST(BatchBuilder, GivesTheNextOffsetsAndKeepsTheLatestTimestamp) {
    BatchBuilder builder;
    Packer packer;
    builder.start({.base_offset = {10}});
    for (const std::int64_t timestamp : {5, 9, 7}) {
        ASSERT_TRUE(builder.append({{timestamp}, std::nullopt, as_bytes("v"), {}}));
    }
    const Bytes bytes = builder.finish(packer);
    const Result<BatchView> batch = BatchView::of(bytes);
    ASSERT_TRUE(batch);
    EXPECT_EQ(batch->last_offset(), Offset{12});
    EXPECT_EQ(batch->next_offset(), Offset{13});
    EXPECT_EQ(batch->base_timestamp(), Timestamp{5});
    EXPECT_EQ(batch->max_timestamp(), Timestamp{9});
}

TEST(BatchBuilder, StopsTheProcessOnAnOffsetThatFalls) {
    BatchBuilder builder;
    builder.start({.base_offset = {10}});
    ASSERT_TRUE(builder.append({{5}, std::nullopt, std::nullopt, {}}));
    EXPECT_DEATH((void)builder.append_at({10}, {{5}, std::nullopt, std::nullopt, {}}),
                 "offset=10 next=11");
}

TEST(Sequence, GoesOnAtZeroBehindTheGreatestInt) {
    constexpr std::int32_t kGreatest = std::numeric_limits<std::int32_t>::max();
    EXPECT_EQ(add_sequence(kGreatest, 0), kGreatest);
    EXPECT_EQ(add_sequence(kGreatest, 1), 0);
    EXPECT_EQ(add_sequence(kGreatest - 1, 5), 3);
}

}  // namespace
}  // namespace moldau::record
