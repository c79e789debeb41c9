// The world's Random: a fast generator that the kernel seeds. Not for secrets.
#pragma once

#include "moldau/base/ports/random.hpp"
#include "moldau/base/xoshiro.hpp"

namespace moldau::io {

/// One for each shard.
class SystemRandom final : public Random {
public:
    SystemRandom();  // ends the process when the kernel gives no random bytes
    std::uint64_t next() override { return generator_.next(); }

private:
    Xoshiro256 generator_;
};

}  // namespace moldau::io
