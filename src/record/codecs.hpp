// One pair of functions for each codec; compression.cpp chooses between them.
#pragma once

#include "moldau/record/compression.hpp"

#include <fmt/core.h>

struct z_stream_s;  // NOLINT(readability-identifier-naming): its name
struct ZSTD_DCtx_s;
struct ZSTD_CCtx_s;

namespace moldau::record {

struct InflateEnd {
    void operator()(z_stream_s* stream) const;
};
struct DeflateEnd {
    void operator()(z_stream_s* stream) const;
};
struct ZstdFree {
    void operator()(ZSTD_DCtx_s* context) const;
    void operator()(ZSTD_CCtx_s* context) const;
};
using Inflater = std::unique_ptr<z_stream_s, InflateEnd>;
using ZstdDecoder = std::unique_ptr<ZSTD_DCtx_s, ZstdFree>;
using ZstdEncoder = std::unique_ptr<ZSTD_CCtx_s, ZstdFree>;

struct Deflater {
    std::unique_ptr<z_stream_s, DeflateEnd> stream;
    int level = 0;
};

// `bytes_max` bounds what is added to `out`.
Result<> unpack_gzip(Inflater& inflater, BytesView packed, std::size_t bytes_max,
                     GrowingBuffer& out);
Result<> unpack_snappy(BytesView packed, std::size_t bytes_max, GrowingBuffer& out);
Result<> unpack_lz4(BytesView packed, std::size_t bytes_max, GrowingBuffer& out, Lz4Header header);
Result<> unpack_zstd(ZstdDecoder& decoder, BytesView packed, std::size_t bytes_max,
                     GrowingBuffer& out);

void pack_gzip(Deflater& deflater, int level, BytesView plain, GrowingBuffer& out);
void pack_snappy(BytesView plain, GrowingBuffer& out);
void pack_lz4(int level, BytesView plain, GrowingBuffer& out);
void pack_zstd(ZstdEncoder& encoder, int level, BytesView plain, GrowingBuffer& out);

inline Error broken_stream(Codec codec, std::string_view what) {
    return {ErrorCode::invalid_record, fmt::format("broken {} data: {}", name(codec), what)};
}
inline Error unpacks_to_too_much(Codec codec, std::size_t bytes_max) {
    return {ErrorCode::message_too_large,
            fmt::format("{} data unpack to more than {} bytes", name(codec), bytes_max)};
}

}  // namespace moldau::record
