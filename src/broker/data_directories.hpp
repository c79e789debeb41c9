// The directories that this process keeps its data in (log.dirs), held against other processes.
#pragma once

#include "moldau/base/ports/disk.hpp"
#include "moldau/base/result.hpp"

#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace moldau::broker {

class DataDirectories {
public:
    /// Makes what is missing and takes the lock file of each, `.lock` as Kafka's: one process at a
    /// time, Kafka's own included. Errors: kafka_storage_error, naming the directory: another
    /// process has it.
    static Result<DataDirectories> hold(Disk& disk, const std::vector<std::string>& paths);

    /// Why a directory could not be made or locked, by its index; nothing: it is held.
    const std::vector<std::optional<Error>>& failures() const { return failures_; }

private:
    std::vector<std::unique_ptr<DiskLock>> locks_;
    std::vector<std::optional<Error>> failures_;
};

}  // namespace moldau::broker
