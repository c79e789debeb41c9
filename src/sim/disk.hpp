// The simulator's Disk: a process's access to its medium.
#pragma once

#include "engine.hpp"
#include "medium.hpp"

#include <memory>

namespace moldau::sim {

std::unique_ptr<Disk> make_disk(Engine& engine, Host& host, Medium& medium);

}  // namespace moldau::sim
