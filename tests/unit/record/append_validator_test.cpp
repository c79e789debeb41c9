#include "moldau/record/append_validator.hpp"

#include "random_batch.hpp"

#include "moldau/record/builder.hpp"

#include <gtest/gtest.h>

namespace moldau::record {
namespace {

constexpr std::int64_t kNow = 1'700'000'000'000;
constexpr AppendPlace kPlace{{kNow}, {500}, {8}};

class AppendValidation : public testing::Test {
protected:
    Bytes batch_of(std::initializer_list<std::int64_t> timestamps, BatchOptions options = {}) {
        BatchBuilder builder;
        builder.start(options);
        for (const std::int64_t timestamp : timestamps)
            EXPECT_TRUE(builder.append({{timestamp}, as_bytes("k"), as_bytes("v"), {}}));
        return builder.finish(packer_);
    }
    Result<ValidatedBatch> validate(BytesView bytes, const AppendRules& rules = {}) {
        return validator_.validate(bytes, rules, kPlace, errors_);
    }
    ErrorCode refused(BytesView bytes, const AppendRules& rules = {}) {
        const Result<ValidatedBatch> got = validate(bytes, rules);
        return got ? ErrorCode::none : got.error().code;
    }

    Packer packer_;
    AppendValidator validator_;
    std::vector<RecordError> errors_;
};

TEST_F(AppendValidation, LeavesTheRecordsWhereTheyAreAndTheCrcAsItIsWhenNothingCoveredChanges) {
    const Bytes bytes = batch_of({kNow, kNow + 5, kNow + 3});
    const Result<ValidatedBatch> got = validate(bytes);
    ASSERT_TRUE(got) << got.error().detail;
    EXPECT_EQ(got->rest.data(), bytes.data() + kHeaderBytes);
    EXPECT_EQ(got->offsets, (OffsetRange{{500}, {503}}));
    EXPECT_EQ(got->max_timestamp, Timestamp{kNow + 5});
    EXPECT_EQ(got->offset_of_max_timestamp, Offset{501});
    EXPECT_EQ(load_be<std::uint32_t>(got->header.data() + at::kCrc),
              load_be<std::uint32_t>(bytes.data() + at::kCrc));
    EXPECT_EQ(load_be<std::int64_t>(got->header.data()), 500);
    EXPECT_EQ(load_be<std::int32_t>(got->header.data() + at::kLeaderEpoch), 8);
}

TEST_F(AppendValidation, WritesTheAppendTimeIntoTheHeaderAlone) {
    const Bytes bytes = batch_of({5, 6});
    AppendRules rules;
    rules.timestamp_type = TimestampType::log_append_time;
    const Result<ValidatedBatch> got = validate(bytes, rules);
    ASSERT_TRUE(got);
    EXPECT_EQ(got->rest.data(), bytes.data() + kHeaderBytes);
    EXPECT_EQ(got->log_append_time, Timestamp{kNow});
    EXPECT_EQ(got->max_timestamp, Timestamp{kNow});
    EXPECT_EQ(got->offset_of_max_timestamp, Offset{500});
}

TEST_F(AppendValidation, RefusesTimestampsOutsideOfTheTopicsBounds) {
    AppendRules rules;
    rules.timestamp_before_max_ms = 1000;
    rules.timestamp_after_max_ms = 10;
    EXPECT_EQ(refused(batch_of({kNow - 1000, kNow + 10, -1}), rules), ErrorCode::none);
    EXPECT_EQ(refused(batch_of({kNow - 1001, kNow, kNow + 11}), rules),
              ErrorCode::invalid_timestamp);
    ASSERT_EQ(errors_.size(), 2U);
    EXPECT_EQ(errors_[0].batch_index, 0);
    EXPECT_EQ(errors_[1].batch_index, 2);
}

TEST_F(AppendValidation, RefusesLogAppendTimeFromAProducerWhereTheTopicSetsIt) {
    AppendRules rules;
    rules.timestamp_type = TimestampType::log_append_time;
    EXPECT_EQ(refused(batch_of({1}, {.log_append_time = Timestamp{kNow}}), rules),
              ErrorCode::invalid_timestamp);
    EXPECT_EQ(errors_.size(), 1U);
}

TEST_F(AppendValidation, NamesTheRecordsWithoutKeyOnACompactedTopicUpToABound) {
    BatchBuilder builder;
    builder.start({});
    for (int i = 0; i < 300; ++i)
        ASSERT_TRUE(builder.append({{kNow}, std::nullopt, as_bytes("v"), {}}));
    AppendRules rules;
    rules.is_compacted = true;
    EXPECT_EQ(refused(builder.finish(packer_), rules), ErrorCode::invalid_record);
    EXPECT_EQ(errors_.size(), AppendValidator::kRecordErrorsMost);
}

TEST_F(AppendValidation, LimitsTheBatchAsSentAndAsStored) {
    const std::string text(5'000, 'a');
    BatchBuilder builder;
    builder.start({.packing = {Codec::gzip, std::nullopt}});
    ASSERT_TRUE(builder.append({{kNow}, std::nullopt, as_bytes(text), {}}));
    const Bytes packed = builder.finish(packer_);
    AppendRules rules;
    rules.batch_bytes_max = packed.size();
    EXPECT_EQ(refused(packed, rules), ErrorCode::none);
    rules.packing = Packing{};  // stored unpacked it is larger than the topic allows
    EXPECT_EQ(refused(packed, rules), ErrorCode::message_too_large);
    rules.packing = std::nullopt;
    rules.batch_bytes_max = packed.size() - 1;
    EXPECT_EQ(refused(packed, rules), ErrorCode::message_too_large);
    rules.batch_bytes_max = 1'000'000;
    rules.unpacked_bytes_max = 5'000;
    EXPECT_EQ(refused(packed, rules), ErrorCode::message_too_large);
}

TEST_F(AppendValidation, UnpacksSixteenTimesTheTopicsLimitAndAtLeast64MiB) {
    EXPECT_EQ(default_unpacked_bytes_max(1'048'588), std::size_t{64} << 20U);
    EXPECT_EQ(default_unpacked_bytes_max(std::size_t{10} << 20U), std::size_t{160} << 20U);
    EXPECT_EQ(default_unpacked_bytes_max(std::size_t{1} << 31U), 2'147'483'647U);
}

TEST_F(AppendValidation, StoresABatchOf80MbOfZerosNowhere) {
    const std::vector<std::byte> zeros(80'000'000);
    BatchBuilder builder;
    builder.start({.packing = {Codec::gzip, std::nullopt}});
    ASSERT_TRUE(builder.append({{kNow}, std::nullopt, BytesView(zeros), {}}));
    EXPECT_EQ(refused(builder.finish(packer_)), ErrorCode::message_too_large);
}

TEST_F(AppendValidation, TakesControlBatchesFromCoordinatorsAndDoesNotPackThem) {
    const Bytes bytes = batch_of({kNow}, {.is_control = true});
    EXPECT_EQ(refused(bytes), ErrorCode::invalid_record);
    AppendRules rules;
    rules.origin = AppendOrigin::coordinator;
    rules.packing = Packing{Codec::zstd, std::nullopt};
    const Result<ValidatedBatch> got = validate(bytes, rules);
    ASSERT_TRUE(got) << got.error().detail;
    EXPECT_TRUE(got->packed_anew.empty());
}

// What is stored for random records is what was sent, whatever the codecs.
TEST_F(AppendValidation, KeepsEveryRecordThroughEveryChangeOfCodec) {
    golden::Randomness random(11);
    BatchBuilder builder;
    Unpacker unpacker;
    for (const Codec from : golden::kCodecs) {
        for (const Codec to : golden::kCodecs) {
            SCOPED_TRACE(testing::Message() << name(from) << " to " << name(to));
            auto records = random.records({0}, 20, false);
            for (auto& record : records) record.timestamp = {kNow - 7};
            const Bytes sent = golden::build(builder, packer_, {.packing = {from, {}}}, records);
            AppendRules rules;
            rules.packing = Packing{to, std::nullopt};
            const Result<ValidatedBatch> got = validate(sent, rules);
            ASSERT_TRUE(got) << got.error().detail;
            std::vector<std::byte> stored(got->header.begin(), got->header.end());
            stored.insert(stored.end(), got->rest.begin(), got->rest.end());
            const Result<BatchView> batch = BatchView::of(stored);
            ASSERT_TRUE(batch);
            EXPECT_TRUE(batch->is_crc_right());
            EXPECT_EQ(*batch->codec(), to);
            GrowingBuffer a;
            GrowingBuffer b;
            const Result<BatchView> sent_batch = BatchView::of(sent);
            const auto plain_sent = unpack_records(*sent_batch, 1U << 26U, unpacker, a);
            const auto plain_stored = unpack_records(*batch, 1U << 26U, unpacker, b);
            ASSERT_TRUE(plain_sent && plain_stored);
            EXPECT_TRUE(equal(*plain_sent, *plain_stored));
        }
    }
}

}  // namespace
}  // namespace moldau::record
