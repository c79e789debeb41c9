// Golden message sets of magic 0 and 1, and a log that mixes them with magic 2: read, never taken.
#include "golden_batch.hpp"
#include "support/vectors.hpp"

#include <boost/json.hpp>
#include <gtest/gtest.h>

namespace moldau::record {
namespace {

TEST(GoldenLegacy, IsReadMessageByMessage) {
    std::size_t lines = 0;
    for (const boost::json::object& json : support::read_vectors("batches-legacy.jsonl.gz")) {
        const golden::Line line = golden::line_of(json);
        SCOPED_TRACE(line.name);
        const Result<std::vector<BatchBytes>> found = golden::split(line.bytes);
        ASSERT_TRUE(found) << found.error().detail;
        const boost::json::array& wanted = json.at("batches").as_array();
        ASSERT_EQ(found->size(), wanted.size());
        for (std::size_t i = 0; i < wanted.size(); ++i)
            golden::expect_batch((*found)[i], wanted[i].as_object());
        ++lines;
    }
    EXPECT_EQ(lines, 21U);
}

TEST(GoldenLegacy, IsRefusedWhenProduced) {
    for (const boost::json::object& json : support::read_vectors("batches-legacy.jsonl.gz")) {
        const golden::Line line = golden::line_of(json);
        SCOPED_TRACE(line.name);
        AppendValidator validator;
        std::vector<RecordError> errors;
        const auto refused =
            validator.validate(line.bytes, {}, {{1'700'000'500'000}, {500}, {8}}, errors);
        ASSERT_FALSE(refused);
        EXPECT_EQ(refused.error().code, ErrorCode::invalid_record);
    }
}

// Every cut and every changed byte is read or refused, and nothing else happens.
TEST(GoldenLegacy, SurvivesCutsAndChangedBytes) {
    std::size_t read = 0;
    std::size_t refused = 0;
    Unpacker unpacker;
    GrowingBuffer scratch;
    const auto try_read = [&](const BatchBytes& batch) {
        Result<LegacyCursor> cursor =
            LegacyCursor::open(batch, golden::kUnpackedMost, unpacker, scratch);
        if (!cursor) return static_cast<void>(++refused);
        LegacyRecord record;
        for (;;) {
            const Result<bool> found = cursor->next(record);
            if (!found) return static_cast<void>(++refused);
            if (!*found) return static_cast<void>(++read);
        }
    };
    for (const boost::json::object& json : support::read_vectors("batches-legacy.jsonl.gz")) {
        golden::Line line = golden::line_of(json);
        const Result<std::vector<BatchBytes>> found = golden::split(line.bytes);
        ASSERT_TRUE(found);
        const BatchBytes first = found->front();
        if (first.magic == kMagic) continue;
        for (std::size_t size = 0; size < first.bytes.size(); ++size)
            try_read({first.bytes.first(size), first.magic});
        for (std::size_t i = 17; i < first.bytes.size(); ++i) {
            line.bytes[i] ^= std::byte{0x41};
            try_read(first);
            line.bytes[i] ^= std::byte{0x41};
        }
    }
    EXPECT_GT(read, 100U);
    EXPECT_GT(refused, 1000U);
}

}  // namespace
}  // namespace moldau::record
