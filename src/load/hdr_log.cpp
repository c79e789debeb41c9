#include "hdr_log.hpp"

#include "moldau/base/check.hpp"
#include "moldau/base/endian.hpp"
#include "moldau/cli/output.hpp"

#include <fmt/chrono.h>
#include <fmt/format.h>
#include <zlib.h>

#include <algorithm>
#include <bit>
#include <ctime>

namespace moldau::load {
namespace {

// V2 of the encoding, before it is deflated:
//   cookie              int32   0x1C849313
//   length              int32   of the counts, in bytes
//   index offset        int32   0
//   significant digits  int32   2: 256 sub-buckets
//   lowest value        int64   1
//   highest value       int64   that may be recorded; the reader makes room for it
//   ratio               double  1.0, of values to integers
//   counts              varints, zigzag, seven bits a byte, nine bytes at most, by bucket; a
//   negative
//                       one stands for so many empty buckets
// and around that, deflated:
//   cookie              int32   0x1C849314
//   length              int32   of what follows
constexpr std::int32_t kCookie = 0x1C849313;
constexpr std::int32_t kDeflatedCookie = 0x1C849314;
constexpr std::int32_t kDigits = 2;
constexpr std::int64_t kHour = 3'600'000'000'000;
constexpr std::size_t kHeadBytes = 40;

template <class T>
void put(std::string& to, T value) {
    std::byte bytes[sizeof(T)];
    store_be(bytes, value);
    to.append(reinterpret_cast<const char*>(bytes), sizeof bytes);
}

void put_count(std::string& to, std::int64_t value) {
    constexpr int kBytesMost = 9;  // the last one holds eight bits
    constexpr unsigned kSeven = 7;
    constexpr std::uint64_t kMore = 0x80;
    auto left = static_cast<std::uint64_t>(value) << 1U ^ static_cast<std::uint64_t>(value >> 63U);
    for (int i = 1; i < kBytesMost && left >= kMore; ++i) {
        to += static_cast<char>(left | kMore);
        left >>= kSeven;
    }
    to += static_cast<char>(left);
}

std::string counts_of(const Histogram& histogram) {
    std::string to;
    std::int64_t empty = 0;
    const auto end_empty = [&] {
        if (empty > 0) put_count(to, empty == 1 ? 0 : -empty);
        empty = 0;
    };
    for (const std::uint64_t count : histogram.counts()) {
        if (count == 0) {
            ++empty;
            continue;
        }
        end_empty();
        put_count(to, static_cast<std::int64_t>(count));
    }
    end_empty();
    return to;
}

std::string deflated(const std::string& plain) {
    uLongf size = ::compressBound(plain.size());
    std::string packed(size, '\0');
    const int outcome =
        ::compress2(reinterpret_cast<Bytef*>(packed.data()), &size,
                    reinterpret_cast<const Bytef*>(plain.data()), plain.size(), Z_BEST_COMPRESSION);
    MOLDAU_CHECK(outcome == Z_OK, "compress2 said {}", outcome);  // it has room for the worst case
    packed.resize(size);
    return packed;
}

double seconds(Duration duration) {
    return std::chrono::duration<double>(duration).count();
}

}  // namespace

std::string hdr_encoded(const Histogram& histogram) {
    const std::string counts = counts_of(histogram);
    std::string plain;
    plain.reserve(kHeadBytes + counts.size());
    put(plain, kCookie);
    put(plain, static_cast<std::int32_t>(counts.size()));
    put(plain, std::int32_t{0});
    put(plain, kDigits);
    put(plain, std::int64_t{1});
    put(plain, std::max(kHour, histogram.max()));
    put(plain, std::bit_cast<std::int64_t>(1.0));
    plain += counts;
    const std::string packed = deflated(plain);
    std::string framed;
    put(framed, kDeflatedCookie);
    put(framed, static_cast<std::int32_t>(packed.size()));
    return cli::base64(framed + packed);
}

std::string hdr_head(Timestamp start) {
    const std::time_t whole = start.ms / 1000;
    return fmt::format(
        "#[moldau-bench: latencies in nanoseconds]\n"
        "#[Histogram log format version 1.3]\n"
        "#[StartTime: {}.{:03} (seconds since epoch), {:%Y-%m-%d %H:%M:%S} UTC]\n"
        "\"StartTimestamp\",\"Interval_Length\",\"Interval_Max\",\"Interval_Compressed_"
        "Histogram\"\n",
        whole, start.ms % 1000, fmt::gmtime(whole));
}

std::string hdr_line(const HdrInterval& interval, const Histogram& histogram) {
    constexpr double kMillion = 1e6;  // the column is in milliseconds
    return fmt::format(
        "{}{}{}{:.3f},{:.3f},{:.3f},{}\n", interval.tag.empty() ? "" : "Tag=", interval.tag,
        interval.tag.empty() ? "" : ",", seconds(interval.begins), seconds(interval.length),
        static_cast<double>(histogram.max()) / kMillion, hdr_encoded(histogram));
}

Result<HdrLog> HdrLog::create(const std::string& path, MonoTime now, Timestamp wall) {
    Result<OutputFile> file = OutputFile::create(path);
    if (!file) return file.error();
    if (Result<> ok = file->write(hdr_head(wall)); !ok) return ok.error();
    return HdrLog(now, std::move(*file));
}

Result<> HdrLog::write(const HdrInterval& interval, const Histogram& histogram) {
    if (histogram.count() == 0) return {};
    return file_.write(hdr_line(interval, histogram));
}

}  // namespace moldau::load
