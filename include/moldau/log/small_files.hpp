// Whole small files, read and replaced in one step: how every checkpoint is kept.
#pragma once

#include "moldau/base/ports/disk.hpp"

#include <cstddef>
#include <string>

namespace moldau::log {

/// The file's bytes. Errors: as the disk's; denied: it is larger than `bytes_max`.
/// `done` may be called from inside this call when all is in memory.
void read_file(Disk& disk, const std::string& path, std::size_t bytes_max, DiskDone<Bytes> done);

/// Replaces `path`: written beside it as `path`.tmp, synced, renamed, and the directory synced.
/// When `done` says it went well the new bytes are durable; before, a crash leaves the old or the
/// new file. `done` may be called from inside this call when it fails at once. `disk` must live
/// until `done` is called, or the callbacks of its operations never come.
void replace_file(Disk& disk, const std::string& path, const Bytes& content, DiskDone<> done);

/// As replace_file() without durability: a crash may leave the old or the new file, or, when power
/// fails, a part of the new one.
DiskResult<> write_file(Disk& disk, const std::string& path, BytesView content);

}  // namespace moldau::log
