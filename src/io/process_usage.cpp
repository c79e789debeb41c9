#include "moldau/io/process_usage.hpp"

#include <chrono>
#include <ctime>
#include <dirent.h>
#include <fstream>
#include <sys/resource.h>
#include <unistd.h>

namespace moldau::io {
namespace {

Duration duration_of(const timeval& time) {
    return std::chrono::seconds(time.tv_sec) + std::chrono::microseconds(time.tv_usec);
}

/// Not counting `.`, `..` and, where the directory lists the descriptors, the one that reads it.
std::uint64_t count_entries(const char* directory, std::uint64_t not_counted) {
    DIR* const open = ::opendir(directory);
    if (open == nullptr) return 0;
    std::uint64_t found = 0;
    while (::readdir(open) != nullptr) ++found;
    ::closedir(open);
    return found > not_counted ? found - not_counted : 0;
}

}  // namespace

ProcessUsage process_usage() {
    ProcessUsage usage;
    rusage spent{};
    if (::getrusage(RUSAGE_SELF, &spent) == 0) {
        usage.user_cpu = duration_of(spent.ru_utime);
        usage.system_cpu = duration_of(spent.ru_stime);
    }
    std::uint64_t pages = 0;
    std::uint64_t resident_pages = 0;
    if (std::ifstream statm("/proc/self/statm"); statm >> pages >> resident_pages) {
        const auto page = static_cast<std::uint64_t>(::sysconf(_SC_PAGESIZE));
        usage.virtual_bytes = pages * page;
        usage.resident_bytes = resident_pages * page;
    }
    usage.threads = count_entries("/proc/self/task", 2);
    usage.open_files = count_entries("/proc/self/fd", 3);
    rlimit limit{};
    if (::getrlimit(RLIMIT_NOFILE, &limit) == 0) usage.open_files_max = limit.rlim_cur;
    return usage;
}

Duration thread_cpu_time() {
    timespec time{};
    if (::clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time) != 0) return Duration(0);
    return std::chrono::seconds(time.tv_sec) + Duration(time.tv_nsec);
}

}  // namespace moldau::io
