#include "assignment.hpp"
#include "fixture.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace moldau::config {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

std::vector<std::string> read(const std::string& text) {
    std::vector<std::string> all;
    const FileContents contents = read_yaml({"a", text});
    for (const Assignment& each : contents.assignments) {
        std::string value = "null";
        if (const auto* one = std::get_if<std::string>(&each.written)) value = *one;
        if (const auto* many = std::get_if<std::vector<std::string>>(&each.written))
            value = fmt::format("[{}]", fmt::join(*many, "|"));
        all.push_back(fmt::format("{}: {}={}", each.origin.line, each.key, value));
    }
    for (const Problem& each : contents.errors)
        all.push_back(fmt::format("{}: {}", each.origin.line, each.message));
    return all;
}

TEST(Yaml, TakesDottedAndNestedKeysAlike) {
    EXPECT_THAT(read("log.dirs: /a\nlog:\n  retention:\n    ms: 5\n    bytes: -1\n  roll.ms: 7\n"),
                ElementsAre("1: log.dirs=/a", "4: log.retention.ms=5", "5: log.retention.bytes=-1",
                            "6: log.roll.ms=7"));
    EXPECT_THAT(read("{a: {b: 1, c: [x, y]}}"), ElementsAre("1: a.b=1", "1: a.c=[x|y]"));
}

TEST(Yaml, MakesListsOfSequences) {
    EXPECT_THAT(read("a:\n  - x\n  - 'y, z'\nb: []\n"), ElementsAre("1: a=[x|y, z]", "4: b=[]"));
}

TEST(Yaml, KeepsScalarsAsTheyAreWritten) {
    EXPECT_THAT(
        read("a: 0x10\nb: yes\nc: 'true'\nd: \"x\\u00e9\"\ne: 1_000\nf: |\n  two\n  lines\n"),
        ElementsAre("1: a=0x10", "2: b=yes", "3: c=true", "4: d=x\xC3\xA9", "5: e=1_000",
                    "6: f=two\nlines\n"));
}

TEST(Yaml, TellsNullFromText) {
    EXPECT_THAT(read("a:\nb: null\nc: ~\nd: 'null'\ne: ''\n"),
                ElementsAre("1: a=null", "2: b=null", "3: c=null", "4: d=null", "5: e="));
    const FileContents contents = read_yaml({"a", "b: null\nd: 'null'\n"});
    EXPECT_TRUE(std::holds_alternative<std::monostate>(contents.assignments.at(0).written));
    EXPECT_TRUE(std::holds_alternative<std::string>(contents.assignments.at(1).written));
}

TEST(Yaml, OfAnEmptyFileSetsNothing) {
    EXPECT_THAT(read(""), IsEmpty());
    EXPECT_THAT(read("# only a comment\n"), IsEmpty());
    EXPECT_THAT(read("---\n"), IsEmpty());
    EXPECT_THAT(read("{}"), IsEmpty());
}

TEST(Yaml, RefusesWhatSettingsHaveNoUseFor) {
    struct {
        std::string text, message;
    } const cases[] = {
        {"a: 1\nb: &x 2\n", "2: anchors (&name) are not allowed"},
        {"b: &x [1]\nc: *x\n", "1: anchors (&name) are not allowed"},
        {"b: !!int 2\n", "1: tags ('tag:yaml.org,2002:int') are not allowed"},
        {"a: 1\n---\nb: 2\n", "2: a second document: one is allowed"},
        {"- a\n", "1: a list where `key: value` is expected"},
        {"just text\n", "1: text where `key: value` is expected"},
        {"a:\n  - [x]\n", "2: a list in a list: items are text"},
        {"a:\n  - b: 1\n", "2: a map in a list: items are text"},
        {"a: [x, ]\nb: [~]\n", "2: a list with an item that is null"},
        {"? [a]\n: 1\n", "1: a list as a key: keys are text"},
        {"? {a: b}\n: 1\n", "1: a map as a key: keys are text"},
        {"~: 1\n", "1: a key that is null"},
        {"'': 1\n", "1: a key that is empty or too long"},
        {std::string(600, 'k') + ": 1\n", "1: a key that is empty or too long"},
    };
    for (const auto& each : cases) {
        SCOPED_TRACE(each.text);
        const auto all = read(each.text);
        ASSERT_FALSE(all.empty());
        EXPECT_EQ(all.back(), each.message);
    }
}

TEST(Yaml, RefusesDeepNestingAndKeysThatGrowWithIt) {
    std::string nested;
    for (std::size_t depth = 0; depth < 40; ++depth) nested += std::string(depth, ' ') + "a:\n";
    EXPECT_THAT(read(nested + std::string(40, ' ') + "b"),
                ElementsAre("17: nested more than 16 deep"));
    std::string flow;
    for (int depth = 0; depth < 100'000; ++depth) flow += "[";
    EXPECT_FALSE(read("a: " + flow).empty());
    std::string wide;
    for (std::size_t depth = 0; depth < 10; ++depth)
        wide += std::string(depth, ' ') + std::string(100, 'k') + ":\n";
    EXPECT_THAT(read(wide), ElementsAre("6: a key that is empty or too long"));
}

TEST(Yaml, NamesTheLineOfWhatIsNoYaml) {
    EXPECT_THAT(read("a: 1\nb: [1\nc: 2\n"), ElementsAre("1: a=1", HasSubstr("no YAML: ")));
    EXPECT_THAT(read("a: 1\n b: 2\n").back(), HasSubstr("2: no YAML: "));
}

}  // namespace
}  // namespace moldau::config
