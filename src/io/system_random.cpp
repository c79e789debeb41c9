#include "moldau/io/system_random.hpp"

#include "moldau/base/check.hpp"

#include <cerrno>
#include <sys/random.h>

namespace moldau::io {
namespace {

Xoshiro256 seeded_by_the_kernel() {
    Xoshiro256::State words{};
    ssize_t got = 0;
    do {
        got = getrandom(words.data(), sizeof words, 0);
    } while (got < 0 && errno == EINTR);
    MOLDAU_CHECK(got == static_cast<ssize_t>(sizeof words), "getrandom errno={}", errno);
    words[0] |= 1U;  // never all zero
    return Xoshiro256(words);
}

}  // namespace

SystemRandom::SystemRandom() : generator_(seeded_by_the_kernel()) {}

}  // namespace moldau::io
