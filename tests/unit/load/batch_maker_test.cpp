#include "batch_maker.hpp"

#include "moldau/record/append_validator.hpp"
#include "moldau/record/record.hpp"

#include <gtest/gtest.h>

#include <set>
#include <string>
#include <vector>

namespace moldau::load {
namespace {

std::vector<std::byte> joined(const MadeBatch& batch) {
    std::vector<std::byte> bytes(batch.header.view().begin(), batch.header.view().end());
    bytes.insert(bytes.end(), batch.records.view().begin(), batch.records.view().end());
    return bytes;
}

constexpr BatchHead kHead{.timestamp = {1'700'000'000'000},
                          .producer_id = {77},
                          .producer_epoch = {3},
                          .base_sequence = 41};

TEST(BatchMaker, MakesBatchesOfEveryCountAndCodecThatALeaderTakes) {
    for (const record::Codec codec :
         {record::Codec::none, record::Codec::gzip, record::Codec::snappy, record::Codec::lz4,
          record::Codec::zstd}) {
        SCOPED_TRACE(name(codec));
        BatchMaker maker(
            {.record_bytes = 100, .batch_bytes = 2000, .packing = {.codec = codec, .level = {}}});
        ASSERT_GT(maker.records_per_batch(), 10);
        for (std::int32_t count = 1; count <= maker.records_per_batch(); ++count) {
            const std::vector<std::byte> bytes = joined(maker.make(count, kHead));
            record::AppendValidator validator;
            std::vector<record::RecordError> errors;
            const auto valid = validator.validate(
                bytes, {}, {.now = kHead.timestamp, .first_offset = {5}, .leader_epoch = {0}},
                errors);
            ASSERT_TRUE(valid) << valid.error().detail;
            EXPECT_EQ(valid->offsets.end - valid->offsets.first, count);
            const auto batch = record::only_batch(bytes);
            ASSERT_TRUE(batch);
            EXPECT_EQ(batch->producer_id(), kHead.producer_id);
            EXPECT_EQ(batch->producer_epoch(), kHead.producer_epoch);
            EXPECT_EQ(batch->base_sequence(), 41);
            EXPECT_EQ(batch->max_timestamp(), kHead.timestamp);
        }
    }
}

TEST(BatchMaker, GivesTheRecordsOfABatchValuesOfTheirOwn) {
    BatchMaker maker({.record_bytes = 64, .batch_bytes = 4096});
    const std::vector<std::byte> bytes = joined(maker.make(maker.records_per_batch(), kHead));
    const auto batch = record::only_batch(bytes);
    ASSERT_TRUE(batch);
    record::RecordCursor cursor(*batch, batch->records());
    record::RecordView record;
    std::set<std::string> values;
    while (*cursor.next(record)) {
        ASSERT_EQ(record.value.value().size(), 64U);
        values.emplace(as_text(*record.value));
    }
    EXPECT_EQ(values.size(), static_cast<std::size_t>(maker.records_per_batch()));
}

TEST(BatchMaker, FillsABatchToItsSizeAndHasAtLeastOneRecord) {
    BatchMaker full({.record_bytes = 1024, .batch_bytes = 65536});
    const MadeBatch batch = full.make(full.records_per_batch(), kHead);
    EXPECT_LE(batch.records.size(), 65536U);
    EXPECT_GT(batch.records.size(), 65536U - 1100);
    EXPECT_EQ(BatchMaker({.record_bytes = 5000, .batch_bytes = 10}).records_per_batch(), 1);
    EXPECT_EQ(BatchMaker({.record_bytes = 10, .records_max = 1}).records_per_batch(), 1);
}

TEST(BatchMaker, SharesTheRecordsOfBatchesThatAreNotPacked) {
    BatchMaker maker({.record_bytes = 100, .batch_bytes = 1000});
    const MadeBatch one = maker.make(3, kHead);
    const MadeBatch other = maker.make(5, kHead);
    EXPECT_EQ(one.records.data(), other.records.data());
}

}  // namespace
}  // namespace moldau::load
