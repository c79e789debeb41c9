#include "moldau/runtime/disk_wait.hpp"

#include "moldau/runtime/wait.hpp"

#include <memory>
#include <optional>
#include <utility>

namespace moldau::runtime {
namespace {

// Shared with the port, since the operation may end after its waiter.
template <class T>
struct Submitted {
    explicit Submitted(Shard& shard) : done(shard) {}

    static DiskDone<T> ending(std::shared_ptr<Submitted> submitted) {
        return [submitted = std::move(submitted)](DiskResult<T> result) {
            submitted->result.emplace(std::move(result));
            submitted->done.set();
        };
    }

    std::optional<DiskResult<T>> result;
    Signal done;
};

template <class T>
Task<DiskResult<T>> outcome_of(std::shared_ptr<Submitted<T>> submitted) {
    const Waited waited = co_await submitted->done.wait();
    if (waited != Waited::ready) co_return DiskError{DiskFault::cancelled, "cancelled"};
    co_return std::move(*submitted->result);
}

}  // namespace

Task<DiskResult<>> sync(Shard& shard, File& file) {
    auto submitted = std::make_shared<Submitted<void>>(shard);
    file.sync(Submitted<void>::ending(submitted));
    co_return co_await outcome_of(std::move(submitted));
}

Task<DiskResult<Bytes>> read(Shard& shard, File& file, std::uint64_t at, std::size_t count) {
    auto submitted = std::make_shared<Submitted<Bytes>>(shard);
    file.read(at, count, Submitted<Bytes>::ending(submitted));
    co_return co_await outcome_of(std::move(submitted));
}

Task<DiskResult<>> sync_directory(Shard& shard, Disk& disk, std::string path) {
    auto submitted = std::make_shared<Submitted<void>>(shard);
    disk.sync_directory(path, Submitted<void>::ending(submitted));
    co_return co_await outcome_of(std::move(submitted));
}

Task<DiskResult<>> bring_in(Shard& shard, Disk& disk, FileSlice slice) {
    auto submitted = std::make_shared<Submitted<void>>(shard);
    disk.bring_in(slice, Submitted<void>::ending(submitted));
    co_return co_await outcome_of(std::move(submitted));
}

}  // namespace moldau::runtime
