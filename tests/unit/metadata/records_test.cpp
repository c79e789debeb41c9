#include "moldau/metadata/records.hpp"

#include <gtest/gtest.h>

#include <vector>

namespace moldau::metadata {
namespace {

std::vector<std::byte> bytes(std::initializer_list<int> values) {
    std::vector<std::byte> all;
    for (const int value : values) all.push_back(static_cast<std::byte>(value));
    return all;
}

TEST(MetadataRecords, AreFramedByTypeAndVersion) {
    protocol::FeatureLevelRecord feature;
    feature.name = "a.b";
    feature.feature_level = 5;
    const Result<Bytes> encoded = encode_record({.value = feature, .version = 0});
    ASSERT_TRUE(encoded);
    EXPECT_TRUE(equal(*encoded, bytes({1, 12, 0, 4, 'a', '.', 'b', 0, 5, 0})));
    const Result<MetadataRecord> back = decode_record(*encoded);
    ASSERT_TRUE(back);
    EXPECT_EQ(back->value, RecordValue(feature));
}

TEST(MetadataRecords, OfAnUnknownTypeOrVersionAreKeptAsTheyAre) {
    for (const auto& framed : {bytes({1, 99, 0, 1, 2, 3}),  // no such type
                               bytes({1, 6, 0, 7}),         // a type that was given up
                               bytes({1, 2, 1, 42}),        // a TopicRecord of a version to come
                               bytes({1, 0x80, 0x02, 3})}) {
        const Result<MetadataRecord> record = decode_record(framed);
        ASSERT_TRUE(record) << record.error().detail;
        ASSERT_TRUE(std::holds_alternative<UnknownRecord>(record->value));
        const Result<Bytes> again = encode_record(*record);
        ASSERT_TRUE(again);
        EXPECT_TRUE(equal(*again, framed));
    }
}

TEST(MetadataRecords, ThatAreMalformedAreRefused) {
    for (const auto& framed : {bytes({}), bytes({1}), bytes({2, 12, 0}),  // another frame version
                               bytes({1, 12, 0, 4, 'a'}),                 // ends too early
                               bytes({1, 12, 0, 4, 'a', '.', 'b', 0, 5, 0, 9})}) {  // goes on
        const Result<MetadataRecord> record = decode_record(framed);
        ASSERT_FALSE(record);
        EXPECT_EQ(record.error().code, ErrorCode::invalid_request);
    }
}

TEST(MetadataRecords, WhoseVersionCannotExpressThemAreRefused) {
    protocol::RegisterBrokerRecord broker;
    broker.cordoned_log_dirs.emplace();
    EXPECT_TRUE(encode_record({.value = broker, .version = 4}));
    const Result<Bytes> old = encode_record({.value = broker, .version = 3});
    ASSERT_FALSE(old);
    EXPECT_EQ(old.error().code, ErrorCode::unsupported_version);
}

}  // namespace
}  // namespace moldau::metadata
