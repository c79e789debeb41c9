#include "moldau/base/check.hpp"

#include <cstdio>
#include <cstdlib>

namespace moldau {

void check_failed(const char* expression, const char* file, int line, std::string_view detail) {
    fmt::print(stderr, "check failed: {} at {}:{} {}\n", expression, file, line, detail);
    std::fflush(stderr);
    std::abort();
}

}  // namespace moldau
