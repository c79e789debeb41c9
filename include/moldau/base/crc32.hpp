// CRC-32 (IEEE, zlib's), the checksum of messages of magic 0 and 1; by ISA-L.
#pragma once

#include "moldau/base/bytes.hpp"

#include <cstdint>

namespace moldau {

/// CRC-32 of `data`; `previous` continues an earlier one, so that crc32(b, crc32(a)) is that of a
/// followed by b.
std::uint32_t crc32(BytesView data, std::uint32_t previous = 0);

}  // namespace moldau
