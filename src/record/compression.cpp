#include "moldau/record/compression.hpp"

#include "codecs.hpp"

#include <algorithm>
#include <array>
#include <limits>

namespace moldau::record {
namespace {

constexpr std::size_t kBytesMost = std::numeric_limits<std::int32_t>::max();
constexpr std::array<std::string_view, 5> kNames = {"none", "gzip", "snappy", "lz4", "zstd"};

}  // namespace

std::string_view name(Codec codec) {
    return kNames.at(static_cast<std::size_t>(codec));
}

std::optional<Codec> codec_named(std::string_view name) {
    for (std::size_t i = 0; i < kNames.size(); ++i) {
        if (kNames[i] == name) return static_cast<Codec>(i);
    }
    return std::nullopt;
}

Result<Codec> codec_of(unsigned number) {
    if (number < kNames.size()) return static_cast<Codec>(number);
    return Error{ErrorCode::unsupported_compression_type,
                 fmt::format("there is no compression codec {}", number)};
}

LevelRange level_range(Codec codec) {
    switch (codec) {
        case Codec::gzip:
            return {1, 9, -1};  // -1: zlib's own choice
        case Codec::lz4:
            return {1, 17, 9};
        case Codec::zstd:
            return {-131072, 22, 3};
        case Codec::none:
        case Codec::snappy:
            break;
    }
    return {0, 0, 0};
}

struct Unpacker::Contexts {
    Inflater gzip;
    ZstdDecoder zstd;
};
Unpacker::Unpacker() : contexts_(std::make_unique<Contexts>()) {}
Unpacker::~Unpacker() = default;
Unpacker::Unpacker(Unpacker&&) noexcept = default;
Unpacker& Unpacker::operator=(Unpacker&&) noexcept = default;

Result<> Unpacker::unpack(Codec codec, BytesView packed, std::size_t bytes_max, GrowingBuffer& out,
                          Lz4Header lz4_header) {
    bytes_max = std::min(bytes_max, kBytesMost);  // so that sums with it cannot overflow
    switch (codec) {
        case Codec::none:
            if (packed.size() > bytes_max) return unpacks_to_too_much(codec, bytes_max);
            out.append(packed);
            return {};
        case Codec::gzip:
            return unpack_gzip(contexts_->gzip, packed, bytes_max, out);
        case Codec::snappy:
            return unpack_snappy(packed, bytes_max, out);
        case Codec::lz4:
            return unpack_lz4(packed, bytes_max, out, lz4_header);
        case Codec::zstd:
            return unpack_zstd(contexts_->zstd, packed, bytes_max, out);
    }
    return Error{ErrorCode::unsupported_compression_type, {}};
}

struct Packer::Contexts {
    Deflater gzip;
    ZstdEncoder zstd;
};
Packer::Packer() : contexts_(std::make_unique<Contexts>()) {}
Packer::~Packer() = default;
Packer::Packer(Packer&&) noexcept = default;
Packer& Packer::operator=(Packer&&) noexcept = default;

void Packer::pack(const Packing& packing, BytesView plain, GrowingBuffer& out) {
    MOLDAU_CHECK(plain.size() <= kBytesMost, "size={}", plain.size());
    const LevelRange levels = level_range(packing.codec);
    const int level = packing.level.value_or(levels.usual);
    MOLDAU_CHECK(level == levels.usual || (level >= levels.least && level <= levels.most),
                 "codec={} level={}", name(packing.codec), level);
    switch (packing.codec) {
        case Codec::none:
            return out.append(plain);
        case Codec::gzip:
            return pack_gzip(contexts_->gzip, level, plain, out);
        case Codec::snappy:
            return pack_snappy(plain, out);
        case Codec::lz4:
            return pack_lz4(level, plain, out);
        case Codec::zstd:
            return pack_zstd(contexts_->zstd, level, plain, out);
    }
}

}  // namespace moldau::record
