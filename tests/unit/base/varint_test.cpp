#include "moldau/base/varint.hpp"

#include "support/vectors.hpp"

#include <boost/json.hpp>
#include <gtest/gtest.h>

#include <array>
#include <set>
#include <string>

namespace moldau {
namespace {

using support::from_hex;

// Java drops the bits that an int has no room for; we refuse them: no writer means them.
const std::set<std::string> kRefusedWhereJavaDropsBits = {"varint ffffffff1f",
                                                          "varint ffffffff7f",
                                                          "varint 8080808010",
                                                          "unsigned-varint ffffffff1f",
                                                          "unsigned-varint ffffffff7f",
                                                          "unsigned-varint 8080808010",
                                                          "varlong ffffffffffffffffff02",
                                                          "varlong ffffffffffffffffff7f"};

struct Read {
    bool is_ok = false;
    std::string value;
    std::size_t size = 0;
};

Read read(const std::string& type, const std::vector<std::byte>& bytes) {
    const std::byte* const start = bytes.data();
    const std::byte* const end = start + bytes.size();
    const std::byte* behind = nullptr;
    std::string value;
    if (type == "varint") {
        std::int32_t number = 0;
        behind = read_varint(start, end, number);
        value = std::to_string(number);
    } else if (type == "varlong") {
        std::int64_t number = 0;
        behind = read_varlong(start, end, number);
        value = std::to_string(number);
    } else if (type == "unsigned-varint") {
        std::uint32_t number = 0;
        behind = read_unsigned_varint(start, end, number);
        value = std::to_string(number);
    } else {
        std::uint64_t number = 0;
        behind = read_unsigned_varlong(start, end, number);
        value = std::to_string(number);
    }
    if (behind == nullptr) return {};
    return {true, value, static_cast<std::size_t>(behind - start)};
}

std::string number_of(const boost::json::value& value) {
    if (value.is_uint64()) return std::to_string(value.get_uint64());
    if (value.is_int64()) return std::to_string(value.get_int64());
    return std::string(value.as_string());
}

std::string written(const std::string& type, const std::string& value) {
    std::array<std::byte, kMaxVarlongBytes> bytes{};
    const std::byte* end = nullptr;
    if (type == "varint")
        end = write_varint(bytes.data(), std::stoi(value));
    else if (type == "varlong")
        end = write_varlong(bytes.data(), std::stoll(value));
    else
        end = write_unsigned_varint(bytes.data(), std::stoull(value));
    const auto size = static_cast<std::size_t>(end - bytes.data());
    if (type == "varint") {
        EXPECT_EQ(size, varint_size(std::stoi(value)));
    } else if (type == "varlong") {
        EXPECT_EQ(size, varlong_size(std::stoll(value)));
    } else {
        EXPECT_EQ(size, unsigned_varint_size(std::stoull(value)));
    }
    return support::to_hex(bytes.data(), size);
}

TEST(Varint, IsReadAndWrittenAsJavaDoesInAllGoldenLines) {
    std::size_t lines = 0;
    for (const boost::json::object& line : support::read_vectors("primitives.jsonl")) {
        const std::string type(line.at("type").as_string());
        if (type.find("varint") == std::string::npos && type.find("varlong") == std::string::npos)
            continue;
        ++lines;
        if (const auto* hex = line.if_contains("decodeHex")) {
            const std::string key = type + " " + std::string(hex->as_string());
            SCOPED_TRACE(key);
            const Read got = read(type, from_hex(hex->as_string()));
            const boost::json::object& decode = line.at("decode").as_object();
            const bool is_right =
                decode.contains("result") && !kRefusedWhereJavaDropsBits.contains(key);
            EXPECT_EQ(got.is_ok, is_right);
            if (is_right) {
                EXPECT_EQ(got.value, std::string(decode.at("result").as_string()));
                EXPECT_EQ(got.size, line.at("bytesRead").to_number<std::size_t>());
            }
            continue;
        }
        const std::string hex(line.at("hex").as_string());
        const std::string value = number_of(line.at("value"));
        SCOPED_TRACE(type + " " + value);
        EXPECT_EQ(written(type, value), hex);
        const Read got = read(type, from_hex(hex));
        EXPECT_TRUE(got.is_ok);
        EXPECT_EQ(got.value, value);
    }
    EXPECT_EQ(lines, 905U);
}

}  // namespace
}  // namespace moldau
