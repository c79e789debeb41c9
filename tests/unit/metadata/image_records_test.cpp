#include "moldau/metadata/image_records.hpp"

#include "random_records.hpp"

#include "moldau/metadata/image_builder.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <cstdlib>
#include <iostream>

namespace moldau::metadata {
namespace {

std::uint64_t seed() {
    const char* const given = std::getenv("MOLDAU_SEED");
    const std::uint64_t seed = given == nullptr ? 20260101 : std::strtoull(given, nullptr, 10);
    std::cout << "MOLDAU_SEED=" << seed << '\n';
    return seed;
}

std::vector<Bytes> snapshot_of(const ClusterImage& image) {
    std::vector<Bytes> records;
    const Result<> walked = for_each_record(image, [&](const MetadataRecord& record) -> Result<> {
        Result<Bytes> bytes = encode_record(record);
        if (!bytes) return bytes.error();
        records.push_back(std::move(*bytes));
        return {};
    });
    EXPECT_TRUE(walked) << walked.error().detail;
    return records;
}

ClusterImage image_from(const std::vector<Bytes>& records) {
    ImageBuilder builder;
    for (const Bytes& bytes : records) {
        const auto record = decode_record(bytes);
        EXPECT_TRUE(record) << record.error().detail;
        builder.apply(*record);
    }
    EXPECT_EQ(builder.contradictions().count, 0U) << builder.contradictions().first;
    return builder.image();
}

TEST(ImageRecords, MakeTheSameImageAgainWhateverTheLogHeld) {
    const std::uint64_t first = seed();
    for (std::uint64_t round = 0; round < 60; ++round) {
        SCOPED_TRACE(round);
        RandomRecords random(first + round);
        ImageBuilder builder;
        for (int i = 0; i < 300; ++i) {
            const MetadataRecord record = random.next(builder.image());
            // Through bytes, as a log would bring it.
            const Result<Bytes> bytes = encode_record(record);
            ASSERT_TRUE(bytes) << bytes.error().detail;
            builder.apply(*decode_record(*bytes));
            if (i % 50 != 49) continue;
            const std::vector<Bytes> snapshot = snapshot_of(builder.image());
            const ClusterImage again = image_from(snapshot);
            ASSERT_EQ(again, builder.image());
            ASSERT_EQ(hash_of(again), hash_of(builder.image()));
        }
        EXPECT_GT(builder.contradictions().count, 0U);  // the random records are that wild
        EXPECT_FALSE(builder.image().topics.empty());
    }
}

TEST(ImageRecords, HashesDifferWhenOneFieldOfOnePartitionDoes) {
    ImageBuilder builder;
    protocol::TopicRecord topic;
    topic.name = "t";
    topic.topic_id = {1, 2};
    builder.apply({.value = topic, .version = 0});
    protocol::PartitionRecord partition;
    partition.partition_id = 0;
    partition.topic_id = {1, 2};
    partition.replicas = {1};
    partition.leader_epoch = 4;
    builder.apply({.value = partition, .version = 2});
    const std::uint64_t before = hash_of(builder.image());
    const ClusterImage kept = builder.image();
    partition.leader_epoch = 5;
    builder.apply({.value = partition, .version = 2});
    EXPECT_NE(hash_of(builder.image()), before);
    EXPECT_EQ(hash_of(kept), before);
    EXPECT_EQ(kept.find_partition({1, 2}, 0)->leader_epoch, LeaderEpoch{4});
}

TEST(ImageRecords, SomeAtATimeAreTheSameAsAllAtOnce) {
    RandomRecords random(seed());
    ImageBuilder builder;
    for (int i = 0; i < 600; ++i) builder.apply(random.next(builder.image()));
    const std::vector<Bytes> whole = snapshot_of(builder.image());
    for (const std::size_t count : {1U, 2U, 7U, 100U}) {
        SCOPED_TRACE(count);
        std::vector<Bytes> all;
        std::size_t turns = 1;
        ImageRecords records(builder.image());
        const auto take = [&all](const MetadataRecord& record) -> Result<> {
            all.push_back(*encode_record(record));
            return {};
        };
        for (Result<bool> more = records.next(count, take); more && *more;
             more = records.next(count, take))
            ++turns;
        EXPECT_TRUE(std::ranges::equal(
            all, whole, [](const Bytes& a, const Bytes& b) { return as_text(a) == as_text(b); }));
        // Topics, partitions and configs are what a large image consists of.
        EXPECT_GT(turns, builder.image().topics.size() / count);
    }
}

TEST(ImageRecords, EndAtTheFirstErrorOfTheTaker) {
    ImageBuilder builder;
    for (const std::string name : {"a", "b", "c"}) {
        protocol::FeatureLevelRecord feature;
        feature.name = name;
        feature.feature_level = 1;
        builder.apply({.value = feature, .version = 0});
    }
    int taken = 0;
    const Result<> walked = for_each_record(builder.image(), [&](const auto&) -> Result<> {
        if (++taken == 2) return Error{ErrorCode::kafka_storage_error, "full"};
        return {};
    });
    ASSERT_FALSE(walked);
    EXPECT_EQ(walked.error().detail, "full");
    EXPECT_EQ(taken, 2);
}

}  // namespace
}  // namespace moldau::metadata
