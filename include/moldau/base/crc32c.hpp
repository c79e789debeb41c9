// CRC-32C (Castagnoli), the checksum of record batches v2; by ISA-L, which chooses the fastest
// kernel at run time.
#pragma once

#include "moldau/base/bytes.hpp"

#include <cstdint>

namespace moldau {

/// CRC-32C of `data`; `previous` continues an earlier one, so that crc32c(b, crc32c(a)) is that of
/// a followed by b.
std::uint32_t crc32c(BytesView data, std::uint32_t previous = 0);

}  // namespace moldau
