// What this process takes of the machine, as the kernel says.
#pragma once

#include "moldau/base/time.hpp"

#include <cstdint>

namespace moldau::io {

/// 0 where the kernel does not tell.
struct ProcessUsage {
    Duration user_cpu{0}, system_cpu{0};
    std::uint64_t resident_bytes = 0;
    std::uint64_t virtual_bytes = 0;
    std::uint64_t threads = 0;
    std::uint64_t open_files = 0;
    std::uint64_t open_files_max = 0;
};
ProcessUsage process_usage();

/// Of the calling thread.
Duration thread_cpu_time();

}  // namespace moldau::io
