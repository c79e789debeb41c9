// Indexes are preallocated with zeros while their segment is active; a crash leaves them so.
#pragma once

#include "moldau/base/bytes.hpp"

#include <algorithm>

namespace moldau::log {

/// `file` without the zero entries at its end. A first entry of zeros is kept where it is the only
/// one there is room for: then nothing was preallocated.
inline BytesView without_zero_tail(BytesView file, std::size_t entry_bytes) {
    const auto is_zero = [](BytesView entry) {
        return std::ranges::all_of(entry, [](std::byte b) { return b == std::byte{0}; });
    };
    BytesView used = file;
    while (used.size() >= entry_bytes && is_zero(used.last(entry_bytes)))
        used = used.first(used.size() - entry_bytes);
    return used.empty() && file.size() == entry_bytes ? file : used;
}

}  // namespace moldau::log
