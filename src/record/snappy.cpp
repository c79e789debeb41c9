// snappy in the framing of snappy-java, and bare, as some clients send it.
//
//   0  magic            82 'S' 'N' 'A' 'P' 'P' 'Y' 00
//   8  version          int32, 1 or more
//  12  compatible with  int32
//  16  chunks           int32 length, then a bare snappy block; another header may stand in
//  between,
//                       where two streams were joined
#include "codecs.hpp"

#include "moldau/base/endian.hpp"

#include <snappy.h>

#include <array>

namespace moldau::record {
namespace {

constexpr std::array kMagic = {std::byte{0x82}, std::byte{'S'}, std::byte{'N'}, std::byte{'A'},
                               std::byte{'P'},  std::byte{'P'}, std::byte{'Y'}, std::byte{0}};
constexpr std::size_t kHeaderBytes = 16;
constexpr std::size_t kLengthBytes = 4;
constexpr std::size_t kBlockBytes = std::size_t{32} << 10U;  // what snappy-java packs at once

// The best that snappy's format can do is a copy of 64 bytes told in 3. A block that declares more
// than that lies, and no memory is taken for it.
constexpr std::size_t kRatioMost = 22;

bool has_header(BytesView bytes) {
    return bytes.size() >= kHeaderBytes && equal(bytes.first(kMagic.size()), kMagic);
}

const char* chars(BytesView bytes) {
    return reinterpret_cast<const char*>(bytes.data());
}

Result<> unpack_block(BytesView block, std::size_t end_max, std::size_t bytes_max,
                      GrowingBuffer& out) {
    std::size_t declared = 0;
    if (!snappy::GetUncompressedLength(chars(block), block.size(), &declared) ||
        declared > block.size() * kRatioMost) {
        return broken_stream(Codec::snappy, "a length that no block of its size can have");
    }
    if (declared > end_max - out.size()) return unpacks_to_too_much(Codec::snappy, bytes_max);
    auto* room = reinterpret_cast<char*>(out.room(declared).data());
    if (!snappy::RawUncompress(chars(block), block.size(), room))
        return broken_stream(Codec::snappy, "a block");
    out.commit(declared);
    return {};
}

}  // namespace

Result<> unpack_snappy(BytesView packed, std::size_t bytes_max, GrowingBuffer& out) {
    if (packed.empty()) return broken_stream(Codec::snappy, "no bytes");
    const std::size_t end_max = out.size() + bytes_max;
    if (!has_header(packed)) return unpack_block(packed, end_max, bytes_max, out);

    // Fewer bytes than a length at the end are ignored, as snappy-java does.
    while (packed.size() >= kLengthBytes) {
        if (has_header(packed)) {
            if (load_be<std::int32_t>(packed.data() + kMagic.size()) < 1)
                return broken_stream(Codec::snappy, "a version below 1");
            packed = packed.subspan(kHeaderBytes);
            continue;
        }
        const auto length = load_be<std::uint32_t>(packed.data());
        packed = packed.subspan(kLengthBytes);
        if (length == 0 || length > packed.size())
            return broken_stream(Codec::snappy, "a chunk's length");
        if (Result<> ok = unpack_block(packed.first(length), end_max, bytes_max, out); !ok)
            return ok.error();
        packed = packed.subspan(length);
    }
    return {};
}

void pack_snappy(BytesView plain, GrowingBuffer& out) {
    std::byte* header = out.room(kHeaderBytes).data();
    std::memcpy(header, kMagic.data(), kMagic.size());
    store_be<std::int32_t>(header + 8, 1);
    store_be<std::int32_t>(header + 12, 1);
    out.commit(kHeaderBytes);
    while (!plain.empty()) {
        const BytesView block = plain.first(std::min(plain.size(), kBlockBytes));
        plain = plain.subspan(block.size());
        std::byte* room = out.room(kLengthBytes + snappy::MaxCompressedLength(block.size())).data();
        std::size_t length = 0;
        snappy::RawCompress(chars(block), block.size(),
                            reinterpret_cast<char*>(room + kLengthBytes), &length);
        store_be(room, static_cast<std::uint32_t>(length));
        out.commit(kLengthBytes + length);
    }
}

}  // namespace moldau::record
