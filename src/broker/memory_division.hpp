// How moldau.memory.budget.bytes is divided (docs/decisions/0009-memory-budget.md).
#pragma once

#include "moldau/config/keys.hpp"

#include <cstddef>

namespace moldau::broker {

struct MemoryDivision {
    std::size_t connections = 0;     // requests and replies in flight
    std::size_t fetch_sessions = 0;  // what consumers of many partitions need not say again
};

inline MemoryDivision divide_budget(const config::Settings& settings) {
    const auto all = static_cast<std::size_t>(settings.get(config::kMemoryBudgetBytes));
    return {.connections = all - all / 8, .fetch_sessions = all / 8};
}

}  // namespace moldau::broker
