// The generator under every Random: what differs between them is the seed.
#pragma once

#include <array>
#include <bit>
#include <cstdint>

namespace moldau {

/// xoshiro256** (Blackman and Vigna): fast, and equally spread over all 64 bits. Not for secrets.
class Xoshiro256 {
public:
    using State = std::array<std::uint64_t, 4>;

    /// `seed` is not all zero: the generator would stay there.
    constexpr explicit Xoshiro256(const State& seed) : state_(seed) {}

    constexpr std::uint64_t next() {
        const std::uint64_t result = std::rotl(state_[1] * 5, 7) * 9;
        const std::uint64_t shifted = state_[1] << 17U;
        state_[2] ^= state_[0];
        state_[3] ^= state_[1];
        state_[1] ^= state_[2];
        state_[0] ^= state_[3];
        state_[2] ^= shifted;
        state_[3] = std::rotl(state_[3], 45);
        return result;
    }

private:
    State state_;
};

}  // namespace moldau
