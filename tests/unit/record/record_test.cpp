#include "moldau/record/record.hpp"

#include "moldau/record/builder.hpp"

#include <gtest/gtest.h>

namespace moldau::record {
namespace {

Bytes batch_with(std::span<const HeaderView> headers) {
    BatchBuilder builder;
    Packer packer;
    builder.start({});
    EXPECT_TRUE(builder.append({{7}, as_bytes("k"), std::nullopt, headers}));
    EXPECT_TRUE(builder.append({{8}, std::nullopt, as_bytes(""), {}}));
    return builder.finish(packer);
}

TEST(RecordCursor, TellsNullFromEmptyInKeysValuesAndHeaders) {
    const std::vector<HeaderView> headers = {
        {"a", as_bytes("1")}, {"", std::nullopt}, {"a", BytesView()}};
    const Bytes bytes = batch_with(headers);
    const Result<BatchView> batch = BatchView::of(bytes);
    ASSERT_TRUE(batch);
    RecordCursor cursor(*batch, batch->records());
    RecordView record;
    ASSERT_TRUE(cursor.next(record).value_or(false));
    EXPECT_FALSE(record.value);
    std::vector<HeaderView> read;
    for (const HeaderView& header : record.headers) read.push_back(header);
    ASSERT_EQ(read.size(), 3U);
    EXPECT_EQ(read[0].key, "a");
    EXPECT_EQ(as_text(*read[0].value), "1");
    EXPECT_FALSE(read[1].value);
    ASSERT_TRUE(read[2].value);
    EXPECT_TRUE(read[2].value->empty());
    ASSERT_TRUE(cursor.next(record).value_or(false));
    EXPECT_FALSE(record.key);
    ASSERT_TRUE(record.value);
    EXPECT_EQ(record.headers.begin(), record.headers.end());
    EXPECT_FALSE(cursor.next(record).value_or(true));
}

// Every cut of the records is refused before a byte behind it is read (the sanitizer would see
// that).
TEST(RecordCursor, RefusesEveryCutOfTheRecords) {
    const std::vector<HeaderView> headers = {{"key", as_bytes("value")}};
    const Bytes bytes = batch_with(headers);
    const Result<BatchView> batch = BatchView::of(bytes);
    ASSERT_TRUE(batch);
    for (std::size_t size = 0; size < batch->records().size(); ++size) {
        const std::vector<std::byte> cut(
            batch->records().begin(), batch->records().begin() + static_cast<std::ptrdiff_t>(size));
        RecordCursor cursor(*batch, cut);
        RecordView record;
        Result<bool> found = cursor.next(record);
        if (found) found = cursor.next(record);
        ASSERT_FALSE(found) << "size=" << size;
        EXPECT_EQ(found.error().code, ErrorCode::invalid_record);
    }
}

TEST(RecordCursor, RefusesARecordAboveItsLimit) {
    const Bytes bytes = batch_with({});
    const Result<BatchView> batch = BatchView::of(bytes);
    ASSERT_TRUE(batch);
    RecordView record;
    RecordCursor wide(*batch, batch->records());
    ASSERT_TRUE(wide.next(record).value_or(false));
    EXPECT_TRUE(RecordCursor(*batch, batch->records(), record.size_bytes).next(record));
    EXPECT_FALSE(RecordCursor(*batch, batch->records(), record.size_bytes - 1).next(record));
}

}  // namespace
}  // namespace moldau::record
