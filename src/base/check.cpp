#include "moldau/base/check.hpp"

#include <atomic>
#include <cstdio>
#include <cstdlib>
#include <string>

namespace moldau {
namespace {

std::atomic<void (*)(std::string_view)> watcher{nullptr};

}  // namespace

void watch_checks(void (*tell)(std::string_view what)) {
    watcher.store(tell);
}

void check_failed(const char* expression, const char* file, int line, std::string_view detail) {
    const std::string what =
        fmt::format("check failed: {} at {}:{} {}", expression, file, line, detail);
    if (auto* const tell = watcher.load()) {
        tell(what);
    } else {
        fmt::print(stderr, "{}\n", what);
        std::fflush(stderr);
    }
    std::abort();
}

}  // namespace moldau
