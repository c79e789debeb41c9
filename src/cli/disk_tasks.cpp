#include "disk_tasks.hpp"

#include "moldau/log/small_files.hpp"
#include "moldau/runtime/disk_wait.hpp"
#include "moldau/runtime/wait.hpp"

#include <algorithm>
#include <cstdint>
#include <filesystem>
#include <memory>

namespace moldau::cli {

using runtime::Shard;
using runtime::Task;

namespace {

constexpr std::size_t kFileBytesMax = std::size_t{2} << 30U;  // Kafka's segments are below 2^31

// Shared with the port, since the operation may end after its waiter.
template <class T>
struct Submitted {
    explicit Submitted(Shard& shard) : done(shard) {}
    std::optional<DiskResult<T>> result;
    runtime::Signal done;
};

template <class T>
DiskDone<T> ending(std::shared_ptr<Submitted<T>> submitted) {
    return [submitted = std::move(submitted)](DiskResult<T> result) {
        submitted->result.emplace(std::move(result));
        submitted->done.set();
    };
}

template <class T>
Task<DiskResult<T>> outcome_of(std::shared_ptr<Submitted<T>> submitted) {
    while (!submitted->result)
        if (co_await submitted->done.wait() == runtime::Waited::cancelled)
            co_return DiskError{DiskFault::cancelled, "cancelled"};
    co_return std::move(*submitted->result);
}

}  // namespace

// NOLINTBEGIN(cppcoreguidelines-avoid-reference-coroutine-parameters): the command owns both.

Task<Result<std::optional<Bytes>>> read_file(Shard& shard, Disk& disk, std::string path) {
    auto submitted = std::make_shared<Submitted<Bytes>>(shard);
    log::read_file(disk, path, kFileBytesMax, ending(submitted));
    DiskResult<Bytes> read = co_await outcome_of(std::move(submitted));
    if (read) co_return std::optional(std::move(*read));
    if (read.error().fault == DiskFault::not_found) co_return std::optional<Bytes>();
    co_return Error(read.error());
}

Task<Result<>> replace_file(Shard& shard, Disk& disk, std::string path, Bytes content) {
    auto submitted = std::make_shared<Submitted<void>>(shard);
    log::replace_file(disk, path, content, ending(submitted));
    DiskResult<> replaced = co_await outcome_of(std::move(submitted));
    if (!replaced) co_return Error(replaced.error());
    co_return Result<>{};
}

Task<Result<>> make_directory(Shard& shard, Disk& disk, std::string path) {
    if (DiskResult<> made = disk.create_directories(path); !made) co_return Error(made.error());
    // Its own name stands in the directory above it; those further up, which may be new as well,
    // are few, and syncing one that is old does no harm.
    std::string above = path;
    while (above.size() > 1) {
        above.resize(std::max<std::size_t>(above.rfind('/'), 1));
        DiskResult<> synced = co_await runtime::sync_directory(shard, disk, above);
        // What is not ours to open is not ours to have made a directory in.
        if (!synced && synced.error().fault != DiskFault::denied) co_return Error(synced.error());
    }
    co_return Result<>{};
}

// NOLINTEND(cppcoreguidelines-avoid-reference-coroutine-parameters)

std::string absolute_path(const std::string& path) {
    std::string absolute = std::filesystem::absolute(path).lexically_normal().string();
    while (absolute.size() > 1 && absolute.ends_with('/')) absolute.pop_back();
    return absolute;
}

}  // namespace moldau::cli
