#include "moldau/base/siphash.hpp"

#include <bit>
#include <cstring>

namespace moldau {
namespace {

/// The four words of the hash's state.
struct State {
    std::uint64_t a, b, c, d;

    void round() {
        a += b;
        b = std::rotl(b, 13) ^ a;
        a = std::rotl(a, 32);
        c += d;
        d = std::rotl(d, 16) ^ c;
        a += d;
        d = std::rotl(d, 21) ^ a;
        c += b;
        b = std::rotl(b, 17) ^ c;
        c = std::rotl(c, 32);
    }
    void rounds(int count) {
        for (int i = 0; i < count; ++i) round();
    }
    void take(std::uint64_t word) {
        d ^= word;
        rounds(2);
        a ^= word;
    }
    std::uint64_t give() {
        rounds(4);
        return a ^ b ^ c ^ d;
    }
};

std::uint64_t little_endian(BytesView bytes) {
    std::uint64_t word = 0;
    std::memcpy(&word, bytes.data(), bytes.size());
    if constexpr (std::endian::native == std::endian::big) word = std::byteswap(word);
    return word;
}

}  // namespace

Hash128 siphash(const HashSecret& secret, BytesView text) {
    // "somepseudorandomlygeneratedbytes", and 0xee for a hash of 128 bits.
    State state{.a = secret.first ^ 0x736f6d6570736575U,
                .b = secret.second ^ 0x646f72616e646f6dU ^ 0xeeU,
                .c = secret.first ^ 0x6c7967656e657261U,
                .d = secret.second ^ 0x7465646279746573U};
    constexpr std::size_t kWord = sizeof(std::uint64_t);
    const std::uint64_t length = static_cast<std::uint64_t>(text.size()) << 56U;
    for (; text.size() >= kWord; text = text.subspan(kWord))
        state.take(little_endian(text.first(kWord)));
    state.take(length | (text.empty() ? 0 : little_endian(text)));
    state.c ^= 0xeeU;
    const std::uint64_t low = state.give();
    state.b ^= 0xddU;
    const std::uint64_t high = state.give();
    return {.low = low, .high = high};
}

}  // namespace moldau
