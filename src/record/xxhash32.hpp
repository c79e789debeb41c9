// xxHash, 32 bits, seed 0: the checksum of LZ4 frames. Only headers and rare block checksums are
// hashed with it, so it is plain rather than fast.
#pragma once

#include "moldau/base/bytes.hpp"

#include <cstdint>

namespace moldau::record {

std::uint32_t xxhash32(BytesView data);

}  // namespace moldau::record
