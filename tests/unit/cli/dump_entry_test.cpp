#include "dump_entry.hpp"

#include <gtest/gtest.h>

namespace moldau::cli {
namespace {

TEST(Entry, IsALineOfKeysAndValuesWithItsRecordsBelow) {
    Entry entry;
    entry.add("n", 7).add("is", true).add("text", "a-b").add("spaced", "a b").add("empty", "");
    entry.add_json("data", R"({"x":1})");
    entry.add_record().add("offset", 1);
    entry.add_record().add("offset", 2);
    EXPECT_EQ(entry.to_line(),
              "n=7 is=true text=a-b spaced=\"a b\" empty=\"\" data={\"x\":1}\n"
              "  offset=1\n  offset=2\n");
}

TEST(Entry, IsAJsonObjectThatNamesItsFile) {
    Entry entry;
    entry.add("n", -7).add("text", "a\"b\n");
    EXPECT_EQ(entry.to_json("/f"), "{\"file\":\"/f\",\"n\":-7,\"text\":\"a\\\"b\\n\"}\n");
    entry.add_record().add("offset", 1).add_json("key", "null");
    entry.add_record().add("offset", 2);
    EXPECT_EQ(entry.to_json("f"),
              "{\"file\":\"f\",\"n\":-7,\"text\":\"a\\\"b\\n\",\"records\":[{\"offset\":1,"
              "\"key\":null},{\"offset\":2}]}\n");
}

TEST(Entry, KeepsTextOnItsLineWhateverIsInIt) {
    EXPECT_EQ(Entry().add("t", "a\nb=c").to_line(), "t=\"a\\nb=c\"\n");
    EXPECT_EQ(Entry().add("t", "grün").to_line(), "t=grün\n");
}

}  // namespace
}  // namespace moldau::cli
