#include "moldau/coordinator/group_records.hpp"

#include "support/vectors.hpp"

#include "moldau/base/hashes.hpp"

#include <boost/json.hpp>
#include <gtest/gtest.h>

#include <set>

namespace moldau::coordinator {
namespace {

BytesView view(const std::vector<std::byte>& bytes) {
    return {bytes.data(), bytes.size()};
}

std::string hex(const Bytes& bytes) {
    return support::to_hex(bytes.data(), bytes.size());
}

// Bytes that an Apache Kafka 4.3.1 wrote for a console consumer, and for tools.
struct Written {
    const char* what;
    const char* key;
    const char* value;  // null: a tombstone
};
constexpr Written kWritten[] = {
    {"a group that is begun", "000200026731",
     "000300000000"
     "0000ffffffff000001a206127099"
     "00000000"},
    {"a generation of one consumer", "000200026731",
     "00030008636f6e73756d657200000001000572616e67650035636f6e736f6c652d636f6e73756d65722d39363931"
     "356233622d663362612d343063622d623730332d63653066333333613735626500"
     "0001a20612710100000001"
     "0035636f6e736f6c652d636f6e73756d65722d39363931356233622d663362612d343063622d623730332d636530"
     "6633333361373562"
     "65ffff0010636f6e736f6c652d636f6e73756d6572000a2f3132372e302e302e31000493e00000afc800000017"
     "00030000000100"
     "0174ffffffff00000000ffffffffffff000000190003000000010001740000000200000000"
     "00000001ffffffff"},
    {"a generation of nobody", "000200026731",
     "00030008636f6e73756d657200000002ffffffff000001a2061272cb00000000"},
    {"an offset with epoch and topic id",
     "000100026731000174"
     "00000000",
     "0004000000000000000a000000"
     "0001000001a20612728401"
     "00101a2fa00149504a42bbe04e63cc6df561"},
    {"an offset that is deleted",
     "0001000673696d706c65000174"
     "00000000",
     nullptr},
    {"a group that is deleted", "000200026731", nullptr},
};

TEST(GroupRecords, AreWrittenAsKafkaWritesThem) {
    for (const Written& written : kWritten) {
        SCOPED_TRACE(written.what);
        const auto key = support::from_hex(written.key);
        std::vector<std::byte> bytes;
        std::optional<BytesView> value;
        if (written.value != nullptr) {
            bytes = support::from_hex(written.value);
            value = view(bytes);
        }
        const Result<Record> record = decode_record(view(key), value);
        ASSERT_TRUE(record) << record.error().detail;
        EXPECT_FALSE(std::holds_alternative<UnknownRecord>(*record));
        const Result<EncodedRecord> again = encode_record(*record);
        ASSERT_TRUE(again);
        EXPECT_EQ(hex(again->key), written.key);
        ASSERT_EQ(again->value.has_value(), written.value != nullptr);
        if (written.value != nullptr) {
            EXPECT_EQ(hex(*again->value), written.value);
        }
    }
}

TEST(GroupRecords, SayWhatTheConsumerWas) {
    const auto key = support::from_hex(kWritten[1].key);
    const auto value = support::from_hex(kWritten[1].value);
    const auto record = std::get<GroupRecord>(*decode_record(view(key), view(value)));
    EXPECT_EQ(record.group, "g1");
    EXPECT_EQ(record.value->protocol_type, "consumer");
    EXPECT_EQ(record.value->generation, 1);
    EXPECT_EQ(record.value->protocol, "range");
    EXPECT_EQ(record.value->state_since, Timestamp{1795398201601});
    ASSERT_EQ(record.value->members.size(), 1U);
    const StoredMember& member = record.value->members.front();
    EXPECT_EQ(member.id, record.value->leader);
    EXPECT_EQ(member.client_host, "/127.0.0.1");
    EXPECT_EQ(member.rebalance_timeout_ms, 300'000);
    EXPECT_EQ(member.session_timeout_ms, 45'000);
    EXPECT_EQ(member.assignment.size(), 25U);
}

// Kafka's own classes wrote these, at every version of a family.
TEST(GroupRecords, OfEveryVersionAreRead) {
    std::set<std::string> seen;
    for (const auto& line : support::read_vectors("messages/group-coordinator.jsonl.gz")) {
        const std::string message(line.at("message").as_string());
        const auto framed = support::from_hex(line.at("framed").as_string());
        const auto offset_key = support::from_hex("000100016700017400000007");
        const auto group_key = support::from_hex("0002000167");
        SCOPED_TRACE(fmt::format("{} {} {}", message, line.at("version").as_int64(),
                                 std::string_view(line.at("case").as_string())));
        if (line.at("kind").as_string() == "coordinator-key") {
            const Result<Record> record = decode_record(view(framed), std::nullopt);
            ASSERT_TRUE(record) << record.error().detail;
            const bool is_ours = message == "OffsetCommitKey" || message == "GroupMetadataKey" ||
                                 message == "LegacyOffsetCommitKey";
            const bool is_foreign = message == "ConsumerGroupMetadataKey" ||
                                    message == "ShareGroupMetadataKey" ||
                                    message == "StreamsGroupMetadataKey";
            EXPECT_EQ(std::holds_alternative<ForeignGroupRecord>(*record), is_foreign);
            EXPECT_EQ(std::holds_alternative<UnknownRecord>(*record), !is_ours && !is_foreign);
            seen.insert(message);
        }
        if (message == "OffsetCommitValue" || message == "GroupMetadataValue") {
            const auto& key = message == "OffsetCommitValue" ? offset_key : group_key;
            const Result<Record> record = decode_record(view(key), view(framed));
            ASSERT_TRUE(record) << record.error().detail;
            ASSERT_FALSE(std::holds_alternative<UnknownRecord>(*record));
            // What is read and written again is the same to us.
            const Result<EncodedRecord> again = encode_record(*record);
            ASSERT_TRUE(again);
            const Result<Record> same = decode_record(again->key, again->value->view());
            ASSERT_TRUE(same);
            auto expected = *record;
            if (auto* offset = std::get_if<OffsetRecord>(&expected);
                offset != nullptr && offset->value->expires) {
                offset->value->leader_epoch.reset();  // version 1 has no place for these
                offset->value->topic_id = {};
            }
            EXPECT_EQ(*same, expected);
            seen.insert(message);
        }
    }
    EXPECT_TRUE(seen.contains("OffsetCommitValue") && seen.contains("GroupMetadataValue"));
    EXPECT_GT(seen.size(), 10U);
}

TEST(GroupRecords, OfUnknownTypesAndVersionsAreNotRefused) {
    const auto strange_key = support::from_hex("7fff00000001");
    const auto group_key = support::from_hex("0002000167");
    const auto strange_value = support::from_hex(
        "0063"
        "aabbcc");
    const Result<Record> by_key = decode_record(view(strange_key), view(strange_value));
    ASSERT_TRUE(by_key);
    EXPECT_EQ(std::get<UnknownRecord>(*by_key).type, 0x7fff);
    const Result<Record> by_version = decode_record(view(group_key), view(strange_value));
    ASSERT_TRUE(by_version);
    EXPECT_EQ(std::get<UnknownRecord>(*by_version).type, 2);
}

TEST(GroupRecords, ThatAreCutOrGoOnAreRefused) {
    const auto key = support::from_hex(kWritten[3].key);
    const auto value = support::from_hex(kWritten[3].value);
    for (std::size_t size = 0; size < key.size(); ++size)
        EXPECT_FALSE(decode_record(view(key).first(size), std::nullopt)) << size;
    for (std::size_t size = 0; size < value.size(); ++size)
        EXPECT_FALSE(decode_record(view(key), view(value).first(size))) << size;
    auto longer = value;
    longer.push_back(std::byte{});
    EXPECT_FALSE(decode_record(view(key), view(longer)));
}

TEST(GroupRecords, LieInThePartitionWhereKafkaPutThem) {
    EXPECT_EQ(partition_of_group("g1", 50), 42);
    EXPECT_EQ(partition_of_group("simple", 50), 26);
}

}  // namespace
}  // namespace moldau::coordinator
