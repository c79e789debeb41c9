// Waiting for what was submitted to a disk.
#pragma once

#include "moldau/base/ports/disk.hpp"
#include "moldau/base/ports/file_slice.hpp"
#include "moldau/runtime/shard.hpp"
#include "moldau/runtime/task.hpp"

#include <string>

namespace moldau::runtime {

/// As the ports say; DiskFault::cancelled when the task was told to end meanwhile. The file may be
/// destroyed while these wait.
Task<DiskResult<>> sync(Shard& shard, File& file);
Task<DiskResult<Bytes>> read(Shard& shard, File& file, std::uint64_t at, std::size_t count);
Task<DiskResult<>> sync_directory(Shard& shard, Disk& disk, std::string path);
Task<DiskResult<>> bring_in(Shard& shard, Disk& disk, FileSlice slice);

}  // namespace moldau::runtime
