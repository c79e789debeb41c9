// Kafka's metadata logs and snapshots, read into images and compared with what its admin client
// said.
#include "moldau/metadata/image_builder.hpp"
#include "moldau/metadata/image_records.hpp"
#include "moldau/raft/snapshot.hpp"

#include <boost/json/parse.hpp>
#include <boost/json/value.hpp>
#include <gtest/gtest.h>

#include <fstream>
#include <iterator>
#include <map>
#include <set>
#include <string>

namespace moldau::metadata {
namespace {

std::string read_file(const std::string& name) {
    std::ifstream file(std::string(MOLDAU_SOURCE_DIR "/tests/golden/metadata/") + name,
                       std::ios::binary);
    EXPECT_TRUE(file.good()) << name;
    return {std::istreambuf_iterator<char>(file), {}};
}

boost::json::object manifest_of(const std::string& directory) {
    return boost::json::parse(read_file(directory + "/manifest.json")).as_object();
}

void apply_all(ImageBuilder& builder, const std::vector<BytesView>& payloads) {
    for (const BytesView payload : payloads) {
        const Result<MetadataRecord> record = decode_record(payload);
        ASSERT_TRUE(record) << record.error().detail;
        EXPECT_FALSE(std::holds_alternative<UnknownRecord>(record->value));
        const Result<Bytes> again = encode_record(*record);
        ASSERT_TRUE(again) << again.error().detail;
        EXPECT_TRUE(equal(*again, payload)) << "written otherwise than Kafka did";
        builder.apply(*record);
    }
}

// The batches of the log in [from, end).
void replay_log(ImageBuilder& builder, const std::string& log, Offset from, Offset end) {
    raft::BatchReader reader(as_bytes(log));
    raft::LogBatch batch;
    for (;;) {
        const Result<bool> more = reader.next(batch);
        ASSERT_TRUE(more) << more.error().detail;
        if (!*more || batch.base_offset >= end) return;
        if (batch.base_offset < from) continue;
        apply_all(builder, batch.payloads);
        builder.end_batch({batch.end_offset, batch.epoch, batch.timestamp});
    }
}

void load_snapshot(ImageBuilder& builder, const std::string& file) {
    raft::SnapshotReader reader(as_bytes(file));
    const Result<raft::SnapshotHead> head = reader.head();
    ASSERT_TRUE(head) << head.error().detail;
    for (;;) {
        const auto payloads = reader.next();
        ASSERT_TRUE(payloads) << payloads.error().detail;
        if (!*payloads) return;
        apply_all(builder, **payloads);
    }
}

constexpr Offset kWholeLog{INT64_MAX};

void expect_as_manifest(const ClusterImage& image, const boost::json::object& manifest) {
    std::map<std::string, std::int64_t> features;
    for (const auto& [name, level] : image.features) features[name] = level;
    features["kraft.version"] = 1;  // not a record of this module's: the voters have it
    std::map<std::string, std::int64_t> expected_features;
    for (const auto& [name, level] : manifest.at("features").as_object())
        expected_features[name] = level.as_int64();
    EXPECT_EQ(features, expected_features);

    const auto& topics = manifest.at("topics").as_object();
    EXPECT_EQ(image.topics.size(), topics.size());
    EXPECT_EQ(image.topic_ids.size(), topics.size());
    for (const auto& [name, expected] : topics) {
        SCOPED_TRACE(std::string(name));
        const Uuid* id = image.topic_ids.find(std::string_view(name));
        ASSERT_NE(id, nullptr);
        EXPECT_EQ(id->to_string(), expected.at("topic_id").as_string());
        const Topic* topic = image.topics.find(*id);
        ASSERT_NE(topic, nullptr);
        EXPECT_EQ(topic->name, std::string_view(name));
        EXPECT_EQ(topic->partitions.size(),
                  static_cast<std::size_t>(expected.at("partitions").as_int64()));
        const Configs& configs = image.configs_of({ResourceType::topic, std::string(name)});
        const auto& expected_configs = expected.at("configs").as_object();
        EXPECT_EQ(configs.size(), expected_configs.size());
        for (const auto& [key, value] : expected_configs) {
            const std::string* found = configs.find(std::string_view(key));
            ASSERT_NE(found, nullptr) << key;
            EXPECT_EQ(*found, value.as_string());
        }
    }
    const std::map<std::string, ResourceType> types{
        {"BROKER", ResourceType::broker},
        {"GROUP", ResourceType::group},
        {"CLIENT_METRICS", ResourceType::client_metrics}};
    for (const auto& [resource, configs] : manifest.at("dynamic_configs").as_object()) {
        const std::string text(resource);
        const std::size_t colon = text.find(':');
        const Configs& found =
            image.configs_of({types.at(text.substr(0, colon)), text.substr(colon + 1)});
        EXPECT_EQ(found.size(), configs.as_object().size()) << text;
        for (const auto& [key, value] : configs.as_object()) {
            ASSERT_TRUE(found.contains(std::string_view(key))) << text << ' ' << key;
            EXPECT_EQ(*found.find(std::string_view(key)), value.as_string());
        }
    }
    EXPECT_EQ(image.acls.size(), manifest.at("acls").as_array().size());
    EXPECT_EQ(image.client_quotas.size(), manifest.at("quotas").as_array().size());
    EXPECT_EQ(image.scram_users.size(), manifest.at("scram_users").as_array().size());
    for (const auto& user : manifest.at("scram_users").as_array()) {
        const std::int8_t mechanism = user.at("mechanism").as_string() == "SCRAM-SHA-256" ? 1 : 2;
        const auto* found =
            image.scram_users.find(ScramUser{mechanism, std::string(user.at("user").as_string())});
        ASSERT_NE(found, nullptr);
        EXPECT_EQ(found->iterations, user.at("iterations").as_int64());
    }
}

TEST(KafkaMetadataLog, MakesTheImageThatKafkaDescribed) {
    for (const std::string directory : {"clean", "unclean"}) {
        SCOPED_TRACE(directory);
        ImageBuilder builder;
        replay_log(builder, read_file(directory + "/00000000000000000000.log"), Offset{0},
                   kWholeLog);
        EXPECT_EQ(builder.contradictions().count, 0U) << builder.contradictions().first;
        EXPECT_FALSE(builder.is_in_transaction());
        expect_as_manifest(builder.image(), manifest_of(directory));
        EXPECT_TRUE(check_metadata_version(builder.image()));
    }
}

TEST(KafkaMetadataLog, AtASnapshotIsTheSnapshotsImage) {
    for (const std::string file : {"clean/00000000000000000140-0000000001.checkpoint",
                                   "clean/00000000000000000280-0000000001.checkpoint",
                                   "clean/00000000000000000403-0000000002.checkpoint",
                                   "unclean/00000000000000000393-0000000002.checkpoint"}) {
        SCOPED_TRACE(file);
        const std::string directory = file.substr(0, file.find('/'));
        const auto id = raft::parse_snapshot_name(file.substr(file.find('/') + 1));
        ASSERT_TRUE(id);
        const std::string log = read_file(directory + "/00000000000000000000.log");

        ImageBuilder replayed;
        replay_log(replayed, log, Offset{0}, id->end_offset);
        EXPECT_EQ(replayed.image().provenance.end_offset, id->end_offset);
        EXPECT_EQ(replayed.image().provenance.epoch, id->epoch);
        ImageBuilder loaded;
        load_snapshot(loaded, read_file(file));
        EXPECT_EQ(loaded.contradictions().count, 0U) << loaded.contradictions().first;
        EXPECT_EQ(loaded.image(), replayed.image());
        EXPECT_EQ(hash_of(loaded.image()), hash_of(replayed.image()));

        replay_log(loaded, log, id->end_offset, kWholeLog);
        replay_log(replayed, log, id->end_offset, kWholeLog);
        EXPECT_EQ(loaded.image(), replayed.image());
        EXPECT_EQ(loaded.image().provenance, replayed.image().provenance);
    }
}

TEST(KafkaMetadataLog, ASnapshotOfOursHoldsTheRecordsOfKafkas) {
    const std::string file = read_file("clean/00000000000000000403-0000000002.checkpoint");
    // As texts, in any order; registrations list features in the order of a hash table.
    const auto text_of = [](const MetadataRecord& record) {
        if (std::holds_alternative<protocol::RegisterBrokerRecord>(record.value))
            return std::string("a broker, version ") + std::to_string(record.version);
        if (std::holds_alternative<protocol::RegisterControllerRecord>(record.value))
            return std::string("a controller, version ") + std::to_string(record.version);
        return std::string(as_text(encode_record(record)->view()));
    };
    std::multiset<std::string> kafkas;
    ImageBuilder builder;
    raft::SnapshotReader reader(as_bytes(file));
    ASSERT_TRUE(reader.head());
    for (auto payloads = reader.next(); *payloads; payloads = reader.next()) {
        for (const BytesView payload : **payloads) {
            const auto record = decode_record(payload);
            ASSERT_TRUE(record);
            kafkas.insert(text_of(*record));
            builder.apply(*record);
        }
    }
    std::multiset<std::string> ours;
    ASSERT_TRUE(for_each_record(builder.image(), [&](const MetadataRecord& record) -> Result<> {
        ours.insert(text_of(record));
        return {};
    }));
    EXPECT_EQ(ours, kafkas);
}

TEST(KafkaMetadataLog, BootstrapFilesAreReadAndWrittenByteByByte) {
    const std::string bootstrap = read_file("clean/bootstrap.checkpoint");
    raft::SnapshotReader reader(as_bytes(bootstrap));
    const auto head = reader.head();
    ASSERT_TRUE(head) << head.error().detail;
    EXPECT_EQ(head->last_contained, Timestamp{0});
    EXPECT_FALSE(head->voters);
    const auto payloads = reader.next();
    ASSERT_TRUE(payloads && *payloads);
    EXPECT_EQ((**payloads).size(), 6U);

    // Kafka took the time anew for each batch, so that only this one can be the same to the byte.
    const std::string first = read_file("clean/00000000000000000000-0000000000.checkpoint");
    raft::SnapshotReader zero(as_bytes(first));
    const auto zero_head = zero.head();
    ASSERT_TRUE(zero_head);
    EXPECT_EQ(zero_head->kraft_version, 1);
    ASSERT_TRUE(zero_head->voters);
    EXPECT_EQ(zero_head->voters->voters.at(0).voter_id, 1);
    raft::SnapshotWriter writer(raft::kFirstSnapshot, Timestamp{1795363797323}, *zero_head);
    const std::vector<Bytes> batches = writer.take();
    ASSERT_EQ(batches.size(), 1U);
    EXPECT_EQ(as_text(batches[0]), std::string_view(first).substr(0, batches[0].size()));
}

}  // namespace
}  // namespace moldau::metadata
