// The world's Random: a fast generator that the kernel seeds. Not for secrets.
#pragma once

#include "moldau/base/ports/random.hpp"

#include <array>

namespace moldau::io {

/// xoshiro256** (Blackman and Vigna), one for each shard.
class SystemRandom final : public Random {
public:
    SystemRandom();  // ends the process when the kernel gives no random bytes
    std::uint64_t next() override;

private:
    std::array<std::uint64_t, 4> state_{};
};

}  // namespace moldau::io
