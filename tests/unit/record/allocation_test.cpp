// Counts what operator new is asked for in this program: steady work on batches asks for nothing.
#include "random_batch.hpp"
#include "support/counted_allocations.hpp"

#include "moldau/record/append_validator.hpp"
#include "moldau/record/builder.hpp"
#include "moldau/record/record.hpp"

#include <gtest/gtest.h>

namespace moldau::record {
namespace {

Bytes batch_of(Codec codec) {
    golden::Randomness random(1);
    auto records = random.records({0}, 60, false);
    for (auto& record : records) record.timestamp = {1'700'000'000'000};
    BatchBuilder builder;
    Packer packer;
    return golden::build(builder, packer, {.packing = {codec, std::nullopt}}, records);
}

TEST(Allocations, ValidatingAnUnpackedBatchTakesNone) {
    const Bytes batch = batch_of(Codec::none);
    AppendValidator validator;
    std::vector<RecordError> errors;
    const std::size_t before = allocations;
    const bool is_taken =
        validator.validate(batch, {}, {{1'700'000'000'000}, {5}, {1}}, errors).has_value();
    const std::size_t after = allocations;
    EXPECT_TRUE(is_taken);
    EXPECT_EQ(after - before, 0U);
}

TEST(Allocations, ValidatingPackedBatchesTakesNoneAfterTheFirst) {
    AppendValidator validator;
    std::vector<RecordError> errors;
    for (const Codec codec : golden::kCodecs) {
        SCOPED_TRACE(name(codec));
        const Bytes batch = batch_of(codec);
        const AppendPlace place{{1'700'000'000'000}, {5}, {1}};
        ASSERT_TRUE(validator.validate(batch, {}, place, errors));
        const std::size_t before = allocations;
        const bool is_taken = validator.validate(batch, {}, place, errors).has_value();
        const std::size_t after = allocations;
        EXPECT_TRUE(is_taken);
        EXPECT_EQ(after - before, 0U);
    }
}

TEST(Allocations, WalkingRecordsAndHeadersTakesNone) {
    const Bytes bytes = batch_of(Codec::none);
    const Result<BatchView> batch = BatchView::of(bytes);
    ASSERT_TRUE(batch);
    const std::size_t before = allocations;
    RecordCursor cursor(*batch, batch->records());
    RecordView record;
    std::size_t headers = 0;
    while (cursor.next(record).value_or(false)) {
        for (const HeaderView& header : record.headers)
            headers += header.key.size() < 100 ? 1U : 0U;
    }
    const std::size_t after = allocations;
    EXPECT_GT(headers, 0U);
    EXPECT_EQ(after - before, 0U);
}

TEST(Allocations, CuttingALogIntoBatchesTakesNone) {
    const Bytes bytes = batch_of(Codec::zstd);
    const std::size_t before = allocations;
    const bool is_right = check_batch(**first_batch(bytes)).has_value();
    const std::size_t after = allocations;
    EXPECT_TRUE(is_right);
    EXPECT_EQ(after - before, 0U);
}

}  // namespace
}  // namespace moldau::record
