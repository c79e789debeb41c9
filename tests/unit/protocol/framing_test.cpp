#include "moldau/protocol/framing.hpp"

#include "support/vectors.hpp"

#include "moldau/protocol/messages/api_versions.hpp"
#include "moldau/protocol/messages/cluster_metadata.hpp"
#include "moldau/protocol/messages/consumer_protocol.hpp"
#include "moldau/protocol/messages/fetch.hpp"
#include "moldau/protocol/messages/group_coordinator.hpp"
#include "moldau/protocol/messages/metadata.hpp"

#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace moldau::protocol {
namespace {

using support::from_hex;
using support::to_hex;

std::string hex(const Result<Bytes>& bytes) {
    EXPECT_TRUE(bytes) << bytes.error().detail;
    return bytes ? to_hex(bytes->data(), bytes->size()) : "";
}

TEST(Framing, WritesARequestThatItsHeaderReaderReads) {
    const MetadataRequest request{.topics = {}, .allow_auto_topic_creation = false};
    const Result<Bytes> frame = request_frame(7, "moldau", request, 12);
    ASSERT_TRUE(frame);
    Reader in(*frame);
    EXPECT_EQ(in.int32(), static_cast<std::int32_t>(frame->size() - kFrameSizeBytes));
    RequestHeader header;
    const Result<const ApiInfo*> api = decode_request_header(in, header);
    ASSERT_TRUE(api) << api.error().detail;
    EXPECT_EQ((*api)->key, ApiKey::metadata);
    EXPECT_EQ(header.request_api_version, 12);
    EXPECT_EQ(header.correlation_id, 7);
    EXPECT_EQ(header.client_id, "moldau");
    MetadataRequest back;
    ASSERT_TRUE(back.decode(in, 12));
    EXPECT_EQ(back, request);
    EXPECT_EQ(in.remaining(), 0U);
}

TEST(Framing, AnswersApiVersionsWithTheOldHeaderInEveryVersion) {
    EXPECT_EQ(hex(response_frame(1, ApiVersionsResponse{}, 0)),
              "0000000a"
              "00000001"
              "0000"
              "00000000");
    EXPECT_EQ(hex(response_frame(1, ApiVersionsResponse{}, 3)),
              "0000000c"
              "00000001"
              "0000"
              "01"
              "00000000"
              "00");
}

TEST(Framing, PutsTheFlexibleHeaderBeforeOtherFlexibleResponses) {
    const MetadataResponse response{.throttle_time_ms = 0x01020304};
    constexpr std::size_t kSizeDigits = 8;
    EXPECT_TRUE(
        hex(response_frame(1, response, 9)).substr(kSizeDigits).starts_with("000000010001020304"));
    EXPECT_TRUE(
        hex(response_frame(1, response, 8)).substr(kSizeDigits).starts_with("0000000101020304"));
}

TEST(Framing, RefusesAnUnknownApi) {
    for (const char* bytes :
         {"270f0000000000010000", "fffb0000000000010000", "7fff0000000000010000"}) {
        const std::vector<std::byte> raw = from_hex(bytes);
        Reader in(raw);
        RequestHeader header;
        const Result<const ApiInfo*> api = decode_request_header(in, header);
        ASSERT_FALSE(api) << bytes;
        EXPECT_EQ(api.error().code, ErrorCode::invalid_request);
    }
}

TEST(Framing, RefusesAnApiThatHasNoVersionLeft) {
    const std::vector<std::byte> raw = from_hex("00040000000000010000");
    Reader in(raw);
    RequestHeader header;
    const Result<const ApiInfo*> api = decode_request_header(in, header);
    ASSERT_FALSE(api);
    EXPECT_EQ(api.error().code, ErrorCode::unsupported_version);
    EXPECT_EQ(api.error().detail, "LeaderAndIsr has no version 0");
}

TEST(Framing, ReadsTheHeaderOfAVersionThatIsNotKnownYet) {
    // ApiVersions 99 has the flexible header: the answer is error 35 with the versions that are
    // known.
    const std::vector<std::byte> raw = from_hex(
        "0012"
        "0063"
        "00000007"
        "ffff"
        "00");
    Reader in(raw);
    RequestHeader header;
    const Result<const ApiInfo*> api = decode_request_header(in, header);
    ASSERT_TRUE(api);
    EXPECT_EQ(header.request_api_version, 99);
    EXPECT_FALSE(header.client_id.has_value());
    EXPECT_EQ(in.remaining(), 0U);
}

TEST(Framing, GathersAFetchResponseWithTheSizeOfAllOfIt) {
    const std::vector<std::byte> records(1000, std::byte{1});
    FetchResponse response;
    response.responses.emplace_back().partitions.emplace_back().records = records;
    const Result<GatheredFrame> frame = gathered_response_frame(5, response, 16);
    const Result<Bytes> whole = response_frame(5, response, 16);
    ASSERT_TRUE(frame && whole);
    EXPECT_EQ(frame->total, whole->size());
    EXPECT_EQ(frame->head.size(), whole->size() - records.size());
    ASSERT_EQ(frame->splices.size(), 1U);
    const std::size_t at = frame->splices[0].position;
    EXPECT_TRUE(equal(frame->head.view().first(at), whole->view().first(at)));
    EXPECT_TRUE(equal(frame->head.view().subspan(at), whole->view().subspan(at + records.size())));
}

TEST(Framing, FramesARecordOfTheMetadataLog) {
    const FeatureLevelRecord record{.name = "kraft.version", .feature_level = 1};
    const Result<Bytes> framed = framed_record(record, 0);
    EXPECT_EQ(hex(framed),
              "010c00"
              "0e6b726166742e76657273696f6e"
              "0001"
              "00");
    Reader in(*framed);
    const Result<RecordFrame> frame = decode_record_frame(in);
    ASSERT_TRUE(frame);
    EXPECT_EQ(static_cast<ClusterMetadataRecordType>(frame->type),
              ClusterMetadataRecordType::feature_level);
}

TEST(Framing, RefusesARecordOfAnotherFrameVersionOrWithNumbersThatAreNone) {
    for (const char* bytes : {"", "02", "000c00", "020c00",
                              "01808004"
                              "00",
                              "010c"
                              "808004"}) {
        const std::vector<std::byte> raw = from_hex(bytes);
        Reader in(raw);
        EXPECT_FALSE(decode_record_frame(in)) << bytes;
    }
}

TEST(Framing, PrefixesKeysWithTheirTypeAndValuesWithTheirVersion) {
    const OffsetCommitKey key{.group = "g", .topic = "t", .partition = 2};
    EXPECT_EQ(hex(type_prefixed(key)),
              "0001"
              "000167"
              "000174"
              "00000002");
    const ConsumerProtocolAssignment value;
    const Result<Bytes> bytes = version_prefixed(value, 1);
    EXPECT_EQ(hex(bytes),
              "0001"
              "00000000"
              "ffffffff");
    Reader in(*bytes);
    ConsumerProtocolAssignment back;
    const Result<std::int16_t> version = decode_version_prefixed(in, back);
    ASSERT_TRUE(version);
    EXPECT_EQ(*version, 1);
    EXPECT_EQ(back, value);
}

}  // namespace
}  // namespace moldau::protocol
