#include "moldau/sim/world.hpp"

#include <bit>

namespace moldau::sim {
namespace {

// splitmix64: spreads whatever it is given over all bits.
std::uint64_t mixed(std::uint64_t& state) {
    std::uint64_t value = state += 0x9E3779B97F4A7C15ULL;
    value = (value ^ (value >> 30U)) * 0xBF58476D1CE4E5B9ULL;
    value = (value ^ (value >> 27U)) * 0x94D049BB133111EBULL;
    return value ^ (value >> 31U);
}

}  // namespace

SeededRandom::SeededRandom(std::uint64_t seed, std::string_view name) {
    std::uint64_t state = seed;
    for (const char letter : name)
        state = mixed(state) ^ static_cast<std::uint64_t>(static_cast<unsigned char>(letter));
    for (std::uint64_t& word : state_) word = mixed(state);
}

// xoshiro256** (Blackman and Vigna)
std::uint64_t SeededRandom::next() {
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

}  // namespace moldau::sim
