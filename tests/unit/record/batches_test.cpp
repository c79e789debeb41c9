// Golden batches of magic 2 that are right.
#include "golden_batch.hpp"
#include "support/vectors.hpp"

#include "moldau/record/builder.hpp"

#include <boost/json.hpp>
#include <gtest/gtest.h>

namespace moldau::record {
namespace {

TEST(GoldenBatches, AreReadFieldByField) {
    std::size_t lines = 0;
    std::size_t batches = 0;
    for (const boost::json::object& json : support::read_vectors("batches.jsonl.gz")) {
        const golden::Line line = golden::line_of(json);
        SCOPED_TRACE(line.name);
        const Result<std::vector<BatchBytes>> found = golden::split(line.bytes);
        ASSERT_TRUE(found) << found.error().detail;
        const boost::json::array& wanted = json.at("batches").as_array();
        ASSERT_EQ(found->size(), wanted.size());
        for (std::size_t i = 0; i < wanted.size(); ++i)
            golden::expect_batch((*found)[i], wanted[i].as_object());
        batches += wanted.size();
        ++lines;
    }
    EXPECT_EQ(lines, 85U);
    EXPECT_EQ(batches, 90U);
}

// Reads `batch` and writes it again from what was read.
Bytes rebuilt(const BatchView& batch, BytesView records) {
    BatchOptions options{.base_offset = batch.base_offset(),
                         .leader_epoch = batch.leader_epoch(),
                         .producer_id = batch.producer_id(),
                         .producer_epoch = batch.producer_epoch(),
                         .base_sequence = batch.base_sequence(),
                         .is_transactional = batch.is_transactional(),
                         .is_control = batch.is_control(),
                         .delete_horizon = batch.delete_horizon()};
    options.packing.codec = batch.codec().value_or(Codec::none);

    BatchBuilder builder;
    builder.start(options);
    RecordCursor cursor(batch, records);
    RecordView record;
    while (cursor.next(record).value_or(false)) {
        std::vector<HeaderView> headers;
        for (const HeaderView& header : record.headers) headers.push_back(header);
        EXPECT_TRUE(builder.append_at(record.offset,
                                      {record.timestamp, record.key, record.value, headers}));
    }
    builder.keep_last_offset(batch.last_offset(), batch.max_timestamp());
    Packer packer;
    return builder.finish(packer);
}

TEST(GoldenBatches, AreWrittenAgainAsTheyWereRead) {
    std::size_t same_bytes = 0;
    std::size_t same_content = 0;
    for (const boost::json::object& json : support::read_vectors("batches.jsonl.gz")) {
        const golden::Line line = golden::line_of(json);
        SCOPED_TRACE(line.name);
        const Result<std::vector<BatchBytes>> found = golden::split(line.bytes);
        ASSERT_TRUE(found);
        for (std::size_t i = 0; i < found->size(); ++i) {
            const Result<BatchView> batch = BatchView::of((*found)[i].bytes);
            ASSERT_TRUE(batch);
            // With log append time the producer's timestamps cannot be read, so not written again.
            if (batch->timestamp_type() == TimestampType::log_append_time) continue;
            Unpacker unpacker;
            GrowingBuffer scratch;
            const auto records = unpack_records(*batch, golden::kUnpackedMost, unpacker, scratch);
            ASSERT_TRUE(records);
            const Bytes again = rebuilt(*batch, *records);
            if (*batch->codec() == Codec::none) {
                EXPECT_EQ(support::to_hex(again.data(), again.size()),
                          support::to_hex(batch->bytes().data(), batch->bytes().size()));
                ++same_bytes;
                continue;
            }
            const Result<BatchView> view = BatchView::of(again);
            ASSERT_TRUE(view);
            EXPECT_TRUE(view->is_crc_right());
            golden::expect_same_content(*view, json.at("batches").as_array()[i].as_object());
            ++same_content;
        }
    }
    EXPECT_EQ(same_bytes, 37U);
    EXPECT_EQ(same_content, 42U);
}

}  // namespace
}  // namespace moldau::record
