// The simulator's Disk: a process's access to its medium.
#pragma once

#include "engine.hpp"
#include "medium.hpp"

#include <memory>

namespace moldau::sim {

/// What the simulator's streams send from, in the place of a descriptor.
class SendableFile {
public:
    virtual ~SendableFile() = default;
    /// What is there of `count` bytes at `at`; somebody was told that they are in memory.
    virtual DiskResult<BytesView> bytes_to_send(std::uint64_t at, std::size_t count) = 0;
};

std::unique_ptr<Disk> make_disk(Engine& engine, Host& host, Medium& medium);

}  // namespace moldau::sim
