// MOLDAU_CHECK: our own invariants. Always compiled in; prints the values and ends the process: a
// stopped broker is repaired by its replicas, a wrong one spreads.
#pragma once

#include <fmt/core.h>

#include <string_view>

namespace moldau {

/// Tells who watches, or else stderr, and aborts.
[[noreturn, gnu::cold]] void check_failed(const char* expression, const char* file, int line,
                                          std::string_view detail);

/// Has `tell` called with what a failed check says, instead of having it written to stderr. For a
/// crash report: the process ends right behind it.
void watch_checks(void (*tell)(std::string_view what));

}  // namespace moldau

/// MOLDAU_CHECK(a <= b) or MOLDAU_CHECK(a <= b, "a={} b={}", a, b)
#define MOLDAU_CHECK(expression, ...)                               \
    do {                                                            \
        if (!(expression)) [[unlikely]] {                           \
            ::moldau::check_failed(#expression, __FILE__, __LINE__, \
                                   ::fmt::format("" __VA_ARGS__));  \
        }                                                           \
    } while (false)
