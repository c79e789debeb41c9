// A range of an open file, counted: it pins the file over its deletion and over the descriptor
// cache, so that what was answered can be sent later. Plaintext sends it by sendfile, everything
// else reads from it.
#pragma once

#include "moldau/base/ports/disk.hpp"
#include "moldau/base/time.hpp"

#include <cstddef>
#include <cstdint>
#include <memory>

namespace moldau {

/// For so long what was seen in the page cache is taken to be there.
inline constexpr Duration kStaysInMemory = std::chrono::milliseconds(20);

struct FileSlice {
    std::shared_ptr<File> file;  // null when empty
    std::uint64_t at = 0;
    std::size_t bytes = 0;
    MonoTime in_memory_until{};  // it was seen there; who sends it by then need not look again

    bool empty() const { return bytes == 0; }
};

}  // namespace moldau
