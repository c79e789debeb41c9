// Processes whose program is a function that spawns tasks.
#pragma once

#include "moldau/runtime/disk_wait.hpp"
#include "moldau/runtime/task_group.hpp"
#include "moldau/runtime/wait.hpp"
#include "moldau/sim/world.hpp"

#include <functional>
#include <string>
#include <utility>

namespace moldau::sim {

class Started final : public Program {
public:
    Started(Process& process, const std::function<void(Process&)>& start) { start(process); }
};

inline ProcessId add(World& world, std::string name, std::function<void(Process&)> start,
                     std::size_t shards = 1) {
    return world.add_process(std::move(name), shards, [start = std::move(start)](Process& process) {
        return std::make_unique<Started>(process, start);
    });
}

}  // namespace moldau::sim
