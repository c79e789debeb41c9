// The simulator's first workload: a ring of echo services under crashes, cuts and disk faults.
#pragma once

#include "moldau/base/ports/log.hpp"
#include "moldau/base/time.hpp"

#include <cstdint>
#include <string>
#include <vector>

namespace moldau::sim {

enum class EchoBug : std::uint8_t;

struct EchoClusterOptions {
    std::uint64_t seed = 1;
    Duration fault_time = std::chrono::seconds(20);  // then all is healed, and all must end well
    std::uint64_t messages = 40;                     // of each client
    EchoBug bug{};
    LogSink* sink = nullptr;
};

struct EchoClusterOutcome {
    std::uint64_t digest = 0;
    std::uint64_t events = 0;
    std::uint64_t crashes = 0;
    std::uint64_t echoes = 0;
    Duration simulated{};
    std::vector<std::string> violations;  // empty: all promises were kept
};

/// Runs one seed. What is checked: every echo is the one that was asked for, in order; what was
/// echoed is in the logs of both nodes after every recovery; with all faults healed every client
/// comes to its end.
EchoClusterOutcome run_echo_cluster(const EchoClusterOptions& options);

}  // namespace moldau::sim
