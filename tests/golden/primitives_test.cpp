// Kafka's primitive types, byte for byte.
#include "support/vectors.hpp"

#include "moldau/protocol/reader.hpp"
#include "moldau/protocol/writer.hpp"

#include <boost/json/object.hpp>
#include <boost/json/value_to.hpp>
#include <gtest/gtest.h>

#include <charconv>
#include <cmath>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

namespace moldau::support {
namespace {

namespace json = boost::json;
using protocol::Reader;
using protocol::Sizer;
using protocol::Writer;

using Line = const json::object&;

std::string text(Line line, std::string_view name) {
    return json::value_to<std::string>(line.at(name));
}

// Bytes as written by `put`, whose size `measure` agreed to.
template <class Put>
std::string written(std::size_t size, Put put) {
    std::vector<std::byte> room(size);
    Writer out(room);
    put(out);
    EXPECT_EQ(out.remaining(), 0U);
    return to_hex(room.data(), room.size());
}

template <class Put>
std::string measured_and_written(Put put) {
    Sizer size;
    put(size);
    return written(*size.outcome("primitive", 0), put);
}

std::string decimal(const json::value& value) {
    return value.is_uint64() ? std::to_string(value.as_uint64()) : std::to_string(value.as_int64());
}

void varint_vector(Line line, const std::string& type) {
    const std::vector<std::byte> bytes = from_hex(text(line, "hex"));
    const json::value& value = line.at("value");
    const std::string number = value.is_string() ? text(line, "value") : decimal(value);
    Reader in(bytes);
    std::string read;
    std::string back;
    if (type == "unsigned-varint") {
        const std::uint32_t got = in.uvarint();
        // Java has no unsigned int: its value is the same bits with a sign.
        read =
            number[0] == '-' ? std::to_string(static_cast<std::int32_t>(got)) : std::to_string(got);
        back = written(bytes.size(), [&](Writer& out) { out.uvarint(got); });
    } else if (type == "varint") {
        const std::int32_t got = in.varint();
        read = std::to_string(got);
        back = written(bytes.size(), [&](Writer& out) { out.varint(got); });
    } else if (type == "varlong") {
        const std::int64_t got = in.varlong();
        read = std::to_string(got);
        back = written(bytes.size(), [&](Writer& out) { out.varlong(got); });
    } else {
        const std::uint64_t got = in.uvarlong();
        read =
            number[0] == '-' ? std::to_string(static_cast<std::int64_t>(got)) : std::to_string(got);
        back = written(bytes.size(), [&](Writer& out) { out.uvarlong(got); });
        EXPECT_EQ(protocol::uvarint_size(got), bytes.size());
    }
    EXPECT_TRUE(in.outcome("varint", 0));
    EXPECT_EQ(read, number);
    EXPECT_EQ(back, text(line, "hex"));
}

void string_vector(Line line, bool compact, bool nullable) {
    const std::vector<std::byte> bytes = from_hex(text(line, "hex"));
    Reader in(bytes);
    std::optional<std::string> got;
    in.string(got, compact, nullable);
    EXPECT_TRUE(in.outcome("string", 0));
    EXPECT_EQ(in.remaining(), 0U);
    const json::value& value = line.at("value");
    EXPECT_EQ(got.has_value(), !value.is_null());
    if (got) {
        EXPECT_EQ(*got, json::value_to<std::string>(value));
        EXPECT_EQ(measured_and_written([&](auto& out) { out.string(*got, compact); }),
                  text(line, "hex"));
    }
    EXPECT_EQ(measured_and_written([&](auto& out) { out.string(got, compact, nullable); }),
              text(line, "hex"));
}

void bytes_vector(Line line, bool compact, bool nullable) {
    const std::vector<std::byte> bytes = from_hex(text(line, "hex"));
    Reader in(bytes);
    std::optional<BytesView> got;
    in.bytes(got, compact, nullable);
    EXPECT_TRUE(in.outcome("bytes", 0));
    const json::value& value = line.at("value");
    EXPECT_EQ(got.has_value(), !value.is_null());
    if (got) {
        EXPECT_TRUE(equal(*got, from_base64(json::value_to<std::string>(value))));
    }
    EXPECT_EQ(measured_and_written([&](auto& out) { out.bytes(got, compact, nullable); }),
              text(line, "hex"));
}

// "" for none, or "first..last".
std::vector<std::int32_t> run_of(const std::string& range) {
    std::vector<std::int32_t> numbers;
    if (range.empty()) return numbers;
    const std::size_t dots = range.find("..");
    const int last = std::stoi(range.substr(dots + 2));
    for (int n = std::stoi(range.substr(0, dots)); n <= last; ++n) numbers.push_back(n);
    return numbers;
}

void array_vector(Line line, bool compact, bool nullable) {
    const std::vector<std::byte> bytes = from_hex(text(line, "hex"));
    Reader in(bytes);
    std::optional<std::vector<std::int32_t>> got;
    in.array(got, compact, nullable);
    EXPECT_TRUE(in.outcome("array", 0));
    const json::value& value = line.at("value");
    EXPECT_EQ(got.has_value(), !value.is_null());
    if (got) {
        EXPECT_EQ(*got, run_of(json::value_to<std::string>(value)));
    }
    EXPECT_EQ(measured_and_written([&](auto& out) { out.array(got, compact, nullable); }),
              text(line, "hex"));
}

void fixed_vector(Line line, const std::string& type) {
    const std::vector<std::byte> bytes = from_hex(text(line, "hex"));
    Reader in(bytes);
    if (type == "float64") {
        const double got = in.float64();
        const std::string value = text(line, "value");
        if (value == "NaN") {
            EXPECT_TRUE(std::isnan(got));
        } else {
            EXPECT_EQ(got, std::stod(value == "4.9E-324" ? "0x0.0000000000001p-1022" : value));
        }
        EXPECT_EQ(measured_and_written([&](auto& out) { out.float64(got); }), text(line, "hex"));
    } else if (type == "bool") {
        const bool got = in.boolean();
        EXPECT_EQ(got, text(line, "value") == "true");
        EXPECT_EQ(measured_and_written([&](auto& out) { out.boolean(got); }), text(line, "hex"));
    } else {
        const Uuid got = in.uuid();
        EXPECT_EQ(got.to_string(), text(line, "value"));
        EXPECT_EQ(measured_and_written([&](auto& out) { out.uuid(got); }), text(line, "hex"));
    }
    EXPECT_TRUE(in.outcome("fixed", 0));
}

// Java drops the bits of a varint that go beyond its type; we refuse the number.
bool overflows(const std::string& type, const std::string& hex) {
    const bool is_long = type.ends_with("varlong");
    const std::set<std::string> wide =
        is_long ? std::set<std::string>{"ffffffffffffffffff02", "ffffffffffffffffff7f"}
                : std::set<std::string>{"ffffffff1f", "ffffffff7f", "8080808010"};
    return wide.contains(hex);
}

void decode_only_vector(Line line, const std::string& type) {
    const std::string hex = text(line, "decodeHex");
    const std::vector<std::byte> bytes = from_hex(hex);
    Reader in(bytes);
    std::string read;
    if (type == "unsigned-varint") read = std::to_string(in.uvarint());
    if (type == "varint") read = std::to_string(in.varint());
    if (type == "varlong") read = std::to_string(in.varlong());
    const json::object& decode = line.at("decode").as_object();
    if (decode.contains("exception") || overflows(type, hex)) {
        EXPECT_FALSE(in.outcome(type, 0)) << hex;
        return;
    }
    EXPECT_TRUE(in.outcome(type, 0)) << hex;
    EXPECT_EQ(read, text(decode, "result")) << hex;
    EXPECT_EQ(in.position(), line.at("bytesRead").as_int64()) << hex;
}

void malformed_utf8_vector(Line line) {
    const std::vector<std::byte> bytes = from_hex(text(line, "hex"));
    std::vector<std::byte> framed(2 + bytes.size());
    Writer out(framed);
    out.int16(static_cast<std::int16_t>(bytes.size()));
    out.raw(bytes);
    Reader in(framed);
    std::string got;
    in.string(got, false);
    EXPECT_TRUE(in.outcome("string", 0));
    EXPECT_EQ(got, text(line, "value")) << text(line, "hex");
}

bool string_like(Line line, const std::string& type) {
    const bool compact = type.starts_with("compact-");
    const bool nullable = type.find("nullable") != std::string::npos;
    if (type.ends_with("string")) {
        string_vector(line, compact, nullable);
    } else if (type.ends_with("bytes")) {
        bytes_vector(line, compact, nullable);
    } else if (type.ends_with("array-of-int32")) {
        array_vector(line, compact, nullable);
    } else {
        return false;
    }
    return true;
}

TEST(PrimitiveVectors, AreReadAndWrittenAsKafkaDoes) {
    // Not of the wire: Java's own ways with text. The UUID's text is tested in base.
    const std::set<std::string> elsewhere{"uuid-from-string", "utf16-with-lone-surrogates"};
    const auto lines = read_vectors("primitives.jsonl");
    EXPECT_EQ(lines.size(), 1045U);
    std::size_t tested = 0;
    for (Line line : lines) {
        const std::string type = text(line, "type");
        SCOPED_TRACE(type);
        if (elsewhere.contains(type)) continue;
        ++tested;
        if (line.contains("decodeHex")) {
            decode_only_vector(line, type);
        } else if (type == "string-from-malformed-utf8") {
            malformed_utf8_vector(line);
        } else if (type.find("var") != std::string::npos) {
            varint_vector(line, type);
        } else if (!string_like(line, type)) {
            fixed_vector(line, type);
        }
    }
    EXPECT_EQ(tested, 1032U);
}

}  // namespace
}  // namespace moldau::support
