#include "moldau/io/system_random.hpp"

#include "moldau/base/check.hpp"

#include <bit>
#include <cerrno>
#include <sys/random.h>

namespace moldau::io {

SystemRandom::SystemRandom() {
    ssize_t got = 0;
    do {
        got = getrandom(state_.data(), sizeof state_, 0);
    } while (got < 0 && errno == EINTR);
    MOLDAU_CHECK(got == static_cast<ssize_t>(sizeof state_), "getrandom errno={}", errno);
    state_[0] |= 1U;  // never all zero, where the generator would stay
}

std::uint64_t SystemRandom::next() {
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

}  // namespace moldau::io
