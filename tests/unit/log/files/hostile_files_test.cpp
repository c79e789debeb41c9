// Files that no Kafka has written: every parser says what is wrong, and where.
#include "moldau/log/files/clean_shutdown.hpp"
#include "moldau/log/files/leader_epoch_checkpoint.hpp"
#include "moldau/log/files/meta_properties.hpp"
#include "moldau/log/files/offset_checkpoint.hpp"
#include "moldau/log/files/offset_index.hpp"
#include "moldau/log/files/partition_metadata.hpp"
#include "moldau/log/files/producer_snapshot.hpp"
#include "moldau/log/files/time_index.hpp"
#include "moldau/log/files/transaction_index.hpp"

#include <gtest/gtest.h>

#include <functional>
#include <limits>
#include <optional>
#include <string>

namespace moldau::log {
namespace {

template <class T>
std::optional<Error> error_of(const Result<T>& result) {
    if (result) return std::nullopt;
    return result.error();
}

struct TextRow {
    const char* name;
    std::function<std::optional<Error>(std::string_view)> parse;
    std::string file;
    const char* detail;  // a part of it
};

std::optional<Error> epochs(std::string_view file) {
    return error_of(parse_leader_epoch_checkpoint(file));
}
std::optional<Error> offsets(std::string_view file) {
    return error_of(parse_offset_checkpoint(file));
}
std::optional<Error> metadata(std::string_view file) {
    return error_of(parse_partition_metadata(file));
}
std::optional<Error> meta(std::string_view file) {
    return error_of(parse_meta_properties(file));
}
std::optional<Error> shutdown(std::string_view file) {
    return error_of(parse_clean_shutdown(file));
}

TEST(HostileTextFiles, AreRefusedWithTheLineThatIsWrong) {
    const std::vector<TextRow> rows = {
        {"no bytes", epochs, "", "line 1: version ''"},
        {"another version", epochs, "1\n0\n", "line 1: version '1'"},
        {"no count", epochs, "0\n", "line 2: ''"},
        {"a negative count", epochs, "0\n-1\n", "line 2: '-1'"},
        {"a huge count", epochs, "0\n2147483647\n0 0\n", "2147483647 entries, but 1 lines"},
        {"fewer lines", epochs, "0\n2\n0 0\n", "2 entries, but 1 lines"},
        {"more lines", epochs, "0\n1\n0 0\n1 5\n", "1 entries, but 2 lines"},
        {"an empty line", epochs, "0\n2\n0 0\n\n", "line 4: ''"},
        {"a word", epochs, "0\n1\nzero 0\n", "line 3: 'zero 0'"},
        {"a third word", epochs, "0\n1\n0 0 0\n", "line 3"},
        {"two blanks", epochs, "0\n1\n0  0\n", "line 3"},
        {"too many digits", epochs, "0\n1\n0 99999999999999999999\n", "line 3"},
        {"a negative offset", epochs, "0\n1\n0 -1\n", "line 3"},
        {"an epoch twice", epochs, "0\n2\n1 0\n1 5\n", "line 4: epoch 1 from offset 5"},
        {"an offset that falls", epochs, "0\n2\n1 9\n2 5\n", "line 4: epoch 2 from offset 5"},
        {"a path", offsets, "0\n1\n../x 0 1\n", "line 3: '../x 0 1'"},
        {"a name of dots", offsets, "0\n1\n.. 0 1\n", "line 3"},
        {"no name", offsets, "0\n1\n 0 1\n", "line 3"},
        {"a long name", offsets, "0\n1\n" + std::string(250, 'a') + " 0 1\n", "line 3"},
        {"a negative partition", offsets, "0\n1\na -1 1\n", "line 3"},
        {"a missing offset", offsets, "0\n1\na 1\n", "line 3"},
        {"another version", metadata, "version: 1\ntopic_id: AAAAAAAAAAEAAAAAAAAAAg", "line 1"},
        {"no id", metadata, "version: 0\n", "line 2"},
        {"a zero id", metadata, "version: 0\ntopic_id: AAAAAAAAAAAAAAAAAAAAAA", "zero"},
        {"no base64", metadata, "version: 0\ntopic_id: !!!!!!!!!!!!!!!!!!!!!!", "line 2"},
        {"a third line", metadata, "version: 0\ntopic_id: AAAAAAAAAAEAAAAAAAAAAg\nx\n", "line 3"},
        {"no version", meta, "node.id=1\ncluster.id=a\n", "version: ''"},
        {"version 2", meta, "version=2\n", "version: '2'"},
        {"no cluster", meta, "version=1\nnode.id=1\n", "cluster.id is missing"},
        {"no node", meta, "version=1\ncluster.id=a\n", "node.id is missing"},
        {"a negative node", meta, "version=1\nnode.id=-1\ncluster.id=a\n", "node.id: '-1'"},
        {"a bad directory", meta, "version=1\nnode.id=1\ncluster.id=a\ndirectory.id=x\n",
         "directory.id"},
        {"no value", meta, "version=1\nnonsense\n", "line 2: 'nonsense'"},
        {"an array", shutdown, "[]", "not an object"},
        {"cut short", shutdown, "{\"version\":0,", "not 'name: value'"},
        {"no epoch", shutdown, "{\"version\":0}", "brokerEpoch is missing"},
        {"another version", shutdown, "{\"version\":7,\"brokerEpoch\":1}", "version 7"},
        {"a string", shutdown, "{\"version\":0,\"brokerEpoch\":\"1\"}", "brokerEpoch"},
        {"two objects", shutdown, "{\"version\":0,\"brokerEpoch\":1}{}", "not one object"},
    };
    for (const TextRow& row : rows) {
        SCOPED_TRACE(row.name);
        const std::optional<Error> error = row.parse(row.file);
        ASSERT_TRUE(error);
        EXPECT_EQ(error->code, ErrorCode::kafka_storage_error);
        EXPECT_NE(error->detail.find(row.detail), std::string::npos) << error->detail;
    }
}

TEST(MetaProperties, TakesWhatJavaWritesAndPeopleEdit) {
    const auto meta_properties = parse_meta_properties(
        "! a comment\r\n  node.id = 7\r\ncluster.id:a\\:b\nversion=1\nsomebody.elses=key");
    ASSERT_TRUE(meta_properties) << meta_properties.error().detail;
    EXPECT_EQ(meta_properties->node_id, 7);
    EXPECT_EQ(meta_properties->cluster_id, "a:b");
    EXPECT_FALSE(meta_properties->directory_id);
    const auto again = parse_meta_properties(write_meta_properties(*meta_properties));
    ASSERT_TRUE(again);
    EXPECT_EQ(*again, *meta_properties);
}

TEST(CleanShutdown, IsReadEmptyAsOlderBrokersLeftItAndWithBlanks) {
    const auto empty = parse_clean_shutdown("");
    ASSERT_TRUE(empty);
    EXPECT_EQ(empty->broker_epoch, -1);
    const auto spaced = parse_clean_shutdown(" { \"brokerEpoch\" : 9 , \"version\" : 0 }\n");
    ASSERT_TRUE(spaced) << spaced.error().detail;
    EXPECT_EQ(spaced->broker_epoch, 9);
}

TEST(OffsetIndex, RefusesWhatDoesNotRiseAndTakesAnEmptyOrPreallocatedFile) {
    const auto parse = [](std::vector<OffsetIndexEntry> entries) {
        return parse_offset_index(write_offset_index(entries, {0}), {0}).has_value();
    };
    EXPECT_TRUE(parse({{{1}, 0}, {{2}, 0}}));
    EXPECT_FALSE(parse({{{2}, 5}, {{2}, 6}}));
    EXPECT_FALSE(parse({{{2}, 5}, {{3}, 4}}));
    EXPECT_FALSE(parse({{{2}, -1}}));
    const std::vector<std::byte> zeros(80);
    const auto preallocated = parse_offset_index(zeros, {0});
    ASSERT_TRUE(preallocated);
    EXPECT_TRUE(preallocated->empty());
    const auto single = parse_offset_index(BytesView(zeros).first(8), {9});
    ASSERT_TRUE(single);
    EXPECT_EQ(single->size(), 1U);
    EXPECT_FALSE(parse_offset_index(BytesView(zeros).first(7), {0}));
    const auto far = write_offset_index(std::vector<OffsetIndexEntry>{{{5}, 0}}, {0});
    EXPECT_FALSE(parse_offset_index(far, {std::numeric_limits<std::int64_t>::max() - 2}));
}

TEST(TimeIndex, RefusesTimestampsThatDoNotRiseAndOffsetsThatFall) {
    const auto parse = [](std::vector<TimeIndexEntry> entries) {
        return parse_time_index(write_time_index(entries, {0}), {0}).has_value();
    };
    EXPECT_TRUE(parse({{{5}, {1}}, {{6}, {1}}}));
    EXPECT_FALSE(parse({{{5}, {1}}, {{5}, {2}}}));
    EXPECT_FALSE(parse({{{5}, {2}}, {{6}, {1}}}));
    const std::vector<std::byte> zeros(25);
    EXPECT_FALSE(parse_time_index(zeros, {0}));
}

TEST(TransactionIndex, RefusesSpansThatCannotBe) {
    const auto parse = [](std::vector<AbortedTransaction> transactions) {
        return parse_transaction_index(write_transaction_index(transactions)).has_value();
    };
    EXPECT_TRUE(parse({{{1}, {5}, {9}, {5}}}));
    EXPECT_FALSE(parse({{{1}, {10}, {9}, {5}}}));
    EXPECT_FALSE(parse({{{1}, {-1}, {9}, {5}}}));
    EXPECT_FALSE(parse({{{1}, {5}, {9}, {5}}, {{2}, {5}, {9}, {5}}}));
    std::vector<std::byte> later =
        write_transaction_index(std::vector<AbortedTransaction>{{{1}, {5}, {9}, {5}}});
    later[1] = std::byte{1};
    EXPECT_FALSE(parse_transaction_index(later));
    later.pop_back();
    EXPECT_FALSE(parse_transaction_index(later));
}

TEST(ProducerSnapshot, RefusesEveryCutAndEveryChangedByte) {
    const std::vector<ProducerSnapshotEntry> entries = {
        {.producer_id = {1}, .producer_epoch = {2}},
        {.producer_id = {3}, .producer_epoch = {4}, .current_transaction_first_offset = Offset{5}}};
    const std::vector<std::byte> file = write_producer_snapshot(entries);
    const auto whole = parse_producer_snapshot(file);
    ASSERT_TRUE(whole);
    EXPECT_EQ(*whole, entries);
    for (std::size_t size = 0; size < file.size(); ++size)
        EXPECT_FALSE(parse_producer_snapshot(BytesView(file).first(size))) << size;
    for (std::size_t i = 0; i < file.size(); ++i) {
        std::vector<std::byte> changed = file;
        changed[i] ^= std::byte{4};
        EXPECT_FALSE(parse_producer_snapshot(changed)) << i;
    }
}

TEST(MetaProperties, AreReadAgainAsTheyWereWrittenWhateverTheClusterIdHolds) {
    for (const std::string_view id : {"a\r\r\r", "\\ blank", "\\\tq", "x=:#!", "a\\"}) {
        SCOPED_TRACE(id);
        const auto read =
            parse_meta_properties("version=1\nnode.id=3\ncluster.id=" + std::string(id) + "\n");
        ASSERT_TRUE(read) << read.error().detail;
        EXPECT_FALSE(read->cluster_id.contains('\r'));
        const auto again = parse_meta_properties(write_meta_properties(*read));
        ASSERT_TRUE(again) << again.error().detail;
        EXPECT_EQ(*again, *read);
    }
}

}  // namespace
}  // namespace moldau::log
