// Port: what time it is. The world's is in io, the simulator's in sim.
#pragma once

#include "moldau/base/time.hpp"

namespace moldau {

class Clock {
public:
    virtual ~Clock() = default;
    virtual MonoTime now() const = 0;    // drives timers; never goes back
    virtual Timestamp wall() const = 0;  // for records, logs and people; may jump
};

}  // namespace moldau
