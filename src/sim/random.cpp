#include "moldau/sim/world.hpp"

namespace moldau::sim {
namespace {

// splitmix64: spreads whatever it is given over all bits.
std::uint64_t mixed(std::uint64_t& state) {
    std::uint64_t value = state += 0x9E3779B97F4A7C15ULL;
    value = (value ^ (value >> 30U)) * 0xBF58476D1CE4E5B9ULL;
    value = (value ^ (value >> 27U)) * 0x94D049BB133111EBULL;
    return value ^ (value >> 31U);
}

Xoshiro256 seeded(std::uint64_t seed, std::string_view name) {
    std::uint64_t state = seed;
    for (const char letter : name)
        state = mixed(state) ^ static_cast<std::uint64_t>(static_cast<unsigned char>(letter));
    Xoshiro256::State words{};
    for (std::uint64_t& word : words) word = mixed(state);
    return Xoshiro256(words);
}

}  // namespace

SeededRandom::SeededRandom(std::uint64_t seed, std::string_view name)
    : generator_(seeded(seed, name)) {}

}  // namespace moldau::sim
