// What generated codecs promise, shown on messages that need it.
#include "support/counted_allocations.hpp"

#include "moldau/protocol/messages/add_partitions_to_txn.hpp"
#include "moldau/protocol/messages/create_topics.hpp"
#include "moldau/protocol/messages/describe_topic_partitions.hpp"
#include "moldau/protocol/messages/fetch.hpp"
#include "moldau/protocol/messages/group_coordinator.hpp"
#include "moldau/protocol/messages/metadata.hpp"
#include "moldau/protocol/messages/produce.hpp"

#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace moldau::protocol {
namespace {

template <class M>
std::vector<std::byte> encoded(const M& message, std::int16_t version) {
    const Result<std::size_t> size = message.encoded_size(version);
    EXPECT_TRUE(size) << size.error().detail;
    std::vector<std::byte> bytes(size.value_or(0));
    Writer out(bytes);
    message.encode(out, version);
    EXPECT_EQ(out.remaining(), 0U);
    return bytes;
}

template <class M>
std::size_t allocations_of_second_decode(const M& message, std::int16_t version) {
    const std::vector<std::byte> bytes = encoded(message, version);
    M into;
    std::size_t before = 0;
    for (int i = 0; i < 2; ++i) {
        before = allocations;
        Reader in(bytes);
        EXPECT_TRUE(into.decode(in, version));
    }
    const std::size_t made = allocations - before;
    EXPECT_EQ(into, message);
    return made;
}

const std::string kLongName = "a topic whose name does not fit into a small string";

ProduceRequest produce_request(BytesView records) {
    ProduceRequest request{.transactional_id = std::nullopt, .acks = -1, .timeout_ms = 30000};
    request.topic_data = {
        {.name = kLongName, .partition_data = {{.index = 3, .records = records}}}};
    return request;
}

TEST(Codec, AllocatesNothingWhenAMessageIsReadIntoAgain) {
    const std::vector<std::byte> records(200);
    EXPECT_EQ(allocations_of_second_decode(produce_request(records), 9), 0U);

    FetchRequest fetch;
    fetch.rack_id = "a rack whose name does not fit either";
    fetch.topics = {{.topic = kLongName, .partitions = {{.partition = 1}, {.partition = 2}}}};
    EXPECT_EQ(allocations_of_second_decode(fetch, 12), 0U);

    MetadataResponse metadata;
    metadata.brokers = {{.node_id = 1, .host = kLongName, .port = 9092, .rack = kLongName}};
    metadata.topics = {{.name = kLongName, .partitions = {{.replica_nodes = {1, 2, 3}}}}};
    EXPECT_EQ(allocations_of_second_decode(metadata, 12), 0U);
}

TEST(Codec, RefusesAValueThatTheVersionHasNoFieldFor) {
    MetadataRequest request;
    request.allow_auto_topic_creation = false;
    const Result<std::size_t> size = request.encoded_size(3);
    ASSERT_FALSE(size);
    EXPECT_EQ(size.error().code, ErrorCode::unsupported_version);
    EXPECT_EQ(size.error().detail,
              "MetadataRequest version 3 cannot express allow_auto_topic_creation");
    EXPECT_TRUE(request.encoded_size(4));
}

TEST(Codec, LeavesOutAnIgnorableValueThatTheVersionHasNoFieldFor) {
    FetchRequest request{.rack_id = "r1"};
    const std::vector<std::byte> bytes = encoded(request, 10);
    FetchRequest back;
    Reader in(bytes);
    ASSERT_TRUE(back.decode(in, 10));
    EXPECT_EQ(back.rack_id, "");
}

TEST(Codec, RefusesNullWhereTheVersionAllowsNone) {
    MetadataRequest request;
    request.topics.reset();
    EXPECT_TRUE(request.encoded_size(1));
    const Result<std::size_t> size = request.encoded_size(0);
    ASSERT_FALSE(size);
    EXPECT_EQ(size.error().code, ErrorCode::invalid_request);
}

TEST(Codec, RefusesAStringThatIsTooLong) {
    const FetchRequest request{.rack_id = std::string(32768, 'x')};
    const Result<std::size_t> size = request.encoded_size(12);
    ASSERT_FALSE(size);
    EXPECT_EQ(size.error().code, ErrorCode::invalid_request);
    EXPECT_TRUE(FetchRequest{.rack_id = std::string(32767, 'x')}.encoded_size(12));
}

TEST(Codec, RefusesUnknownTagsInVersionsThatHaveNone) {
    FetchRequest request;
    request.unknown_tags.add({100, as_bytes("x")});
    EXPECT_TRUE(request.encoded_size(12));
    const Result<std::size_t> size = request.encoded_size(11);
    ASSERT_FALSE(size);
    EXPECT_EQ(size.error().code, ErrorCode::unsupported_version);
}

TEST(Codec, RefusesUnknownTagsThatDoNotAscendOrAreKnown) {
    FetchRequest falling;
    falling.unknown_tags.add({101, {}});
    falling.unknown_tags.add({100, {}});
    EXPECT_FALSE(falling.encoded_size(12));

    FetchRequest known{.cluster_id = "c"};
    known.unknown_tags.add({0, {}});
    EXPECT_FALSE(known.encoded_size(12));
}

TEST(Codec, WritesUnknownTagsBetweenKnownOnes) {
    FetchRequest request{.cluster_id = "c"};
    request.replica_state.replica_id = 7;
    request.unknown_tags.add({5, as_bytes("between")});
    const std::vector<std::byte> bytes = encoded(request, 17);
    FetchRequest back;
    Reader in(bytes);
    ASSERT_TRUE(back.decode(in, 17));
    EXPECT_EQ(back, request);
}

TEST(Codec, GivesFieldsThatAreAbsentTheirDefaultAgain) {
    FetchRequest request;
    request.topics = {{.topic = "t", .partitions = {{.partition = 1, .last_fetched_epoch = 5}}}};
    const std::vector<std::byte> newer = encoded(request, 12);
    request.topics[0].partitions[0].last_fetched_epoch = -1;
    const std::vector<std::byte> older = encoded(request, 11);
    FetchRequest into;
    Reader first(newer);
    ASSERT_TRUE(into.decode(first, 12));
    EXPECT_EQ(into.topics[0].partitions[0].last_fetched_epoch, 5);
    Reader second(older);
    ASSERT_TRUE(into.decode(second, 11));
    EXPECT_EQ(into.topics[0].partitions[0].last_fetched_epoch, -1);
}

TEST(Codec, ComparesBytesByWhatTheyHold) {
    const std::vector<std::byte> one{std::byte{1}, std::byte{2}};
    const std::vector<std::byte> other = one;
    const std::vector<std::byte> different{std::byte{1}, std::byte{3}};
    EXPECT_EQ(produce_request(one), produce_request(other));
    EXPECT_FALSE(produce_request(one) == produce_request(different));
}

TEST(Codec, TellsAnAbsentStructFromAnEmptyOne) {
    DescribeTopicPartitionsRequest request;
    EXPECT_FALSE(request.cursor.has_value());
    request.cursor.emplace();
    request.cursor->topic_name = "t";
    const std::vector<std::byte> bytes = encoded(request, 0);
    DescribeTopicPartitionsRequest back;
    Reader in(bytes);
    ASSERT_TRUE(back.decode(in, 0));
    EXPECT_EQ(back, request);

    // A tagged one: not there, there and null, there and set are three things to Kafka.
    ConsumerGroupMemberMetadataValue value;
    const std::size_t absent = encoded(value, 0).size();
    value.classic_member_metadata.reset();
    EXPECT_EQ(encoded(value, 0).size(), absent + 3);
    value.classic_member_metadata.emplace().session_timeout_ms = 10;
    EXPECT_GT(encoded(value, 0).size(), absent + 3);
}

}  // namespace
}  // namespace moldau::protocol
