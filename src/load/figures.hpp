// What one worker of the load has counted.
#pragma once

#include "histogram.hpp"

#include "moldau/base/time.hpp"

#include <cstdint>
#include <map>
#include <string>

namespace moldau::load {

/// Things are records that are acknowledged or read, commits, members, topics, connections.
struct Figures {
    std::uint64_t done = 0;
    std::uint64_t value_bytes = 0;  // of records; 0 where they are not looked at
    std::uint64_t batch_bytes = 0;  // of records, as they go over the wire
    std::uint64_t batches = 0;      // of produce: requests
    std::uint64_t failed = 0;
    std::uint64_t unsent = 0;                     // the rate gave them, time did not
    std::map<std::string, std::uint64_t> errors;  // by name: requests that failed
    Histogram latency;                            // in ns
    Histogram send_delay;  // in ns: how late things were handed to the connection
    MonoTime end{};        // when the last of it was counted

    void merge(const Figures& other);
};

}  // namespace moldau::load
