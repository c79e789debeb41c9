// Random draws of a load: the same in each run, so that runs can be compared.
#pragma once

#include "moldau/base/ports/random.hpp"
#include "moldau/base/xoshiro.hpp"

#include <cstdint>

namespace moldau::load {

/// One for each producer; `seed` is any number, and tells them apart.
class Draws final : public Random {
public:
    explicit Draws(std::uint64_t seed) : generator_({seed + 1, 0x9E3779B97F4A7C15U, ~seed, 1}) {
        constexpr int kTurns = 16;  // until seeds that are near each other have gone apart
        for (int i = 0; i < kTurns; ++i) (void)generator_.next();
    }
    std::uint64_t next() override { return generator_.next(); }

    /// Uniform in [0, 1).
    double share() {
        constexpr unsigned kDropped = 11;  // a double has 53 bits
        return static_cast<double>(next() >> kDropped) * 0x1p-53;
    }

private:
    Xoshiro256 generator_;
};

}  // namespace moldau::load
