// The codecs of record batches: none, gzip, snappy, lz4, zstd (KIP-110). Unpacking is bounded by an
// argument and takes memory as bytes come out, never as lengths declare.
#pragma once

#include "moldau/base/result.hpp"
#include "moldau/record/growing_buffer.hpp"

#include <cstdint>
#include <memory>
#include <optional>
#include <string_view>

namespace moldau::record {

/// The lowest three bits of a batch's attributes.
enum class Codec : std::uint8_t { none = 0, gzip = 1, snappy = 2, lz4 = 3, zstd = 4 };

std::string_view name(Codec codec);  // as in compression.type: "lz4"
std::optional<Codec> codec_named(std::string_view name);

/// The codec with this number. Errors: unsupported_compression_type.
Result<Codec> codec_of(unsigned number);

struct LevelRange {
    int least, most, usual;
};
/// What compression.gzip.level and its sisters allow; {0, 0, 0} for codecs without levels.
LevelRange level_range(Codec codec);

/// What a topic's batches are to be packed with.
struct Packing {
    Codec codec = Codec::none;
    std::optional<int> level;  // the codec's usual one when absent; within level_range()
};

/// Kafka wrote LZ4 frames of magic 0 with a wrong header checksum (KIP-57): such are not verified.
enum class Lz4Header : std::uint8_t { verified, unverified };

/// Unpacks. Holds the libraries' contexts so that steady work allocates nothing; not for two
/// threads at once.
class Unpacker {
public:
    Unpacker();
    ~Unpacker();
    Unpacker(Unpacker&&) noexcept;
    Unpacker& operator=(Unpacker&&) noexcept;

    /// Appends to `out` what `packed` holds. On an error `out` holds a part of it.
    /// Errors: invalid_record: the stream is broken · message_too_large: it holds more than
    /// `bytes_max`.
    Result<> unpack(Codec codec, BytesView packed, std::size_t bytes_max, GrowingBuffer& out,
                    Lz4Header lz4_header = Lz4Header::verified);

private:
    struct Contexts;
    std::unique_ptr<Contexts> contexts_;
};

/// Packs, in the framing that Kafka's clients write. Not for two threads at once.
class Packer {
public:
    Packer();
    ~Packer();
    Packer(Packer&&) noexcept;
    Packer& operator=(Packer&&) noexcept;

    /// Appends to `out` the packed form of `plain`, which is at most 2^31 - 1 bytes.
    void pack(const Packing& packing, BytesView plain, GrowingBuffer& out);

private:
    struct Contexts;
    std::unique_ptr<Contexts> contexts_;
};

}  // namespace moldau::record
