// What one producer or consumer of the load has counted.
#pragma once

#include "histogram.hpp"

#include "moldau/base/time.hpp"

#include <cstdint>
#include <map>
#include <string>

namespace moldau::load {

struct Figures {
    std::uint64_t records = 0;      // acknowledged, or read
    std::uint64_t value_bytes = 0;  // of them; 0 where records are not looked at
    std::uint64_t batch_bytes = 0;  // as they go over the wire
    std::uint64_t batches = 0;      // of produce: requests
    std::uint64_t failed_records = 0;
    std::uint64_t unsent_records = 0;             // the rate gave them, time did not
    std::map<std::string, std::uint64_t> errors;  // by name: requests that failed
    Histogram latency;                            // in ns
    Histogram send_delay;  // in ns: how late records were handed to the connection
    MonoTime end{};        // when the last of it was counted

    void merge(const Figures& other);
};

}  // namespace moldau::load
