#include "line_parser.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace moldau::cli {
namespace {

std::vector<std::string> lines_of(std::string_view text, std::size_t piece) {
    LineSplitter splitter;
    std::vector<std::string> lines;
    const auto take = [&] {
        while (const auto line = splitter.next()) lines.emplace_back(*line);
    };
    for (std::size_t at = 0; at < text.size(); at += piece) {
        splitter.add(text.substr(at, piece));
        take();
    }
    splitter.end();
    take();
    return lines;
}

TEST(LineSplitter, CutsTheSameLinesWhereverReadsEnd) {
    for (const std::size_t piece : {1U, 2U, 3U, 5U, 100U}) {
        SCOPED_TRACE(piece);
        EXPECT_THAT(lines_of("one\n\nthree\nlast", piece),
                    testing::ElementsAre("one", "", "three", "last"));
        EXPECT_THAT(lines_of("one\n", piece), testing::ElementsAre("one"));
        EXPECT_THAT(lines_of("\n", piece), testing::ElementsAre(""));
        EXPECT_THAT(lines_of("", piece), testing::IsEmpty());
    }
}

std::string shown(const std::optional<BytesView>& bytes) {
    return bytes ? "'" + std::string(as_text(*bytes)) + "'" : "null";
}

TEST(ParseLine, TakesKeyAndValueApart) {
    struct Row {
        std::string line;
        LineFormat format;
        std::string key, value;
    };
    for (const Row& row : {
             Row{"a:b", {}, "null", "'a:b'"},
             Row{"a:b:c", {.key_separator = ":", .null_text = {}}, "'a'", "'b:c'"},
             Row{"a->b", {.key_separator = "->", .null_text = {}}, "'a'", "'b'"},
             Row{":", {.key_separator = ":", .null_text = {}}, "''", "''"},
             Row{"NUL:NUL", {.key_separator = ":", .null_text = "NUL"}, "null", "null"},
             Row{"NULL:", {.key_separator = ":", .null_text = "NUL"}, "'NULL'", "''"},
             Row{"", {.key_separator = "", .null_text = ""}, "null", "null"},
         }) {
        SCOPED_TRACE(row.line);
        const auto record = parse_line(row.line, row.format);
        ASSERT_TRUE(record);
        EXPECT_EQ(shown(record->key), row.key);
        EXPECT_EQ(shown(record->value), row.value);
    }
    EXPECT_FALSE(parse_line("ab", {.key_separator = ":", .null_text = {}}));
}

TEST(ParseHeader, KnowsNullFromEmpty) {
    EXPECT_EQ(parse_header("k=v=w")->value, "v=w");
    EXPECT_EQ(parse_header("k=")->value, "");
    EXPECT_EQ(parse_header("k")->value, std::nullopt);
    EXPECT_FALSE(parse_header("=v"));
    EXPECT_FALSE(parse_header(""));
}

}  // namespace
}  // namespace moldau::cli
