// The encoding by a vector that was computed by hand; tests/compat has HdrHistogram's own tool read
// whole logs.
#include "hdr_log.hpp"

#include "support/temporary_directory.hpp"

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <zlib.h>

#include <array>
#include <fstream>
#include <iterator>
#include <string>
#include <vector>

namespace moldau::load {
namespace {

using std::chrono::milliseconds;
using testing::HasSubstr;
using testing::StartsWith;

std::string unbase64(std::string_view text) {
    constexpr std::string_view kDigits =
        "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    std::string bytes;
    unsigned bits = 0;
    int count = 0;
    for (const char each : text) {
        if (each == '=') break;
        bits = bits << 6U | static_cast<unsigned>(kDigits.find(each));
        count += 6;
        if (count < 8) continue;
        count -= 8;
        bytes += static_cast<char>(bits >> static_cast<unsigned>(count));
    }
    return bytes;
}

std::string hex(std::string_view bytes) {
    std::string text;
    for (const char each : bytes) text += fmt::format("{:02x}", static_cast<unsigned char>(each));
    return text;
}

/// What stands inside of the deflated encoding, in hexadecimal.
std::string inflated(const Histogram& histogram) {
    const std::string bytes = unbase64(hdr_encoded(histogram));
    EXPECT_EQ(hex(bytes.substr(0, 4)), "1c849314");
    EXPECT_EQ(hex(bytes.substr(4, 4)), fmt::format("{:08x}", bytes.size() - 8));
    std::string plain(100'000, '\0');
    uLongf size = plain.size();
    EXPECT_EQ(::uncompress(reinterpret_cast<Bytef*>(plain.data()), &size,
                           reinterpret_cast<const Bytef*>(bytes.data() + 8), bytes.size() - 8),
              Z_OK);
    return hex(std::string_view(plain).substr(0, size));
}

TEST(HdrLog, EncodesCountsAndRunsOfEmptyBuckets) {
    Histogram histogram;
    histogram.record(0);
    histogram.record(3, 300);
    histogram.record(256);
    EXPECT_EQ(inflated(histogram),
              "1c849313"          // V2
              "00000007"          // bytes of counts
              "00000000"          // no offset
              "00000002"          // significant digits
              "0000000000000001"  // lowest
              "0000034630b8a000"  // highest: an hour in ns
              "3ff0000000000000"  // 1.0
              "02"                // 0: once
              "03"                // two empty ones
              "d804"              // 3: 300 times
              "f703"              // 252 empty ones
              "02");              // 256: once
}

TEST(HdrLog, EncodesOneEmptyBucketAsNoRunAndLargeCountsInNineBytes) {
    Histogram histogram;
    histogram.record(1, (std::uint64_t{1} << 62U) + 1);
    // 0 empty; then 2^63 + 2 in zigzag: eight times seven bits, and eight.
    EXPECT_THAT(inflated(histogram), HasSubstr("3ff0000000000000"
                                               "00"
                                               "828080808080808080"));
}

TEST(HdrLog, MakesRoomForValuesOfMoreThanAnHour) {
    Histogram histogram;
    histogram.record(0x0123456789ABCDEF);
    EXPECT_THAT(inflated(histogram), HasSubstr("0123456789abcdef3ff0000000000000"));
}

TEST(HdrLog, BeginsBase64AsEveryReaderExpects) {
    EXPECT_THAT(hdr_encoded(Histogram()), StartsWith("HISTFAAA"));
}

TEST(HdrLog, HasLinesOfIntervals) {
    Histogram histogram;
    histogram.record(2'500'000);
    EXPECT_EQ(hdr_line({.tag = {}, .begins = milliseconds(1500), .length = milliseconds(1001)},
                       histogram),
              "1.500,1.001,2.500," + hdr_encoded(histogram) + "\n");
    EXPECT_THAT(hdr_line({.tag = "kafka", .begins = {}, .length = milliseconds(1)}, histogram),
                StartsWith("Tag=kafka,0.000,0.001,2.500,HISTF"));
}

TEST(HdrLog, BeginsWithItsStart) {
    EXPECT_EQ(hdr_head({1'441'812'279'047}),
              "#[moldau-bench: latencies in nanoseconds]\n"
              "#[Histogram log format version 1.3]\n"
              "#[StartTime: 1441812279.047 (seconds since epoch), 2015-09-09 15:24:39 UTC]\n"
              "\"StartTimestamp\",\"Interval_Length\",\"Interval_Max\",\"Interval_Compressed_"
              "Histogram\"\n");
}

TEST(HdrLog, IsAFileWithALineForEachIntervalThatHasSomething) {
    const support::TemporaryDirectory folder;
    const std::string path = folder.path() + "/latency.hlog";
    {
        Result<HdrLog> log = HdrLog::create(path, MonoTime(milliseconds(7)), {0});
        ASSERT_TRUE(log) << log.error().detail;
        EXPECT_EQ(log->start(), MonoTime(milliseconds(7)));
        Histogram histogram;
        EXPECT_TRUE(log->write({.length = milliseconds(10)}, histogram));
        histogram.record(1);
        EXPECT_TRUE(
            log->write({.begins = milliseconds(10), .length = milliseconds(10)}, histogram));
    }
    std::ifstream file(path);
    const std::string text{std::istreambuf_iterator<char>(file), {}};
    EXPECT_EQ(std::ranges::count(text, '\n'), 5);
    EXPECT_THAT(text, HasSubstr("\n0.010,0.010,0.000,HISTF"));
}

TEST(HdrLog, SaysWhyItCannotBeWritten) {
    const Result<HdrLog> log = HdrLog::create("/nowhere/latency.hlog", {}, {0});
    ASSERT_FALSE(log);
    EXPECT_EQ(log.error().detail,
              "cannot write '/nowhere/latency.hlog': No such file or directory");
}

}  // namespace
}  // namespace moldau::load
