// Which seeds a test of the simulator runs, as the environment says.
#pragma once

#include "moldau/base/ports/log.hpp"

#include <fmt/format.h>

#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>

namespace moldau::sim {

#if defined(__has_feature)
#if __has_feature(address_sanitizer)
inline constexpr bool kIsSanitized = true;
#else
inline constexpr bool kIsSanitized = false;
#endif
#else
inline constexpr bool kIsSanitized = false;
#endif

/// Writes the log of the one seed that is looked at.
class Printer final : public LogSink {
public:
    bool enabled(LogLevel) const override { return true; }
    void write(LogLevel, std::string_view line) override { fmt::print("{}\n", line); }
};

/// MOLDAU_SEEDS: how many; MOLDAU_SEED: that one alone, with the node's log.
class Seeds {
public:
    /// A sanitizer makes a seed ten times as dear.
    Seeds(std::uint64_t usual, std::uint64_t sanitized)
        : only_(number_from("MOLDAU_SEED", 0)),
          first_(only_ != 0 ? only_ : 1),
          last_(only_ != 0 ? only_
                           : number_from("MOLDAU_SEEDS", kIsSanitized ? sanitized : usual)) {}

    bool is_one() const { return only_ != 0; }
    std::uint64_t first() const { return first_; }
    std::uint64_t last() const { return last_; }
    std::uint64_t count() const { return last_ - first_ + 1; }
    LogSink* sink() { return is_one() ? &printer_ : nullptr; }

private:
    static std::uint64_t number_from(const char* variable, std::uint64_t otherwise) {
        const char* const given = std::getenv(variable);
        return given == nullptr ? otherwise : std::stoull(given);
    }

    std::uint64_t only_;
    std::uint64_t first_;
    std::uint64_t last_;
    Printer printer_;
};

}  // namespace moldau::sim
