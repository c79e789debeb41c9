// Kafka's own bytes of every message in every version: read to the same values, written to the same
// bytes, refused when a byte is missing.
#include "support/messages/json_form.hpp"
#include "support/messages/message_type.hpp"
#include "support/vectors.hpp"

#include "moldau/protocol/framing.hpp"

#include <boost/json/array.hpp>
#include <boost/json/object.hpp>
#include <boost/json/value_to.hpp>
#include <gtest/gtest.h>

#include <set>
#include <string>
#include <vector>

namespace moldau::support {
namespace {

namespace json = boost::json;

std::string text(const json::object& line, std::string_view name) {
    return json::value_to<std::string>(line.at(name));
}

// Each line of a file: what is tested, named as in a failure list.
struct Vector {
    const MessageType& type;
    std::int16_t version;
    std::string name;
    std::vector<std::byte> bytes;
    const json::object& line;
};

Vector vector_of(const json::object& line) {
    const auto version = static_cast<std::int16_t>(line.at("version").as_int64());
    return {message_type_of(text(line, "message")), version,
            text(line, "message") + " v" + std::to_string(version) + " " + text(line, "case"),
            from_hex(text(line, "hex")), line};
}

void reads_the_values(const Vector& vector, AnyMessage& message) {
    protocol::Reader in(vector.bytes);
    const Result<> decoded = message.decode(in, vector.version);
    ASSERT_TRUE(decoded) << vector.name << ": " << decoded.error().detail;
    EXPECT_EQ(in.remaining(), 0U) << vector.name;
    EXPECT_EQ(difference(json_form(message, vector.version), vector.line.at("json")), "")
        << vector.name;
}

void keeps_the_unknown_tags(const Vector& vector, AnyMessage& message) {
    std::size_t inner = 0;
    const json::value tags = unknown_tags_form(message, vector.version, inner);
    const json::value* const expected = vector.line.if_contains("unknownTags");
    EXPECT_EQ(tags, expected == nullptr ? json::array() : *expected) << vector.name;
}

void writes_the_bytes(const Vector& vector, const AnyMessage& message) {
    const Result<std::vector<std::byte>> written = message.bytes(vector.version);
    ASSERT_TRUE(written) << vector.name << ": " << written.error().detail;
    EXPECT_EQ(to_hex(written->data(), written->size()), text(vector.line, "hex")) << vector.name;
}

// The prefixes tried.
std::size_t refuses_every_prefix(const Vector& vector) {
    constexpr std::size_t kLongest = 3000;
    if (text(vector.line, "case") != "filled" || vector.bytes.size() >= kLongest) return 0;
    AnyMessage message(vector.type);
    for (std::size_t size = 0; size < vector.bytes.size(); ++size) {
        protocol::Reader in(BytesView(vector.bytes).first(size));
        EXPECT_FALSE(message.decode(in, vector.version))
            << vector.name << ": " << size << " of " << vector.bytes.size() << " bytes";
    }
    return vector.bytes.size();
}

struct File {
    const char* name;
    std::size_t vectors;
    std::size_t prefixes;  // that Kafka was seen to refuse
};

class MessageVectors : public testing::TestWithParam<File> {};

TEST_P(MessageVectors, AreReadAndWrittenAsKafkaDoes) {
    const auto lines = read_vectors(std::string("messages/") + GetParam().name + ".jsonl.gz");
    EXPECT_EQ(lines.size(), GetParam().vectors);
    std::size_t prefixes = 0;
    for (const json::object& line : lines) {
        const Vector vector = vector_of(line);
        AnyMessage message(vector.type);
        reads_the_values(vector, message);
        keeps_the_unknown_tags(vector, message);
        writes_the_bytes(vector, message);
        prefixes += refuses_every_prefix(vector);
    }
    EXPECT_EQ(prefixes, GetParam().prefixes);
}

// One object read into again and again must not keep anything of what it held before.
TEST_P(MessageVectors, LeaveNothingBehindInAnObjectThatIsReadIntoAgain) {
    const auto lines = read_vectors(std::string("messages/") + GetParam().name + ".jsonl.gz");
    std::optional<AnyMessage> reused;
    for (const json::object& line : lines) {
        const Vector vector = vector_of(line);
        if (!reused || &reused->type() != &vector.type) reused.emplace(vector.type);
        AnyMessage fresh(vector.type);
        protocol::Reader first(vector.bytes);
        protocol::Reader second(vector.bytes);
        ASSERT_TRUE(fresh.decode(first, vector.version)) << vector.name;
        ASSERT_TRUE(reused->decode(second, vector.version)) << vector.name;
        EXPECT_TRUE(fresh == *reused) << vector.name;
    }
}

TEST_P(MessageVectors, StandInTheSchemasWithTheirKindAndNumber) {
    const auto lines = read_vectors(std::string("messages/") + GetParam().name + ".jsonl.gz");
    for (const json::object& line : lines) {
        const Vector vector = vector_of(line);
        const json::value* const number = line.if_contains("apiKey");
        const bool has_number = vector.type.kind != "message";
        EXPECT_EQ(has_number, number != nullptr) << vector.name;
        if (has_number && number != nullptr) {
            EXPECT_EQ(vector.type.number, number->as_int64()) << vector.name;
        }
        EXPECT_EQ(vector.version >= vector.type.first_flexible, line.at("flexible").as_bool())
            << vector.name;
    }
}

INSTANTIATE_TEST_SUITE_P(All, MessageVectors,
                         testing::Values(File{"request", 2303, 34208},
                                         File{"response", 2353, 55888}, File{"header", 28, 50},
                                         File{"data", 124, 830}, File{"metadata", 305, 1978},
                                         File{"group-coordinator", 358, 4190},
                                         File{"transaction-coordinator", 20, 194},
                                         File{"share-coordinator", 28, 210},
                                         File{"storage", 38, 422}, File{"raft", 16, 73}),
                         [](const auto& file) {
                             std::string name = file.param.name;
                             std::replace(name.begin(), name.end(), '-', '_');
                             return name;
                         });

TEST(MessageVectors, CoverEveryMessageAndVersionOfTheSchemas) {
    std::set<std::pair<std::string, std::int64_t>> covered;
    for (const char* name :
         {"request", "response", "header", "data", "metadata", "group-coordinator",
          "transaction-coordinator", "share-coordinator", "storage", "raft"}) {
        for (const json::object& line :
             read_vectors(std::string("messages/") + name + ".jsonl.gz")) {
            covered.emplace(text(line, "message"), line.at("version").as_int64());
        }
    }
    for (const MessageType* type : message_types()) {
        // Streams' clients exchange it between themselves: its definition is not among the
        // vectors'.
        if (type->name == "SubscriptionInfoData") continue;
        for (int v = type->versions.first; v <= type->versions.last; ++v) {
            EXPECT_EQ(covered.erase({std::string(type->name), v}), 1U) << type->name << " v" << v;
        }
    }
    EXPECT_TRUE(covered.empty());
}

// ----- frames around records

void expect_record_frame(const Vector& vector, const AnyMessage& message,
                         const std::vector<std::byte>& framed) {
    protocol::Reader in(framed);
    const Result<protocol::RecordFrame> frame = protocol::decode_record_frame(in);
    ASSERT_TRUE(frame) << vector.name << ": " << frame.error().detail;
    EXPECT_EQ(frame->type, vector.type.number) << vector.name;
    EXPECT_EQ(frame->version, vector.version) << vector.name;
    EXPECT_TRUE(equal(in.rest(), vector.bytes)) << vector.name;

    std::vector<std::byte> room(protocol::encoded_size(*frame) + vector.bytes.size());
    protocol::Writer out(room);
    protocol::encode(out, *frame);
    message.encode(out, vector.version);
    EXPECT_EQ(out.remaining(), 0U) << vector.name;
    EXPECT_EQ(room, framed) << vector.name;
}

void expect_prefix(const Vector& vector, std::int16_t prefix,
                   const std::vector<std::byte>& framed) {
    protocol::Reader in(framed);
    EXPECT_EQ(in.int16(), prefix) << vector.name;
    EXPECT_TRUE(equal(in.rest(), vector.bytes)) << vector.name;
}

TEST(FramedVectors, CarryTypeAndVersionAsStored) {
    std::size_t seen = 0;
    for (const char* name : {"data", "metadata", "group-coordinator", "transaction-coordinator",
                             "share-coordinator", "storage"}) {
        for (const json::object& line :
             read_vectors(std::string("messages/") + name + ".jsonl.gz")) {
            if (!line.contains("framed")) continue;
            ++seen;
            const Vector vector = vector_of(line);
            const std::vector<std::byte> framed = from_hex(text(line, "framed"));
            AnyMessage message(vector.type);
            reads_the_values(vector, message);
            if (vector.type.kind == "record") {
                expect_record_frame(vector, message, framed);
            } else if (vector.type.kind == "key") {
                expect_prefix(vector, static_cast<std::int16_t>(vector.type.number), framed);
            } else {
                expect_prefix(vector, vector.version, framed);
            }
        }
    }
    EXPECT_EQ(seen, 801U);
}

// ----- frames of requests and responses

void expect_request(const json::object& line, AnyMessage& message, std::int16_t version) {
    const std::vector<std::byte> frame = from_hex(text(line, "hex"));
    protocol::Reader in(frame);
    EXPECT_EQ(static_cast<std::size_t>(in.int32()), frame.size() - protocol::kFrameSizeBytes);
    protocol::RequestHeader header;
    const Result<const protocol::ApiInfo*> api = protocol::decode_request_header(in, header);
    ASSERT_TRUE(api) << api.error().detail;
    EXPECT_EQ((*api)->versions, message.type().versions);
    EXPECT_EQ(header.request_api_key, line.at("apiKey").as_int64());
    EXPECT_EQ(header.request_api_version, version);
    EXPECT_EQ(header.correlation_id, line.at("correlationId").as_int64());
    const json::value& id = line.at("clientId");
    EXPECT_EQ(header.client_id.has_value(), !id.is_null());
    if (!id.is_null()) {
        EXPECT_EQ(*header.client_id, json::value_to<std::string>(id));
    }
    const BytesView body = in.rest();
    ASSERT_TRUE(message.decode(in, version));
    EXPECT_EQ(in.remaining(), 0U);
    EXPECT_TRUE(message == AnyMessage(message.type()));  // the body of a frame is the default

    const std::int16_t header_version = protocol::request_header_version(**api, version);
    EXPECT_EQ(header_version, line.at("headerVersion").as_int64());
    const std::size_t head = *header.encoded_size(header_version);
    std::vector<std::byte> written(protocol::kFrameSizeBytes + head +
                                   *message.encoded_size(version));
    EXPECT_EQ(written.size(), frame.size());
    EXPECT_EQ(body.size(), frame.size() - protocol::kFrameSizeBytes - head);
    protocol::Writer out(written);
    out.int32(static_cast<std::int32_t>(written.size() - protocol::kFrameSizeBytes));
    header.encode(out, header_version);
    message.encode(out, version);
    EXPECT_EQ(written, frame);
}

void expect_response(const json::object& line, AnyMessage& message, std::int16_t version) {
    const std::vector<std::byte> frame = from_hex(text(line, "hex"));
    const protocol::ApiInfo* const api =
        protocol::find_api(static_cast<std::int16_t>(line.at("apiKey").as_int64()));
    ASSERT_NE(api, nullptr);
    const std::int16_t header_version = protocol::response_header_version(*api, version);
    EXPECT_EQ(header_version, line.at("headerVersion").as_int64());
    protocol::Reader in(frame);
    EXPECT_EQ(static_cast<std::size_t>(in.int32()), frame.size() - protocol::kFrameSizeBytes);
    protocol::ResponseHeader header;
    ASSERT_TRUE(header.decode(in, header_version));
    EXPECT_EQ(header.correlation_id, line.at("correlationId").as_int64());
    ASSERT_TRUE(message.decode(in, version));
    EXPECT_EQ(in.remaining(), 0U);

    std::vector<std::byte> written(frame.size());
    protocol::Writer out(written);
    out.int32(static_cast<std::int32_t>(written.size() - protocol::kFrameSizeBytes));
    header.encode(out, header_version);
    message.encode(out, version);
    EXPECT_EQ(out.remaining(), 0U);
    EXPECT_EQ(written, frame);
}

TEST(FrameVectors, AreReadAndWrittenWhole) {
    std::map<std::pair<std::int64_t, std::string>, const MessageType*> types;
    for (const MessageType* type : message_types())
        types[{type->number, std::string(type->kind)}] = type;
    const auto lines = read_vectors("frames.jsonl.gz");
    EXPECT_EQ(lines.size(), 1018U);
    for (const json::object& line : lines) {
        const std::string kind = text(line, "frame");
        const auto type = types.find({line.at("apiKey").as_int64(), kind});
        ASSERT_NE(type, types.end());
        const auto version = static_cast<std::int16_t>(line.at("version").as_int64());
        SCOPED_TRACE(std::string(type->second->name) + " v" + std::to_string(version));
        AnyMessage message(*type->second);
        kind == "request" ? expect_request(line, message, version)
                          : expect_response(line, message, version);
    }
}

}  // namespace
}  // namespace moldau::support
