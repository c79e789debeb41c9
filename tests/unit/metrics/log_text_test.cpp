#include "moldau/metrics/log_text.hpp"

#include <gtest/gtest.h>

namespace moldau::metrics {
namespace {

TEST(LogText, KeepsWhatIsPrintable) {
    for (const std::string text : {"became leader topic=orders isr=1,2,3", "Grüße 東京 😀", ""})
        EXPECT_EQ(printable(text, 1000), text);
}

TEST(LogText, EscapesWhatCouldForgeALineOrHideOne) {
    struct {
        std::string text, shown;
    } const cases[] = {
        {"a\nwarn b", "a\\nwarn b"},
        {"a\r\tb", "a\\r\\tb"},
        {std::string("\0\x1b[2J", 5), "\\x00\\x1b[2J"},
        {"\x7f", "\\x7f"},
        {"a\\nb", "a\\\\nb"},
        {"\xC2\x9B"
         "31m",
         "\\xc2\\x9b31m"},  // a control character of two bytes
        {"\xE2\x80\xAE"
         "txt",
         "\\xe2\\x80\\xaetxt"},                        // right-to-left override
        {"\xE2\x80\xA8", "\\xe2\\x80\\xa8"},           // line separator
        {"\xFF\xFE", "\\xff\\xfe"},                    // no UTF-8
        {"\xC0\xAF", "\\xc0\\xaf"},                    // overlong
        {"\xE0\x80\xAF", "\\xe0\\x80\\xaf"},           // overlong
        {"\xED\xA0\x80", "\\xed\\xa0\\x80"},           // a surrogate
        {"\xF4\x90\x80\x80", "\\xf4\\x90\\x80\\x80"},  // beyond the last code point
        {"\xE6\x9D", "\\xe6\\x9d"},                    // cut short
        {"\xC3(", "\\xc3("},
    };
    for (const auto& each : cases) EXPECT_EQ(printable(each.text, 1000), each.shown);
}

TEST(LogText, CutsWhatIsLongBetweenCharacters) {
    const std::string long_text(100'000, 'x');
    EXPECT_EQ(printable(long_text, 10), "xxxxxxxxxx... (100000 bytes)");
    EXPECT_EQ(printable("\xC3\xA9\xC3\xA9\xC3\xA9", 3), "\xC3\xA9\xC3\xA9... (6 bytes)");
    EXPECT_EQ(printable("xxxxxxxxxx", 10), "xxxxxxxxxx");
    EXPECT_LE(printable(std::string(100'000, '\n'), 4096).size(), 4096U + 32);
}

}  // namespace
}  // namespace moldau::metrics
