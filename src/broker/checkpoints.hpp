// The files beside the partitions of a log directory that say up to where each log is durable and
// where it starts. On the home shard.
//
// They know partitions by name, and a name may come back: what they say of a topic that was deleted
// would hide damage in the one that was created under its name, or cut off its records. So no log
// is made anew before the files have forgotten its name, durably.
#pragma once

#include "log_directories.hpp"

#include "moldau/base/ports/disk.hpp"
#include "moldau/base/result.hpp"
#include "moldau/log/log_directory.hpp"
#include "moldau/runtime/shard.hpp"
#include "moldau/runtime/task.hpp"
#include "moldau/runtime/wait.hpp"

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <unordered_set>
#include <utility>
#include <vector>

namespace moldau::broker {

class BrokerShard;

/// What is to be remembered of one partition.
struct Checkpoint {
    std::string topic;
    std::int32_t partition = 0;
    std::optional<Offset> recovery_point;
    std::optional<Offset> log_start;  // where it is above the first segment
};

class Checkpoints {
public:
    using Shards = std::vector<std::unique_ptr<BrokerShard>>;
    /// Told of a directory in which a write or a sync has failed.
    using OnFailure = std::function<void(std::size_t, const DiskError&)>;
    Checkpoints(runtime::Shard& home, Disk& disk, const Shards& shards, OnFailure on_failure)
        : home_(home), disk_(disk), shards_(shards), on_failure_(std::move(on_failure)) {}
    Checkpoints(const Checkpoints&) = delete;
    Checkpoints& operator=(const Checkpoints&) = delete;

    /// The directories as they were found.
    void found(const std::shared_ptr<const LogDirectories>& directories);

    /// Writes those of one directory as all shards say at this moment or later; those who wait
    /// together share it. Errors: kafka_storage_error, also where the directory is offline.
    runtime::Task<Result<>> write(std::size_t directory);
    /// Those of each directory that is not offline. Errors: kafka_storage_error: the first one; the
    /// others are written.
    runtime::Task<Result<>> write_all();

    struct Name {
        std::size_t directory = 0;
        std::string partition;  // its directory's name
    };
    /// Until nothing is said of these, which no shard has open. Errors: kafka_storage_error.
    runtime::Task<Result<>> forget(std::vector<Name> names);

    /// Nothing is written any more, nor is a shard asked; for the end of the node.
    runtime::Task<> end();

    runtime::Shard& home() const { return home_; }

private:
    /// Whose turn it is to write; shared with writes that go on when nobody waits for them any
    /// more.
    struct Turn {
        explicit Turn(runtime::Shard& home) : over(home) {}
        bool is_taken = false;
        bool is_writing = false;
        runtime::Signal over;
    };

    /// What a directory's files may say something of.
    struct Names {
        std::unordered_set<std::string> written;
        std::unordered_set<std::string> being_written;  // and perhaps not to the end
        bool may_be_any = false;
    };

    /// Of one directory.
    struct Files {
        explicit Files(runtime::Shard& home) : turn(std::make_shared<Turn>(home)) {}
        Names names;
        std::shared_ptr<Turn> turn;
        std::uint64_t asked = 0;
        std::uint64_t written = 0;  // of those who asked
    };

    bool holds(const Name& name) const;
    runtime::Task<Result<>> write_in_turn(std::size_t directory);

    runtime::Shard& home_;
    Disk& disk_;
    const Shards& shards_;
    OnFailure on_failure_;
    std::shared_ptr<const LogDirectories> directories_;
    std::vector<Files> files_;  // by directory
    bool is_ended_ = false;
};

}  // namespace moldau::broker
