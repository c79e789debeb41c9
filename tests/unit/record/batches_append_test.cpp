// Golden appends: what a leader stores for a produced batch, by the topic's codec and timestamp
// type.
#include "golden_batch.hpp"
#include "support/vectors.hpp"

#include <boost/json.hpp>
#include <gtest/gtest.h>

#include <string>

namespace moldau::record {
namespace {

using Json = boost::json::object;

AppendRules rules_of(const Json& json) {
    AppendRules rules;
    const std::string codec(json.at("topicCompression").as_string());
    if (codec != "producer") rules.packing = Packing{*codec_named(codec), std::nullopt};
    rules.timestamp_type = json.at("topicTimestampType").as_string() == "LOG_APPEND_TIME"
                               ? TimestampType::log_append_time
                               : TimestampType::create_time;
    rules.timestamp_after_max_ms = json.at("maxFutureMs").to_number<std::int64_t>();
    return rules;
}

AppendPlace place_of(const Json& json) {
    return {{json.at("now").to_number<std::int64_t>()},
            {json.at("firstOffset").to_number<std::int64_t>()},
            {json.at("leaderEpoch").to_number<std::int32_t>()}};
}

std::vector<std::byte> stored(const ValidatedBatch& batch) {
    std::vector<std::byte> bytes(batch.header.begin(), batch.header.end());
    bytes.insert(bytes.end(), batch.rest.begin(), batch.rest.end());
    return bytes;
}

void expect_refused(const Result<ValidatedBatch>& got, const std::vector<RecordError>& errors,
                    const Json& wanted) {
    ASSERT_FALSE(got);
    EXPECT_EQ(std::string(wanted.at("cause").as_string()),
              "org.apache.kafka.common.errors.InvalidTimestampException");
    EXPECT_EQ(got.error().code, ErrorCode::invalid_timestamp);
    const boost::json::array& wanted_errors = wanted.at("recordErrors").as_array();
    ASSERT_EQ(errors.size(), wanted_errors.size());
    for (std::size_t i = 0; i < errors.size(); ++i) {
        EXPECT_EQ(errors[i].batch_index,
                  wanted_errors[i].as_object().at("index").to_number<std::int32_t>());
    }
}

TEST(GoldenAppends, StoreWhatKafkaStores) {
    std::size_t same_bytes = 0;
    std::size_t same_content = 0;
    std::size_t refused = 0;
    AppendValidator validator;
    for (const Json& json : support::read_vectors("batches-append.jsonl.gz")) {
        const golden::Line line = golden::line_of(json);
        SCOPED_TRACE(line.name + " to " + std::string(json.at("topicCompression").as_string()) +
                     " " + std::string(json.at("topicTimestampType").as_string()));
        const std::vector<std::byte> received = line.bytes;
        const AppendPlace place = place_of(json);
        std::vector<RecordError> errors;
        const Result<ValidatedBatch> got =
            validator.validate(line.bytes, rules_of(json), place, errors);
        ASSERT_EQ(line.bytes, received);
        if (!json.at("append").as_object().contains("result")) {
            expect_refused(got, errors, json.at("append").as_object());
            ++refused;
            continue;
        }
        ASSERT_TRUE(got) << got.error().detail;
        EXPECT_EQ(got->max_timestamp.ms, json.at("maxTimestampMs").to_number<std::int64_t>());
        EXPECT_EQ(!got->packed_anew.empty(), json.at("messageSizeMaybeChanged").as_bool());
        const std::vector<std::byte> bytes = stored(*got);
        const Json& description = json.at("batches").as_array().at(0).as_object();
        EXPECT_EQ(got->offsets.first, place.first_offset);
        EXPECT_EQ(got->offsets.end.value, description.at("nextOffset").to_number<std::int64_t>());
        const Result<BatchView> view = BatchView::of(bytes);
        ASSERT_TRUE(view) << view.error().detail;
        EXPECT_TRUE(view->is_crc_right());
        golden::expect_same_content(*view, description);
        const bool is_ours_to_pack = !got->packed_anew.empty() && *view->codec() != Codec::none;
        if (is_ours_to_pack) {  // another compressor need not write the same
            ++same_content;
            continue;
        }
        EXPECT_EQ(support::to_hex(bytes.data(), bytes.size()),
                  std::string(json.at("stored").as_string()));
        ++same_bytes;
    }
    EXPECT_EQ(same_bytes, 112U);
    EXPECT_EQ(same_content, 32U);
    EXPECT_EQ(refused, 4U);
}

}  // namespace
}  // namespace moldau::record
