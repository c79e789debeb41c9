#include "utf8.hpp"

#include <gtest/gtest.h>

#include <string>
#include <string_view>

namespace moldau::protocol {
namespace {

struct Utf8Case {
    const char* name;
    std::string_view text;
    std::size_t good;           // the well-formed prefix
    std::string_view repaired;  // "?" stands for U+FFFD
};

constexpr Utf8Case kCases[] = {
    {"empty", "", 0, ""},
    {"ASCII, more than a word of it", "0123456789abcdef0", 17, "0123456789abcdef0"},
    {"two, three and four bytes", "\xC3\xA9\xE4\xB8\x96\xF0\x9F\x98\x80", 9,
     "\xC3\xA9\xE4\xB8\x96\xF0\x9F\x98\x80"},
    {"the last code point", "\xF4\x8F\xBF\xBF", 4, "\xF4\x8F\xBF\xBF"},
    {"beyond the last code point", "\xF4\x90\x80\x80", 0, "????"},
    {"a byte that begins nothing", "abcdefgh\xFFz", 8, "abcdefgh?z"},
    {"a continuation alone", "\x80", 0, "?"},
    {"overlong in two bytes", "\xC0\xAF", 0, "??"},
    {"overlong in three bytes", "\xE0\x80\xAF", 0, "???"},
    {"a surrogate is one", "\xED\xA0\x80", 0, "?"},
    {"truncated after one of two", "\xC3", 0, "?"},
    {"truncated after two of three", "a\xE2\x82", 1, "a?"},
    {"truncated after three of four", "\xF0\x9F\x98z", 0, "?z"},
    {"well formed again after a fault", "\xFF\xC3\xA9", 0, "?\xC3\xA9"},
};

TEST(Utf8, IsRepairedAsJavaDoes) {
    for (const Utf8Case& c : kCases) {
        SCOPED_TRACE(c.name);
        EXPECT_EQ(utf8_prefix(c.text.data(), c.text.size()), c.good);
        std::string expected;
        for (const char letter : c.repaired)
            letter == '?' ? expected += "\xEF\xBF\xBD" : expected += letter;
        std::string repaired;
        repair_utf8(repaired, c.text.data(), c.text.size());
        EXPECT_EQ(repaired, expected);
    }
}

TEST(Utf8, SeesAFaultAtEveryPlaceOfAWord) {
    for (std::size_t at = 0; at < 24; ++at) {
        std::string text(24, 'x');
        text[at] = '\xFF';
        EXPECT_EQ(utf8_prefix(text.data(), text.size()), at);
    }
}

}  // namespace
}  // namespace moldau::protocol
