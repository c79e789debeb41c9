// Wrong and odd bodies, and what Kafka makes of them. Where we differ it is on purpose, by name.
#include "support/messages/json_form.hpp"
#include "support/messages/message_type.hpp"
#include "support/vectors.hpp"

#include "moldau/protocol/reader.hpp"

#include <boost/json/object.hpp>
#include <boost/json/value_to.hpp>
#include <gtest/gtest.h>

#include <map>
#include <string>
#include <vector>

namespace moldau::support {
namespace {

namespace json = boost::json;

// Accepted by Kafka, refused by us: case and reason.
const std::map<std::string, std::string> kRefused{
    {"array/minus-two", "for Metadata it would mean all topics: a count below -1 is no count"},
    {"array/min-int", "a count below -1 is no count"},
    {"compact-array/length-of-five-bytes-all-ones", "2^32 - 1 overflows to null in Java"},
    {"records/length-minus-two", "a length below -1 is no length"},
    {"known-tags/epoch-size-4-of-8-bytes", "the value runs beyond its declared size"},
    {"known-tags/epoch-size-9", "a byte is left over inside the declared size"},
    {"nullable-struct/zero", "a struct is announced by 1"},
    {"nullable-struct/minus-two", "a struct is absent by -1"},
};

// Accepted by Kafka, which then cannot write what it holds. We write tags sorted, of equal ones the
// last, and know no negative ones.
const std::map<std::string, std::string> kRewritten{
    {"tags/same-unknown-twice",
     "0261026201"
     "0701bb"},
    {"tags/number-max-uint32", "0261026201ffffffff0f01aa"},
    {"tags/unknown-falling",
     "0261026202"
     "0701bb"
     "0801aa"},
};

void expect_outcome(const json::object& line, const std::string& name) {
    const MessageType& type = message_type_of(json::value_to<std::string>(line.at("message")));
    const auto version = static_cast<std::int16_t>(line.at("version").as_int64());
    std::vector<std::byte> bytes = from_hex(json::value_to<std::string>(line.at("hex")));
    if (const json::value* zeros = line.if_contains("zerosAfter"))
        bytes.resize(bytes.size() + static_cast<std::size_t>(zeros->as_int64()));

    AnyMessage message(type);
    protocol::Reader in(bytes);
    const Result<> decoded = message.decode(in, version);
    const bool kafka_reads = line.at("read").as_object().contains("result");
    const bool expected = kafka_reads && !kRefused.contains(name);
    ASSERT_EQ(decoded.has_value(), expected) << (decoded ? "" : decoded.error().detail);
    if (!decoded) {
        const bool no_such_version = !type.versions.contains(version);
        EXPECT_EQ(decoded.error().code,
                  no_such_version ? ErrorCode::unsupported_version : ErrorCode::invalid_request);
        return;
    }
    EXPECT_EQ(in.remaining(), line.at("bytesLeft").as_int64());
    if (const json::value* form = line.if_contains("json")) {
        EXPECT_EQ(difference(json_form(message, version), *form), "");
    }
    const json::value* const rewritten = line.if_contains("rewritten");
    if (rewritten == nullptr) return;
    const Result<std::vector<std::byte>> again = message.bytes(version);
    ASSERT_TRUE(again) << again.error().detail;
    const auto ours = kRewritten.find(name);
    const std::string kafkas = json::value_to<std::string>(*rewritten);
    const std::string hex = kafkas == "same" ? json::value_to<std::string>(line.at("hex")) : kafkas;
    EXPECT_EQ(to_hex(again->data(), again->size()), ours == kRewritten.end() ? hex : ours->second);
}

TEST(MalformedVectors, AreReadOrRefusedAsKafkaDoesButForThoseNamed) {
    const auto lines = read_vectors("messages/malformed.jsonl");
    EXPECT_EQ(lines.size(), 68U);
    std::map<std::string, int> seen;
    for (const json::object& line : lines) {
        const std::string name = json::value_to<std::string>(line.at("case"));
        ++seen[name];
        SCOPED_TRACE(json::value_to<std::string>(line.at("message")) + " " + name);
        expect_outcome(line, name);
    }
    for (const auto& [name, reason] : kRefused)
        EXPECT_EQ(seen.count(name), 1U) << name << " is no longer among the vectors";
    for (const auto& [name, bytes] : kRewritten)
        EXPECT_EQ(seen.count(name), 1U) << name << " is no longer among the vectors";
}

}  // namespace
}  // namespace moldau::support
