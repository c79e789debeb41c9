// Golden files of a log directory, both ways.
#include "support/vectors.hpp"

#include "moldau/log/files/clean_shutdown.hpp"
#include "moldau/log/files/leader_epoch_checkpoint.hpp"
#include "moldau/log/files/meta_properties.hpp"
#include "moldau/log/files/offset_checkpoint.hpp"
#include "moldau/log/files/offset_index.hpp"
#include "moldau/log/files/partition_metadata.hpp"
#include "moldau/log/files/producer_snapshot.hpp"
#include "moldau/log/files/time_index.hpp"
#include "moldau/log/files/transaction_index.hpp"

#include <boost/json.hpp>
#include <gtest/gtest.h>

#include <functional>
#include <map>
#include <string>

namespace moldau::log {
namespace {

using Json = boost::json::object;

std::int64_t number(const Json& json, std::string_view field) {
    return json.at(field).to_number<std::int64_t>();
}
std::vector<std::byte> bytes_of(const Json& json) {
    return support::from_hex(json.at("hex").as_string());
}
std::string text_of(const Json& json) {
    return std::string(json.at("text").as_string());
}
std::string hex(const std::vector<std::byte>& bytes) {
    return support::to_hex(bytes.data(), bytes.size());
}
std::string hex_of(const Json& json) {
    return std::string(json.at("hex").as_string());
}

void expect_offset_index(const Json& json) {
    const auto entries = parse_offset_index(bytes_of(json), {100});
    ASSERT_TRUE(entries) << entries.error().detail;
    const boost::json::array& wanted = json.at("entries").as_array();
    ASSERT_EQ(entries->size(), wanted.size());
    for (std::size_t i = 0; i < wanted.size(); ++i) {
        EXPECT_EQ((*entries)[i].offset.value, number(wanted[i].as_object(), "offset"));
        EXPECT_EQ((*entries)[i].position, number(wanted[i].as_object(), "position"));
    }
    EXPECT_EQ(hex(write_offset_index(*entries, {100})), hex_of(json));
}

void expect_preallocated_offset_index(const Json& json) {
    const auto entries = parse_offset_index(bytes_of(json), {100});
    ASSERT_TRUE(entries) << entries.error().detail;
    EXPECT_EQ(*entries, (std::vector<OffsetIndexEntry>{
                            {{100}, 0}, {{131}, 4113}, {{2147483747}, 2147483647}}));
    EXPECT_TRUE(hex_of(json).starts_with(hex(write_offset_index(*entries, {100}))));
}

void expect_time_index(const Json& json) {
    const auto entries = parse_time_index(bytes_of(json), {100});
    ASSERT_TRUE(entries) << entries.error().detail;
    const boost::json::array& wanted = json.at("entries").as_array();
    ASSERT_EQ(entries->size(), wanted.size());
    for (std::size_t i = 0; i < wanted.size(); ++i) {
        EXPECT_EQ((*entries)[i].timestamp.ms, number(wanted[i].as_object(), "timestamp"));
        EXPECT_EQ((*entries)[i].offset.value, number(wanted[i].as_object(), "offset"));
    }
    EXPECT_EQ(hex(write_time_index(*entries, {100})), hex_of(json));
}

void expect_transaction_index(const Json& json) {
    const auto entries = parse_transaction_index(bytes_of(json));
    ASSERT_TRUE(entries) << entries.error().detail;
    const boost::json::array& wanted = json.at("entries").as_array();
    ASSERT_EQ(entries->size(), wanted.size());
    for (std::size_t i = 0; i < wanted.size(); ++i) {
        const Json& entry = wanted[i].as_object();
        EXPECT_EQ((*entries)[i].producer_id.value, number(entry, "producerId"));
        EXPECT_EQ((*entries)[i].first_offset.value, number(entry, "firstOffset"));
        EXPECT_EQ((*entries)[i].last_offset.value, number(entry, "lastOffset"));
        EXPECT_EQ((*entries)[i].last_stable_offset.value, number(entry, "lastStableOffset"));
    }
    EXPECT_EQ(hex(write_transaction_index(*entries)), hex_of(json));
}

void expect_producer_snapshot(const Json& json) {
    const auto entries = parse_producer_snapshot(bytes_of(json));
    ASSERT_TRUE(entries) << entries.error().detail;
    const boost::json::array wanted =
        json.contains("entries") ? json.at("entries").as_array() : boost::json::array();
    ASSERT_EQ(entries->size(), wanted.size());
    for (std::size_t i = 0; i < wanted.size(); ++i) {
        const Json& entry = wanted[i].as_object();
        const ProducerSnapshotEntry& got = (*entries)[i];
        EXPECT_EQ(got.producer_id.value, number(entry, "producerId"));
        EXPECT_EQ(got.producer_epoch.value, number(entry, "producerEpoch"));
        EXPECT_EQ(got.coordinator_epoch, number(entry, "coordinatorEpoch"));
        EXPECT_EQ(got.timestamp.ms, number(entry, "lastTimestamp"));
        ASSERT_EQ(got.current_transaction_first_offset.has_value(),
                  entry.contains("currentTxnFirstOffset"));
        if (got.current_transaction_first_offset) {
            EXPECT_EQ(got.current_transaction_first_offset->value,
                      number(entry, "currentTxnFirstOffset"));
        }
        const boost::json::array& batches = entry.at("batches").as_array();
        ASSERT_EQ(batches.empty(), got.last_offset < 0);
        if (batches.empty()) continue;
        const Json& batch = batches.at(0).as_object();
        EXPECT_EQ(got.last_sequence, number(batch, "lastSeq"));
        EXPECT_EQ(got.last_sequence - got.offset_delta, number(batch, "firstSeq"));
        EXPECT_EQ(got.last_offset, number(batch, "lastOffset"));
        EXPECT_EQ(got.offset_delta, number(batch, "offsetDelta"));
    }
    EXPECT_EQ(hex(write_producer_snapshot(*entries)), hex_of(json));
}

void expect_offset_checkpoint(const Json& json) {
    const auto offsets = parse_offset_checkpoint(text_of(json));
    ASSERT_TRUE(offsets) << offsets.error().detail;
    if (!offsets->empty()) {
        EXPECT_EQ(*offsets,
                  (std::vector<PartitionOffset>{
                      {"a.b-c_d", 12, {INT64_MAX}}, {"orders", 0, {5}}, {"orders", 1, {0}}}));
    }
    EXPECT_EQ(write_offset_checkpoint(*offsets), text_of(json));
}

void expect_leader_epochs(const Json& json) {
    const auto starts = parse_leader_epoch_checkpoint(text_of(json));
    ASSERT_TRUE(starts) << starts.error().detail;
    EXPECT_EQ(*starts, (std::vector<EpochStart>{{{0}, {0}}, {{3}, {120}}, {{4}, {500}}}));
    EXPECT_EQ(write_leader_epoch_checkpoint(*starts), text_of(json));
}

void expect_partition_metadata(const Json& json) {
    const auto metadata = parse_partition_metadata(text_of(json));
    ASSERT_TRUE(metadata) << metadata.error().detail;
    EXPECT_EQ(metadata->topic_id, (Uuid{1, 2}));
    EXPECT_EQ(write_partition_metadata(*metadata), text_of(json));
}

void expect_clean_shutdown(const Json& json) {
    const auto shutdown = parse_clean_shutdown(text_of(json));
    ASSERT_TRUE(shutdown) << shutdown.error().detail;
    EXPECT_EQ(shutdown->broker_epoch, 42);
    EXPECT_EQ(write_clean_shutdown(*shutdown), text_of(json));
}

void expect_meta_properties(const Json& json) {
    std::string file = "#\n#Tue Nov 14 22:13:20 UTC 2023\n";
    std::string wanted = "#\n";
    for (const auto& [key, value] : json.at("properties").as_object()) {
        const std::string line = std::string(key) + "=" + std::string(value.as_string()) + "\n";
        file += line;
        wanted += line;
    }
    const auto properties = parse_meta_properties(file);
    ASSERT_TRUE(properties) << properties.error().detail;
    EXPECT_EQ(properties->node_id, 3);
    EXPECT_EQ(properties->cluster_id, "5L6g3nShT-eMCtK--X86sw");
    EXPECT_EQ(properties->directory_id, (Uuid{5, 6}));
    EXPECT_EQ(write_meta_properties(*properties), wanted);
}

TEST(GoldenDiskFiles, AreReadAndWrittenAsKafkaDoes) {
    const std::map<std::string, std::function<void(const Json&)>> checks = {
        {"offset-index as preallocated while it is active (here for 10 entries)",
         expect_preallocated_offset_index},
        {"offset-index", expect_offset_index},
        {"time-index", expect_time_index},
        {"transaction-index", expect_transaction_index},
        {"producer-snapshot", expect_producer_snapshot},
        {"producer-snapshot-empty", expect_producer_snapshot},
        {"offset-checkpoint (recovery-point-, replication-, log-start-, cleaner-)",
         expect_offset_checkpoint},
        {"offset-checkpoint empty", expect_offset_checkpoint},
        {"leader-epoch-checkpoint", expect_leader_epochs},
        {"partition-metadata", expect_partition_metadata},
        {"clean-shutdown (broker epoch 42)", expect_clean_shutdown},
        {"meta-properties-v0", expect_meta_properties},
        {"meta-properties-v1", expect_meta_properties},
    };
    std::size_t lines = 0;
    for (const Json& json : support::read_vectors("disk-files.jsonl")) {
        const std::string kind(json.at("kind").as_string());
        SCOPED_TRACE(kind);
        ASSERT_TRUE(checks.contains(kind)) << "a file that nobody checks";
        checks.at(kind)(json);
        ++lines;
    }
    EXPECT_EQ(lines, checks.size());
}

}  // namespace
}  // namespace moldau::log
