#include "start_at.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace moldau::cli {
namespace {

using Kind = StartAt::Kind;

TEST(ParseStart, TakesPlacesOffsetsAndTimes) {
    struct Row {
        const char* text;
        Kind kind;
        std::int64_t number;
    };
    for (const Row& row : {
             Row{"beginning", Kind::beginning, 0},
             Row{"end", Kind::end, 0},
             Row{"0", Kind::offset, 0},
             Row{"9223372036854775807", Kind::offset, INT64_MAX},
             Row{"-10", Kind::last, 10},
             Row{"@1700000000000", Kind::time, 1'700'000'000'000},
             Row{"1970-01-01", Kind::time, 0},
             Row{"2024-02-29", Kind::time, 1'709'164'800'000},
             Row{"1970-01-02T00:01", Kind::time, 86'460'000},
             Row{"1970-01-01T01:02:03", Kind::time, 3'723'000},
             Row{"1970-01-01T01:02:03.250Z", Kind::time, 3'723'250},
         }) {
        SCOPED_TRACE(row.text);
        const auto start = parse_start(row.text);
        ASSERT_TRUE(start);
        EXPECT_EQ(start->kind, row.kind);
        EXPECT_EQ(start->number, row.number);
    }
}

TEST(ParseStart, SaysWhatIsAllowed) {
    for (const char* text :
         {"", "start", "1x", "@", "@-1", "@x", "-9223372036854775808", "9223372036854775808",
          "2023-02-29", "2024-13-01", "2024-01-01T24:00", "2024-01-01T10", "2024-01-01T10:00:60",
          "2024-01-01T10:00+01:00", "24-01-01"}) {
        SCOPED_TRACE(text);
        const auto start = parse_start(text);
        ASSERT_FALSE(start);
        EXPECT_THAT(start.error().detail, testing::HasSubstr("beginning, end, an offset"));
    }
}

}  // namespace
}  // namespace moldau::cli
