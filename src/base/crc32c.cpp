#include "moldau/base/crc32c.hpp"

#include <isa-l/crc.h>

#include <algorithm>
#include <limits>

namespace moldau {

std::uint32_t crc32c(BytesView data, std::uint32_t previous) {
    std::uint32_t state = ~previous;
    while (!data.empty()) {
        const std::size_t part =
            std::min<std::size_t>(data.size(), std::numeric_limits<int>::max());
        // ISA-L takes a non-const pointer but only reads.
        auto* start =
            const_cast<unsigned char*>(reinterpret_cast<const unsigned char*>(data.data()));
        state = crc32_iscsi(start, static_cast<int>(part), state);
        data = data.subspan(part);
    }
    return ~state;
}

}  // namespace moldau
