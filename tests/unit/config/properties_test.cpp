#include "assignment.hpp"
#include "fixture.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <stdexcept>

namespace moldau::config {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

std::string from_hex(const std::string& hex) {
    if (hex == "-") return {};
    std::string bytes;
    for (std::size_t i = 0; i + 1 < hex.size(); i += 2)
        bytes += static_cast<char>(std::stoi(hex.substr(i, 2), nullptr, 16));
    return bytes;
}

std::vector<std::string> read(const std::string& text) {
    std::vector<std::string> all;
    for (const Assignment& each : read_properties({"a", text}).assignments)
        all.push_back(each.key + "=" + std::get<std::string>(each.written));
    return all;
}

TEST(Properties, AreReadAsJavaReadsThem) {
    int compared = 0;
    for (const std::string& line : lines_of(golden("tests/golden/settings/properties.txt"))) {
        const auto parts = split(line, ' ');
        SCOPED_TRACE(line);
        const FileContents contents = read_properties({"a", from_hex(parts.at(0))});
        ++compared;
        if (parts.size() > 1 && parts[1] == "malformed") {
            EXPECT_FALSE(contents.errors.empty());
            continue;
        }
        EXPECT_THAT(contents.errors, IsEmpty());
        std::vector<std::string> expected;
        for (std::size_t i = 1; i < parts.size(); ++i) {
            if (parts[i].empty()) continue;
            const auto pair = split(parts[i], '=');
            expected.push_back(from_hex(pair.at(0)) + "=" + from_hex(pair.at(1)));
        }
        EXPECT_EQ(read(from_hex(parts[0])), expected);
    }
    EXPECT_EQ(compared, 400);
}

TEST(Properties, TakeEqualsColonOrBlanksBetweenKeyAndValue) {
    EXPECT_THAT(read("a=1\nb:2\nc 3\nd  =  4\n\te\t:5\nf\ng=\n"),
                ElementsAre("a=1", "b=2", "c=3", "d=4", "e=5", "f=", "g="));
    EXPECT_THAT(read("listeners=PLAINTEXT://:9092"), ElementsAre("listeners=PLAINTEXT://:9092"));
}

TEST(Properties, JoinContinuedLinesAndRememberTheFirstLinesNumber) {
    const FileContents contents = read_properties({"a", "# no\n\nx=1\\\n   2\\\n#3\r\ny=4\rz=5"});
    ASSERT_EQ(contents.assignments.size(), 3U);
    EXPECT_EQ(std::get<std::string>(contents.assignments[0].written), "12#3");
    EXPECT_EQ(contents.assignments[0].origin.line, 3);
    EXPECT_EQ(contents.assignments[1].origin.line, 6);
    EXPECT_EQ(contents.assignments[2].origin.line, 7);
}

TEST(Properties, KeepCommentsFromGoingOn) {
    EXPECT_THAT(read("! a \\\nb=1\n  # c\\\nd=2\\"), ElementsAre("b=1", "d=2"));
}

TEST(Properties, RefuseWhatIsNoCharacter) {
    for (const std::string bad : {"a=\\u12", "a=\\uZZZZ", "a=\\uD800", "a=\\uD800x", "a=\\uDC00",
                                  "a=\\uD800\\u0041", "a\\u00=1"}) {
        const FileContents contents = read_properties({"a", "ok=1\n" + bad});
        ASSERT_EQ(contents.errors.size(), 1U) << bad;
        EXPECT_EQ(contents.errors[0].origin.line, 2);
        EXPECT_THAT(contents.errors[0].message, HasSubstr("is no character"));
    }
}

TEST(Properties, WarnOfBytesThatKafkaReadsAsIso88591) {
    const FileContents contents = read_properties({"a", "broker.rack=\xC3\xA9"});
    ASSERT_EQ(contents.warnings.size(), 1U);
    EXPECT_EQ(std::get<std::string>(contents.assignments.at(0).written), "\xC3\x83\xC2\xA9");
}

}  // namespace
}  // namespace moldau::config
