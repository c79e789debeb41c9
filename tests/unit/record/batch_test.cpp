#include "moldau/record/batch.hpp"

#include "golden_batch.hpp"
#include "random_batch.hpp"

#include <gtest/gtest.h>

namespace moldau::record {
namespace {

// A log of batches of every codec, and where each of them ends.
struct Log {
    std::vector<std::byte> bytes;
    std::vector<std::size_t> ends;
};

Log random_log(golden::Randomness& random, std::size_t batches) {
    Log log;
    BatchBuilder builder;
    Packer packer;
    Offset next{0};
    for (std::size_t i = 0; i < batches; ++i) {
        const std::size_t count = 1 + random.below(4);
        const BatchOptions options{.base_offset = next,
                                   .packing = {golden::kCodecs[i % golden::kCodecs.size()], {}}};
        auto records = random.records(next, count, false);
        for (auto& record : records) record.value = random.text(40);
        const Bytes batch = golden::build(builder, packer, options, records);
        log.bytes.insert(log.bytes.end(), batch.view().begin(), batch.view().end());
        log.ends.push_back(log.bytes.size());
        next = next + static_cast<std::int64_t>(count);
    }
    return log;
}

TEST(Log, EveryPrefixSplitsIntoAPrefixOfItsBatches) {
    constexpr std::uint64_t kSeed = 77;
    golden::Randomness random(kSeed);
    const Log log = random_log(random, 12);
    std::size_t whole = 0;  // batches that end within the prefix
    for (std::size_t size = 0; size <= log.bytes.size(); ++size) {
        if (whole < log.ends.size() && log.ends[whole] == size) ++whole;
        const auto found = golden::split(BytesView(log.bytes).first(size));
        ASSERT_TRUE(found) << "size=" << size;
        ASSERT_EQ(found->size(), whole) << "size=" << size;
        for (const BatchBytes& batch : *found) ASSERT_TRUE(check_batch(batch));
    }
    EXPECT_EQ(whole, log.ends.size());
}

TEST(Log, AChangedBitIsFoundInWhateverTheCrcCovers) {
    golden::Randomness random(5);
    const Log log = random_log(random, 1);
    for (std::size_t i = at::kCrc; i < log.bytes.size(); ++i) {
        std::vector<std::byte> changed = log.bytes;
        changed[i] ^= static_cast<std::byte>(1U << random.below(8));
        const Result<BatchView> batch = BatchView::of(changed);
        ASSERT_TRUE(batch);
        EXPECT_FALSE(batch->is_crc_right()) << "byte " << i;
    }
}

TEST(BatchView, RefusesBytesThatAreNotExactlyOneBatch) {
    golden::Randomness random(6);
    const Log log = random_log(random, 2);
    EXPECT_EQ(BatchView::of(log.bytes).error().code, ErrorCode::corrupt_message);
    EXPECT_EQ(BatchView::of(BytesView(log.bytes).first(60)).error().code,
              ErrorCode::corrupt_message);
    const BytesView first = BytesView(log.bytes).first(log.ends[0]);
    EXPECT_TRUE(BatchView::of(first));
    EXPECT_EQ(BatchView::of(first.first(first.size() - 1)).error().code,
              ErrorCode::corrupt_message);
}

TEST(OnlyBatch, TakesOneAndRefusesNoneAPartAndTwo) {
    golden::Randomness random(8);
    const Log log = random_log(random, 2);
    const BytesView all = log.bytes;
    EXPECT_TRUE(only_batch(all.first(log.ends[0])));
    EXPECT_EQ(only_batch({}).error().code, ErrorCode::invalid_record);
    EXPECT_EQ(only_batch(all.first(log.ends[0] - 1)).error().code, ErrorCode::invalid_record);
    EXPECT_EQ(only_batch(all.first(log.ends[0] + 5)).error().code, ErrorCode::invalid_record);
    EXPECT_EQ(only_batch(all).error().code, ErrorCode::invalid_record);
}

}  // namespace
}  // namespace moldau::record
