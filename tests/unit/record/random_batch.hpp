// Random records and batches for the laws; all from one seed.
#pragma once

#include "moldau/record/builder.hpp"

#include <array>
#include <cstdint>
#include <optional>
#include <random>
#include <string>
#include <vector>

namespace moldau::record::golden {

inline constexpr std::array kCodecs = {Codec::none, Codec::gzip, Codec::snappy, Codec::lz4,
                                       Codec::zstd};

struct OwnedHeader {
    std::string key;
    std::optional<std::string> value;
};
struct OwnedRecord {
    Offset offset;
    Timestamp timestamp;
    std::optional<std::string> key, value;
    std::vector<OwnedHeader> headers;
};

class Randomness {
public:
    explicit Randomness(std::uint64_t seed) : engine_(seed) {}

    std::uint64_t below(std::uint64_t end) { return engine_() % end; }
    std::uint64_t word() { return engine_(); }

    // Words of a small alphabet, so that codecs find something to pack; sometimes noise.
    std::string text(std::size_t size_most) {
        std::string made(below(size_most + 1), '\0');
        const std::uint64_t alphabet = below(3) == 0 ? 256 : 4;
        for (char& c : made) c = static_cast<char>('a' + below(alphabet));
        return made;
    }
    std::optional<std::string> nullable_text(std::size_t size_most) {
        if (below(4) == 0) return std::nullopt;
        return text(size_most);
    }

    std::vector<OwnedRecord> records(Offset base, std::size_t count, bool with_gaps) {
        std::vector<OwnedRecord> made(count);
        Offset at = base;
        for (OwnedRecord& record : made) {
            if (with_gaps) at = at + static_cast<std::int64_t>(below(3));
            record.offset = at;
            at = at + 1;
            record.timestamp = {static_cast<std::int64_t>(
                below(20) == 0 ? word() >> 1U : 1'700'000'000'000 + below(9999))};
            record.key = nullable_text(20);
            record.value = nullable_text(below(30) == 0 ? 70'000 : 100);
            record.headers.resize(below(4));
            for (OwnedHeader& header : record.headers) header = {text(9), nullable_text(9)};
        }
        return made;
    }

private:
    std::mt19937_64 engine_;
};

inline std::optional<BytesView> view_of(const std::optional<std::string>& text) {
    if (!text) return std::nullopt;
    return as_bytes(*text);
}

inline Bytes build(BatchBuilder& builder, Packer& packer, const BatchOptions& options,
                   const std::vector<OwnedRecord>& records) {
    builder.start(options);
    for (const OwnedRecord& record : records) {
        std::vector<HeaderView> headers;
        for (const OwnedHeader& header : record.headers)
            headers.push_back({header.key, view_of(header.value)});
        const Result<> ok = builder.append_at(
            record.offset, {record.timestamp, view_of(record.key), view_of(record.value), headers});
        MOLDAU_CHECK(ok.has_value());
    }
    return builder.finish(packer);
}

}  // namespace moldau::record::golden
