// The world's Disk.
#pragma once

#include "moldau/base/duration_histogram.hpp"
#include "moldau/base/ports/disk.hpp"
#include "moldau/runtime/shard.hpp"
#include "moldau/runtime/worker_pool.hpp"

#include <cstdint>
#include <memory>

namespace moldau::io {

/// What one disk has done, as those who waited have seen it; on its shard.
struct DiskCounters {
    std::uint64_t writes = 0, write_errors = 0;
    std::uint64_t bytes_written = 0;  // to the page cache
    DurationHistogram syncs;          // of files and directories
    std::uint64_t sync_errors = 0;
    DurationHistogram reads;  // of what was not in memory
    std::uint64_t read_errors = 0;
};

/// One for each shard; fsync and cold reads run on `pool`, which all shards may share. Both outlive
/// the disk; the pool is stopped before the shards.
std::unique_ptr<Disk> make_system_disk(
    runtime::Shard& shard, runtime::WorkerPool& pool,
    std::shared_ptr<DiskCounters> counters = std::make_shared<DiskCounters>());

}  // namespace moldau::io
