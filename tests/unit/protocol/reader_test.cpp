#include "moldau/protocol/reader.hpp"

#include "support/vectors.hpp"

#include "moldau/protocol/messages/api_versions.hpp"
#include "moldau/protocol/messages/metadata.hpp"

#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace moldau::protocol {
namespace {

using support::from_hex;

TEST(Reader, KeepsTheFirstFaultAndGivesZerosAfterIt) {
    const std::vector<std::byte> bytes = from_hex(
        "0001"
        "ff");
    Reader in(bytes);
    EXPECT_EQ(in.int16(), 1);
    EXPECT_EQ(in.int32(), 0);  // one byte is left
    EXPECT_EQ(in.int8(), 0);
    EXPECT_EQ(in.uvarint(), 0U);
    EXPECT_EQ(in.remaining(), 0U);
    const Result<> outcome = in.outcome("Thing", 3);
    ASSERT_FALSE(outcome);
    EXPECT_EQ(outcome.error().code, ErrorCode::invalid_request);
    EXPECT_EQ(outcome.error().detail, "cannot decode Thing version 3: bytes are missing at byte 2");
}

TEST(Reader, GivesViewsOnTheBufferForBytes) {
    const std::vector<std::byte> bytes = from_hex("00000003aabbcc");
    Reader in(bytes);
    BytesView view;
    in.bytes(view, false);
    EXPECT_EQ(view.data(), bytes.data() + 4);
    EXPECT_EQ(view.size(), 3U);
}

struct LengthCase {
    const char* name;
    const char* hex;
    bool compact;
    bool accepted;
    bool null;
};

TEST(Reader, TakesNullStringsWhereTheyAreAllowed) {
    for (const LengthCase& c :
         {LengthCase{"null", "ffff", false, true, true},
          LengthCase{"any negative length, as Java", "fffe", false, true, true},
          LengthCase{"compact null", "00", true, true, true},
          LengthCase{"empty", "0000", false, true, false},
          LengthCase{"compact empty", "01", true, true, false},
          LengthCase{"beyond the end", "000261", false, false, false},
          LengthCase{"compact, 2^32 - 2 bytes", "ffffffff0f", true, false, true}}) {
        SCOPED_TRACE(c.name);
        const std::vector<std::byte> bytes = from_hex(c.hex);
        Reader in(bytes);
        std::optional<std::string> text = "before";
        in.string(text, c.compact, true);
        EXPECT_EQ(in.outcome("string", 0).has_value(), c.accepted);
        if (c.accepted) {
            EXPECT_EQ(!text.has_value(), c.null);
        }
        Reader strict(bytes);
        std::string plain;
        strict.string(plain, c.compact);
        EXPECT_EQ(strict.outcome("string", 0).has_value(), c.accepted && !c.null);
    }
}

TEST(Reader, RefusesAStringThatIsTooLongOnceRepaired) {
    std::vector<std::byte> bytes = from_hex("2af8");  // 11000 bytes, each of which becomes three
    bytes.resize(2 + 11000, std::byte{0xFF});
    Reader in(bytes);
    std::string text;
    in.string(text, false);
    EXPECT_FALSE(in.outcome("string", 0));
}

TEST(Reader, RefusesACountBeforeAnythingIsAllocated) {
    for (const char* hex : {"7fffffff", "fffffffe", "80000000", "00000001"}) {
        const std::vector<std::byte> bytes = from_hex(hex);
        Reader in(bytes);
        std::vector<std::int64_t> numbers;
        in.array(numbers, false);
        EXPECT_FALSE(in.outcome("array", 0)) << hex;
        EXPECT_EQ(numbers.capacity(), 0U) << hex;
    }
}

TEST(Reader, CountsTheLeastSizeOfAnElementAgainstWhatRemains) {
    // A topic of Metadata v1 is two bytes at least: three bytes cannot hold two.
    const std::vector<std::byte> bytes = from_hex(
        "00000002"
        "000000");
    Reader in(bytes);
    MetadataRequest request;
    EXPECT_FALSE(request.decode(in, 1));
    EXPECT_EQ(request.topics->capacity(), 0U);
}

TEST(Reader, RefusesWhatWouldTakeMoreMemoryThanItsAllowance) {
    constexpr std::size_t kTopics = 1000;
    std::vector<std::byte> bytes = from_hex("000003e8");
    bytes.resize(4 + 2 * kTopics);
    MetadataRequest request;
    const std::size_t needed = kTopics * sizeof(MetadataRequest::MetadataRequestTopic);
    Reader enough(bytes, needed);
    EXPECT_TRUE(request.decode(enough, 1));
    Reader scarce(bytes, needed - 1);
    const Result<> refused = request.decode(scarce, 1);
    ASSERT_FALSE(refused);
    EXPECT_NE(refused.error().detail.find("more memory than allowed"), std::string::npos);
}

TEST(Reader, SpendsItsAllowanceOnStringsAndUnknownTagsToo) {
    const std::vector<std::byte> text = from_hex("0003616263");
    Reader strings(text, 2);
    std::string to;
    strings.string(to, false);
    EXPECT_FALSE(strings.outcome("string", 0));

    const std::vector<std::byte> tags = from_hex(
        "0107"
        "00");
    Reader tagged(tags, sizeof(UnknownTag) - 1);
    UnknownTags kept;
    tagged.unknown_tags(kept);
    EXPECT_FALSE(tagged.outcome("tags", 0));
}

TEST(Reader, KeepsUnknownTagsSortedAndOfEqualOnesTheLast) {
    const std::vector<std::byte> bytes = from_hex(
        "04"
        "0901aa"
        "0500"
        "0901bb"
        "0701cc");
    Reader in(bytes);
    UnknownTags tags;
    in.unknown_tags(tags);
    ASSERT_TRUE(in.outcome("tags", 0));
    ASSERT_EQ(tags.size(), 3U);
    EXPECT_EQ(tags.begin()[0].tag, 5U);
    EXPECT_EQ(tags.begin()[1].tag, 7U);
    EXPECT_EQ(tags.begin()[2].tag, 9U);
    EXPECT_EQ(tags.begin()[2].data[0], std::byte{0xBB});
}

TEST(Reader, TakesOfAKnownTagThatCameTwiceTheLast) {
    const std::vector<std::byte> bytes = from_hex(
        "0000010000000002"
        "01080000000000000005"
        "01080000000000000006");
    Reader in(bytes);
    ApiVersionsResponse response;
    ASSERT_TRUE(response.decode(in, 3));
    EXPECT_EQ(response.finalized_features_epoch, 6);
}

TEST(Reader, RepairsMalformedTextAndKeepsTheRest) {
    const std::vector<std::byte> bytes = from_hex(
        "0008"
        "636c69656e74ff31");
    Reader in(bytes);
    std::string text;
    in.string(text, false);
    EXPECT_TRUE(in.outcome("string", 0));
    EXPECT_EQ(text,
              "client\xEF\xBF\xBD"
              "1");
}

}  // namespace
}  // namespace moldau::protocol
