// The world's Disk.
#pragma once

#include "moldau/base/ports/disk.hpp"
#include "moldau/runtime/shard.hpp"
#include "moldau/runtime/worker_pool.hpp"

#include <memory>

namespace moldau::io {

/// One for each shard; fsync and cold reads run on `pool`, which all shards may share. Both outlive
/// the disk; the pool is stopped before the shards.
std::unique_ptr<Disk> make_system_disk(runtime::Shard& shard, runtime::WorkerPool& pool);

}  // namespace moldau::io
