#include "data_directories.hpp"

#include <fmt/core.h>

#include <utility>

namespace moldau::broker {

Result<DataDirectories> DataDirectories::hold(Disk& disk, const std::vector<std::string>& paths) {
    DataDirectories held;
    for (const std::string& path : paths) {
        std::optional<Error>& failure = held.failures_.emplace_back();
        if (DiskResult<> made = disk.create_directories(path); !made) {
            failure = made.error();
            continue;
        }
        DiskResult<std::unique_ptr<DiskLock>> lock = disk.lock(path + "/.lock");
        if (!lock && lock.error().fault == DiskFault::locked) {
            return Error{ErrorCode::kafka_storage_error,
                         fmt::format("another process uses the data directory {} ({})", path,
                                     lock.error().detail)};
        }
        if (lock) {
            held.locks_.push_back(std::move(*lock));
        } else {
            failure = lock.error();
        }
    }
    return held;
}

}  // namespace moldau::broker
