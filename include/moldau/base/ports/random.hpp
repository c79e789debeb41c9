// Port: random numbers. The world's come from the kernel, the simulator's from its seed, one stream
// a component.
#pragma once

#include <cstdint>

namespace moldau {

class Random {
public:
    virtual ~Random() = default;
    virtual std::uint64_t next() = 0;  // uniform over all 64 bits

    /// Uniform in [0, bound); bound > 0. (Lemire's multiplication; the bias is below 2^-32 for
    /// bounds below 2^32.)
    std::uint64_t below(std::uint64_t bound) {
        return static_cast<std::uint64_t>((static_cast<unsigned __int128>(next()) * bound) >> 64U);
    }
};

}  // namespace moldau
