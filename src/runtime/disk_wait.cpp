#include "moldau/runtime/disk_wait.hpp"

#include "moldau/runtime/ending.hpp"

#include <utility>

namespace moldau::runtime {

// What is waited on outlives the wait, by the rule in task.hpp.
// NOLINTBEGIN(cppcoreguidelines-avoid-reference-coroutine-parameters)
Task<DiskResult<>> sync(Shard& shard, File& file) {
    Ending<DiskResult<>> synced(shard);
    file.sync(synced.done());
    co_return co_await synced.wait();
}

Task<DiskResult<Bytes>> read(Shard& shard, File& file, std::uint64_t at, std::size_t count) {
    Ending<DiskResult<Bytes>> read(shard);
    file.read(at, count, read.done());
    co_return co_await read.wait();
}

Task<DiskResult<>> sync_directory(Shard& shard, Disk& disk, std::string path) {
    Ending<DiskResult<>> synced(shard);
    disk.sync_directory(path, synced.done());
    co_return co_await synced.wait();
}

Task<DiskResult<>> bring_in(Shard& shard, Disk& disk, FileSlice slice) {
    Ending<DiskResult<>> brought(shard);
    disk.bring_in(slice, brought.done());
    co_return co_await brought.wait();
}
// NOLINTEND(cppcoreguidelines-avoid-reference-coroutine-parameters)

}  // namespace moldau::runtime
