// A range of an open file, counted: it pins the file over its deletion and over the descriptor
// cache, so that what was answered can be sent later. Plaintext sends it by sendfile, everything
// else reads from it.
#pragma once

#include "moldau/base/ports/disk.hpp"

#include <cstddef>
#include <cstdint>
#include <memory>

namespace moldau {

struct FileSlice {
    std::shared_ptr<File> file;  // null when empty
    std::uint64_t at = 0;
    std::size_t bytes = 0;

    bool empty() const { return bytes == 0; }
};

}  // namespace moldau
