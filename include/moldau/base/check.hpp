// MOLDAU_CHECK: our own invariants. Always compiled in; prints the values and ends the process: a
// stopped broker is repaired by its replicas, a wrong one spreads.
#pragma once

#include <fmt/core.h>

#include <string_view>

namespace moldau {

/// Writes one line to stderr and aborts.
[[noreturn, gnu::cold]] void check_failed(const char* expression, const char* file, int line,
                                          std::string_view detail);

}  // namespace moldau

/// MOLDAU_CHECK(a <= b) or MOLDAU_CHECK(a <= b, "a={} b={}", a, b)
#define MOLDAU_CHECK(expression, ...)                               \
    do {                                                            \
        if (!(expression)) [[unlikely]] {                           \
            ::moldau::check_failed(#expression, __FILE__, __LINE__, \
                                   ::fmt::format("" __VA_ARGS__));  \
        }                                                           \
    } while (false)
