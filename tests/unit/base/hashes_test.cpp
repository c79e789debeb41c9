#include "moldau/base/hashes.hpp"

#include "support/vectors.hpp"

#include "moldau/base/crc32.hpp"
#include "moldau/base/crc32c.hpp"

#include <boost/json.hpp>
#include <gtest/gtest.h>

#include <map>
#include <string>

namespace moldau {
namespace {

using Line = boost::json::object;

void expect_murmur2(const Line& line) {
    const std::vector<std::byte> key = support::from_hex(line.at("keyHex").as_string());
    EXPECT_EQ(murmur2(key), line.at("murmur2").to_number<std::int32_t>());
    for (const auto& [partitions, partition] : line.at("partitionOf").as_object()) {
        EXPECT_EQ(partition_of_key(key, std::stoi(std::string(partitions))),
                  partition.to_number<std::int32_t>());
    }
}

void expect_crc(const Line& line) {
    const std::vector<std::byte> bytes = support::from_hex(line.at("hex").as_string());
    EXPECT_EQ(crc32c(bytes), line.at("crc32c").to_number<std::uint32_t>());
    EXPECT_EQ(crc32(bytes), line.at("crc32").to_number<std::uint32_t>());
}

void expect_java_string(const Line& line, const char* id_field) {
    const std::string id(line.at(id_field).as_string());
    EXPECT_EQ(java_string_hash(id), line.at("hashCode").to_number<std::int32_t>());
    for (const auto& [partitions, partition] : line.at("partitionOf").as_object()) {
        EXPECT_EQ(partition_of_group(id, std::stoi(std::string(partitions))),
                  partition.to_number<std::int32_t>());
    }
}

TEST(Hashes, AgreeWithKafkasInAllGoldenLines) {
    std::map<std::string, std::size_t> lines;
    for (const Line& line : support::read_vectors("hashes.jsonl")) {
        SCOPED_TRACE(boost::json::serialize(line));
        const std::string kind(line.at("hash").as_string());
        ++lines[kind];
        if (kind == "murmur2")
            expect_murmur2(line);
        else if (kind == "crc")
            expect_crc(line);
        else if (kind == "java-string")
            expect_java_string(line, "id");
        else if (kind == "share-coordinator-key")
            expect_java_string(line, "key");
        else
            ADD_FAILURE() << "a hash that nobody checks";
    }
    EXPECT_EQ(
        lines,
        (std::map<std::string, std::size_t>{
            {"murmur2", 50}, {"crc", 54}, {"java-string", 25}, {"share-coordinator-key", 6}}));
}

TEST(Hashes, OfMalformedUtf8CountAReplacementCharacterForEachSequence) {
    EXPECT_EQ(java_string_hash("\xFF"), 0xFFFD);
    EXPECT_EQ(java_string_hash("\xE4\xB8"), 0xFFFD);                // cut short: one
    EXPECT_EQ(java_string_hash("\xE4\xB8z"), 0xFFFD * 31 + 'z');    // and the z is kept
    EXPECT_EQ(java_string_hash("\xC0\x80"), 0xFFFD * 31 + 0xFFFD);  // overlong: each byte
    EXPECT_EQ(java_string_hash("\xED\xA0\x80"), (0xFFFD * 31 + 0xFFFD) * 31 + 0xFFFD);  // surrogate
}

TEST(Crc32, OfTwoPartsIsThatOfTheirConcatenation) {
    EXPECT_EQ(crc32(as_bytes("123456789")), 0xCBF43926U);
    EXPECT_EQ(crc32(as_bytes("56789"), crc32(as_bytes("1234"))), 0xCBF43926U);
}

}  // namespace
}  // namespace moldau
