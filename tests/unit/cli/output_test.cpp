#include "moldau/cli/output.hpp"

#include <gtest/gtest.h>

#include <limits>

namespace moldau::cli {
namespace {

TEST(Table, AlignsColumnsByWhatIsSeen) {
    Table table({"A", "B", "C"});
    table.add({"long", "ü", ""});
    table.add({"x", "yy", "z"});
    EXPECT_EQ(table.to_string(), "A     B   C\nlong  ü\nx     yy  z\n");
}

TEST(JsonString, EscapesWhatJsonDoesNotAllow) {
    struct Row {
        std::string text, json;
    };
    for (const Row& row : {
             Row{"plain ü €", "\"plain ü €\""},
             Row{"a\"b\\c", R"("a\"b\\c")"},
             Row{"\n\t\r\x01", R"("\n\t\u000d\u0001")"},
             Row{std::string("\0", 1), R"("\u0000")"},
             Row{"\xff", "\"\xEF\xBF\xBD\""},
             Row{"\xC3", "\"\xEF\xBF\xBD\""},
             Row{"\xC0\x80", "\"\xEF\xBF\xBD\xEF\xBF\xBD\""},
             Row{"\xED\xA0\x80", "\"\xEF\xBF\xBD\xEF\xBF\xBD\xEF\xBF\xBD\""},
             Row{"\xF0\x9F\x98\x80", "\"\xF0\x9F\x98\x80\""},
         }) {
        SCOPED_TRACE(row.json);
        EXPECT_EQ(json_string(row.text), row.json);
    }
}

TEST(Base64, PadsToFours) {
    EXPECT_EQ(base64(""), "");
    EXPECT_EQ(base64("f"), "Zg==");
    EXPECT_EQ(base64("fo"), "Zm8=");
    EXPECT_EQ(base64("foo"), "Zm9v");
    EXPECT_EQ(base64("foob"), "Zm9vYg==");
    EXPECT_EQ(base64(std::string_view("\xff\x00\xfe", 3)), "/wD+");
}

TEST(JsonWriter, SetsCommasByItself) {
    JsonWriter json;
    json.begin_object().key("a").begin_array().value(1).value("x").begin_object().end_object();
    json.end_array().key("b").null().key("c").value(true).key("d").value(0.5);
    json.key("e").value(std::numeric_limits<double>::infinity()).end_object();
    EXPECT_EQ(json.text(), R"({"a":[1,"x",{}],"b":null,"c":true,"d":0.5,"e":null})");
}

}  // namespace
}  // namespace moldau::cli
