// Whole files for commands that work on data directories: read and replaced through the disk port.
#pragma once

#include "moldau/base/ports/disk.hpp"
#include "moldau/base/result.hpp"
#include "moldau/runtime/shard.hpp"
#include "moldau/runtime/task.hpp"

#include <optional>
#include <string>

namespace moldau::cli {

/// Nothing: there is no such file. Errors: kafka_storage_error
runtime::Task<Result<std::optional<Bytes>>> read_file(runtime::Shard& shard, Disk& disk,
                                                      std::string path);

/// Durable when it ends well; before, a crash leaves the old or the new file.
/// Errors: kafka_storage_error
runtime::Task<Result<>> replace_file(runtime::Shard& shard, Disk& disk, std::string path,
                                     Bytes content);

/// Makes `path` and what is missing above it, durably. Errors: kafka_storage_error
runtime::Task<Result<>> make_directory(runtime::Shard& shard, Disk& disk, std::string path);

/// `path` as the disk port wants it: absolute, without "." and "..", no '/' at its end.
std::string absolute_path(const std::string& path);

}  // namespace moldau::cli
