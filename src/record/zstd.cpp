// zstd (RFC 8878), frame by frame into one piece of memory: that needs no window, so that a frame
// cannot make us allocate one by declaring it.
#include "codecs.hpp"

#include <zstd.h>

#include <algorithm>
#include <bit>
#include <zstd_errors.h>

namespace moldau::record {
namespace {

constexpr std::uint32_t kMagic = 0xFD2FB528;
constexpr std::uint32_t kSkippableMagic = 0x184D2A50;  // and the fifteen behind it
constexpr std::size_t kMagicBytes = 4;
// What zstd's streaming readers take unless told otherwise: a frame with a larger window would get
// into the log and no consumer could read it.
constexpr std::uint64_t kWindowMost = std::uint64_t{1} << 27U;
constexpr std::size_t kFirstGuess = 8;  // times the packed size: room offered at first

std::uint32_t load_le32(const std::byte* from) {
    std::uint32_t value = 0;
    std::memcpy(&value, from, sizeof value);
    if constexpr (std::endian::native == std::endian::big) value = std::byteswap(value);
    return value;
}

// The window that a frame's header declares. It stands behind the magic and one byte of flags, as
// an exponent and a mantissa of eighths; a single segment has none and uses its content size.
std::uint64_t declared_window(BytesView frame, std::uint64_t content_bytes) {
    constexpr std::size_t kWindowAt = kMagicBytes + 1;
    const bool single_segment = (static_cast<unsigned>(frame[kMagicBytes]) & 0x20U) != 0;
    if (single_segment) return content_bytes;
    const auto descriptor = static_cast<unsigned>(frame[kWindowAt]);
    const std::uint64_t base = std::uint64_t{1} << (10U + (descriptor >> 3U));
    return base + base / 8 * (descriptor & 7U);
}

Result<> unpack_frame(ZSTD_DCtx* decoder, BytesView frame, std::size_t left, std::size_t bytes_max,
                      GrowingBuffer& out) {
    const std::uint64_t content = ZSTD_getFrameContentSize(frame.data(), frame.size());
    if (content == ZSTD_CONTENTSIZE_ERROR || frame.size() < kMagicBytes + 2)
        return broken_stream(Codec::zstd, "a frame's header");
    const bool is_known = content != ZSTD_CONTENTSIZE_UNKNOWN;
    if (is_known && content > left) return unpacks_to_too_much(Codec::zstd, bytes_max);
    if (declared_window(frame, content) > kWindowMost)
        return broken_stream(Codec::zstd, "a window that consumers do not take");

    // Too little room is tried again with twice as much: in sum no more than twice the work.
    std::size_t most = is_known ? static_cast<std::size_t>(content) : left;
    std::size_t offer = std::min(most, frame.size() * kFirstGuess + GrowingBuffer::kFirstBytes);
    for (;; offer = std::min(most, offer * 2)) {
        const std::size_t got =
            ZSTD_decompressDCtx(decoder, out.room(offer).data(), offer, frame.data(), frame.size());
        if (ZSTD_isError(got) == 0) {
            out.commit(got);
            return {};
        }
        if (ZSTD_getErrorCode(got) != ZSTD_error_dstSize_tooSmall)
            return broken_stream(Codec::zstd, ZSTD_getErrorName(got));
        if (offer == most) {
            return is_known ? broken_stream(Codec::zstd, "more content than declared")
                            : unpacks_to_too_much(Codec::zstd, bytes_max);
        }
    }
}

}  // namespace

void ZstdFree::operator()(ZSTD_DCtx_s* context) const {
    ZSTD_freeDCtx(context);
}
void ZstdFree::operator()(ZSTD_CCtx_s* context) const {
    ZSTD_freeCCtx(context);
}

Result<> unpack_zstd(ZstdDecoder& decoder, BytesView packed, std::size_t bytes_max,
                     GrowingBuffer& out) {
    if (decoder == nullptr) {
        decoder.reset(ZSTD_createDCtx());
        if (decoder == nullptr) throw std::bad_alloc();
    }
    const std::size_t end_max = out.size() + bytes_max;
    while (!packed.empty()) {
        const std::size_t length = ZSTD_findFrameCompressedSize(packed.data(), packed.size());
        if (ZSTD_isError(length) != 0) return broken_stream(Codec::zstd, ZSTD_getErrorName(length));
        const BytesView frame = packed.first(length);
        packed = packed.subspan(length);
        if ((load_le32(frame.data()) & ~15U) == kSkippableMagic) continue;
        if (load_le32(frame.data()) != kMagic) return broken_stream(Codec::zstd, "not a frame");
        if (Result<> ok = unpack_frame(decoder.get(), frame, end_max - out.size(), bytes_max, out);
            !ok) {
            return ok.error();
        }
    }
    return {};
}

void pack_zstd(ZstdEncoder& encoder, int level, BytesView plain, GrowingBuffer& out) {
    if (encoder == nullptr) {
        encoder.reset(ZSTD_createCCtx());
        if (encoder == nullptr) throw std::bad_alloc();
    }
    const std::size_t bound = ZSTD_compressBound(plain.size());
    const std::size_t got = ZSTD_compressCCtx(encoder.get(), out.room(bound).data(), bound,
                                              plain.data(), plain.size(), level);
    MOLDAU_CHECK(ZSTD_isError(got) == 0, "{}", ZSTD_getErrorName(got));
    out.commit(got);
}

}  // namespace moldau::record
