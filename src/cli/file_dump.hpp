// What the files of a data directory hold, by their names.
#pragma once

#include "dump_entry.hpp"

#include "moldau/base/bytes.hpp"
#include "moldau/base/result.hpp"

#include <functional>
#include <string_view>

namespace moldau::cli {

/// Whether a file of this name is one that dump_file() knows.
bool is_known_file(std::string_view path);

/// Tells what a file holds, one entry after another, to `take`, whose error ends it. With
/// `shows_records` batches have their records; those of the metadata log have them always.
/// Errors: invalid_request: not a file that we know · kafka_storage_error, corrupt_message, …: what
/// is wrong with the file, when all that is right before it has been told · those of `take`
Result<> dump_file(std::string_view path, BytesView content, bool shows_records,
                   const std::function<Result<>(const Entry&)>& take);

}  // namespace moldau::cli
