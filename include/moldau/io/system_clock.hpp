// The world's Clock: CLOCK_MONOTONIC and CLOCK_REALTIME.
#pragma once

#include "moldau/base/ports/clock.hpp"

namespace moldau::io {

class SystemClock final : public Clock {
public:
    MonoTime now() const override;
    Timestamp wall() const override;
};

}  // namespace moldau::io
