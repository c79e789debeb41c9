// The LZ4 frame, as far as Kafka's clients read it: version 1, independent blocks, no dictionary. A
// frame that the library's own frame reader takes but Java's does not must not get into a log, so
// the frame is read here and only the blocks are liblz4's.
//
//   0  magic       04 22 4D 18
//   4  flags       version 2 bits (1), independent blocks, block checksums, content size, content
//                  checksum, reserved, dictionary
//   5  block size  bits 4 to 6: 4 = 64 KiB, 5 = 256 KiB, 6 = 1 MiB, 7 = 4 MiB
//   6  [content size, 8 bytes]
//      header checksum, 1 byte
//      blocks: length (little-endian; the top bit: stored as it is), bytes, [checksum]
//      end mark: a length of 0; [content checksum]
#include "codecs.hpp"

#include <lz4.h>
#include <lz4hc.h>

#include <algorithm>
#include <array>
#include <bit>
#include <xxhash.h>

namespace moldau::record {
namespace {

constexpr std::uint32_t kMagic = 0x184D2204;
constexpr std::uint32_t kStored = 0x80000000;
constexpr std::size_t kLengthBytes = 4;
constexpr std::size_t kChecksumBytes = 4;
constexpr std::size_t kContentSizeBytes = 8;
constexpr std::size_t kRatioMost = 255;  // of the block format
// liblz4 refuses some blocks whose end is odd when the room is just what they unpack to, and takes
// them when it is more: so that the bound decides alone, there is more.
constexpr std::size_t kSlack = 64;
constexpr std::size_t kPackedBlockBytes = std::size_t{64} << 10U;

std::uint32_t load_le32(const std::byte* from) {
    std::uint32_t value = 0;
    std::memcpy(&value, from, sizeof value);
    if constexpr (std::endian::native == std::endian::big) value = std::byteswap(value);
    return value;
}
void store_le32(std::byte* to, std::uint32_t value) {
    if constexpr (std::endian::native == std::endian::big) value = std::byteswap(value);
    std::memcpy(to, &value, sizeof value);
}

struct Frame {
    std::size_t block_bytes_max = 0;
    bool has_block_checksums = false;
};

std::uint32_t xxh32(BytesView data) {
    return XXH32(data.data(), data.size(), 0);
}

std::byte header_checksum(BytesView descriptor) {
    return static_cast<std::byte>(xxh32(descriptor) >> 8U);
}

// Reads the frame's header; `packed` is moved behind it.
Result<Frame> read_header(BytesView& packed, Lz4Header rule) {
    constexpr std::size_t kLeast = 7;
    if (packed.size() < kLeast) return broken_stream(Codec::lz4, "no room for a header");
    if (load_le32(packed.data()) != kMagic) return broken_stream(Codec::lz4, "not a frame");
    const auto flags = static_cast<unsigned>(packed[4]);
    const auto block_size = static_cast<unsigned>(packed[5]);
    if (flags >> 6U != 1) return broken_stream(Codec::lz4, "not version 1");
    if ((flags & 0x20U) == 0) return broken_stream(Codec::lz4, "blocks that depend on others");
    if ((flags & 0x03U) != 0) return broken_stream(Codec::lz4, "a dictionary or a reserved flag");
    if ((block_size & 0x8FU) != 0 || block_size >> 4U < 4)
        return broken_stream(Codec::lz4, "the block size");

    const std::size_t descriptor = 2 + ((flags & 0x08U) != 0 ? kContentSizeBytes : 0);
    if (packed.size() < kLengthBytes + descriptor + 1)
        return broken_stream(Codec::lz4, "no room for a header");
    if (rule == Lz4Header::verified && header_checksum(packed.subspan(kLengthBytes, descriptor)) !=
                                           packed[kLengthBytes + descriptor]) {
        return broken_stream(Codec::lz4, "the header's checksum");
    }
    packed = packed.subspan(kLengthBytes + descriptor + 1);
    return Frame{.block_bytes_max = std::size_t{1} << (8U + 2U * (block_size >> 4U)),
                 .has_block_checksums = (flags & 0x10U) != 0};
}

Result<> unpack_block(BytesView block, std::size_t block_bytes_max, std::size_t left,
                      std::size_t bytes_max, GrowingBuffer& out) {
    const std::size_t most =
        std::min({block_bytes_max, left + kSlack, block.size() * kRatioMost + kLengthBytes});
    const int got = LZ4_decompress_safe(reinterpret_cast<const char*>(block.data()),
                                        reinterpret_cast<char*>(out.room(most).data()),
                                        static_cast<int>(block.size()), static_cast<int>(most));
    if (got < 0) {
        // liblz4 does not tell a broken block from one that does not fit.
        return left < block_bytes_max ? unpacks_to_too_much(Codec::lz4, bytes_max)
                                      : broken_stream(Codec::lz4, "a block");
    }
    if (static_cast<std::size_t>(got) > left) return unpacks_to_too_much(Codec::lz4, bytes_max);
    out.commit(static_cast<std::size_t>(got));
    return {};
}

}  // namespace

Result<> unpack_lz4(BytesView packed, std::size_t bytes_max, GrowingBuffer& out, Lz4Header header) {
    const Result<Frame> frame = read_header(packed, header);
    if (!frame) return frame.error();
    const std::size_t end_max = out.size() + bytes_max;
    for (;;) {
        if (packed.size() < kLengthBytes) return broken_stream(Codec::lz4, "cut short");
        const std::uint32_t word = load_le32(packed.data());
        packed = packed.subspan(kLengthBytes);
        // The content checksum and all that follows the end mark are ignored, as Kafka's reader
        // does.
        if (word == 0) return {};

        const std::size_t length = word & ~kStored;
        const std::size_t checksum = frame->has_block_checksums ? kChecksumBytes : 0;
        if (length > frame->block_bytes_max || packed.size() < length + checksum)
            return broken_stream(Codec::lz4, "a block's length");
        const BytesView block = packed.first(length);
        if (frame->has_block_checksums && xxh32(block) != load_le32(packed.data() + length))
            return broken_stream(Codec::lz4, "a block's checksum");
        const std::size_t left = end_max - out.size();
        if ((word & kStored) != 0) {
            if (length > left) return unpacks_to_too_much(Codec::lz4, bytes_max);
            out.append(block);
        } else if (Result<> ok = unpack_block(block, frame->block_bytes_max, left, bytes_max, out);
                   !ok) {
            return ok.error();
        }
        packed = packed.subspan(length + checksum);
    }
}

void pack_lz4(int level, BytesView plain, GrowingBuffer& out) {
    constexpr std::array kDescriptor = {std::byte{0x60}, std::byte{0x40}};  // independent, 64 KiB
    std::byte* header = out.room(kLengthBytes + kDescriptor.size() + 1).data();
    store_le32(header, kMagic);
    std::memcpy(header + kLengthBytes, kDescriptor.data(), kDescriptor.size());
    header[kLengthBytes + kDescriptor.size()] = header_checksum(kDescriptor);
    out.commit(kLengthBytes + kDescriptor.size() + 1);

    while (!plain.empty()) {
        const BytesView block = plain.first(std::min(plain.size(), kPackedBlockBytes));
        plain = plain.subspan(block.size());
        const auto size = static_cast<int>(block.size());
        const int bound = LZ4_compressBound(size);
        std::byte* room = out.room(kLengthBytes + static_cast<std::size_t>(bound)).data();
        const auto* from = reinterpret_cast<const char*>(block.data());
        auto* to = reinterpret_cast<char*>(room + kLengthBytes);
        // Kafka's usual level names the fast compressor, every other one the high compression's.
        const int got = level == level_range(Codec::lz4).usual
                            ? LZ4_compress_default(from, to, size, bound)
                            : LZ4_compress_HC(from, to, size, bound, level);
        MOLDAU_CHECK(got > 0, "level={} size={}", level, size);
        if (got < size) {
            store_le32(room, static_cast<std::uint32_t>(got));
            out.commit(kLengthBytes + static_cast<std::size_t>(got));
        } else {
            store_le32(room, static_cast<std::uint32_t>(size) | kStored);
            std::memcpy(to, from, block.size());
            out.commit(kLengthBytes + block.size());
        }
    }
    store_le32(out.room(kLengthBytes).data(), 0);
    out.commit(kLengthBytes);
}

}  // namespace moldau::record
