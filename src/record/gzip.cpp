// gzip (RFC 1952) by zlib: one or more members, as Java's reader takes them.
#include "codecs.hpp"

#include <zlib.h>

#include <algorithm>
#include <limits>

namespace moldau::record {
namespace {

constexpr int kGzipWindow = MAX_WBITS + 16;                  // 16: gzip's header and trailer
constexpr std::size_t kLeastMemberBytes = 18;                // header 10, trailer 8
constexpr std::size_t kChunkBytes = std::size_t{16} << 10U;  // the least room that zlib gets

Bytef* input_of(BytesView bytes) {  // zlib takes a non-const pointer but only reads
    return const_cast<Bytef*>(reinterpret_cast<const Bytef*>(bytes.data()));
}

bool begins_member(BytesView bytes) {
    return bytes.size() >= kLeastMemberBytes && bytes[0] == std::byte{0x1F} &&
           bytes[1] == std::byte{0x8B} && bytes[2] == std::byte{8};
}

// One member; `packed` is moved behind it.
Result<> unpack_member(z_stream& stream, BytesView& packed, std::size_t end_max,
                       std::size_t bytes_max, GrowingBuffer& out) {
    if (inflateReset(&stream) != Z_OK) return broken_stream(Codec::gzip, "reset");
    for (;;) {
        const std::size_t left = end_max - out.size();
        const MutableBytes room = out.room(std::min(kChunkBytes, left + 1));
        const auto offered = static_cast<uInt>(
            std::min<std::size_t>({room.size(), left + 1, std::numeric_limits<uInt>::max()}));
        stream.next_in = input_of(packed);
        stream.avail_in = static_cast<uInt>(
            std::min<std::size_t>(packed.size(), std::numeric_limits<uInt>::max()));
        stream.next_out = reinterpret_cast<Bytef*>(room.data());
        stream.avail_out = offered;
        const uInt given = stream.avail_in;
        const int code = inflate(&stream, Z_NO_FLUSH);
        packed = packed.subspan(given - stream.avail_in);
        if (offered - stream.avail_out > left) return unpacks_to_too_much(Codec::gzip, bytes_max);
        out.commit(offered - stream.avail_out);
        if (code == Z_STREAM_END) return {};
        if (code == Z_OK && (stream.avail_out == 0 || !packed.empty())) continue;
        if (code == Z_OK || code == Z_BUF_ERROR) return broken_stream(Codec::gzip, "cut short");
        return broken_stream(Codec::gzip, stream.msg == nullptr ? "not gzip" : stream.msg);
    }
}

}  // namespace

void InflateEnd::operator()(z_stream_s* stream) const {
    inflateEnd(stream);
    delete stream;
}
void DeflateEnd::operator()(z_stream_s* stream) const {
    deflateEnd(stream);
    delete stream;
}

Result<> unpack_gzip(Inflater& inflater, BytesView packed, std::size_t bytes_max,
                     GrowingBuffer& out) {
    if (inflater == nullptr) {
        auto stream = std::make_unique<z_stream>();
        MOLDAU_CHECK(inflateInit2(stream.get(), kGzipWindow) == Z_OK);
        inflater.reset(stream.release());
    }
    const std::size_t end_max = out.size() + bytes_max;
    // Members follow one another; what follows the last one and does not begin another is ignored,
    // as Java's reader does.
    do {
        if (Result<> ok = unpack_member(*inflater, packed, end_max, bytes_max, out); !ok)
            return ok.error();
    } while (begins_member(packed));
    return {};
}

void pack_gzip(Deflater& deflater, int level, BytesView plain, GrowingBuffer& out) {
    constexpr int kMemoryLevel = 8;
    if (deflater.stream == nullptr || deflater.level != level) {
        auto stream = std::make_unique<z_stream>();
        MOLDAU_CHECK(deflateInit2(stream.get(), level, Z_DEFLATED, kGzipWindow, kMemoryLevel,
                                  Z_DEFAULT_STRATEGY) == Z_OK);
        deflater.stream.reset(stream.release());
        deflater.level = level;
    }
    z_stream& stream = *deflater.stream;
    MOLDAU_CHECK(deflateReset(&stream) == Z_OK);
    const MutableBytes room = out.room(deflateBound(&stream, static_cast<uLong>(plain.size())));
    stream.next_in = input_of(plain);
    stream.avail_in = static_cast<uInt>(plain.size());
    stream.next_out = reinterpret_cast<Bytef*>(room.data());
    stream.avail_out =
        static_cast<uInt>(std::min<std::size_t>(room.size(), std::numeric_limits<uInt>::max()));
    const uInt offered = stream.avail_out;
    MOLDAU_CHECK(deflate(&stream, Z_FINISH) == Z_STREAM_END);
    out.commit(offered - stream.avail_out);
}

}  // namespace moldau::record
