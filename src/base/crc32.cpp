#include "moldau/base/crc32.hpp"

#include <isa-l/crc.h>

namespace moldau {

std::uint32_t crc32(BytesView data, std::uint32_t previous) {
    return crc32_gzip_refl(previous, reinterpret_cast<const unsigned char*>(data.data()),
                           data.size());
}

}  // namespace moldau
