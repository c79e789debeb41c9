// What a value begins with where end-to-end latency is measured: when the record was to be sent, on
// the clock of the process that also reads it. The time of a batch has whole milliseconds only.
#pragma once

#include "moldau/base/bytes.hpp"
#include "moldau/base/endian.hpp"
#include "moldau/base/time.hpp"

#include <cstddef>
#include <cstdint>
#include <optional>

namespace moldau::load {

// run   int64  a random number: what other runs have written is not ours to time
// time  int64  nanoseconds of MonoTime
inline constexpr std::size_t kStampBytes = 16;

/// `to` has kStampBytes.
inline void write_stamp(std::byte* to, std::uint64_t run, MonoTime time) {
    store_be(to, run);
    store_be(to + sizeof run, static_cast<std::int64_t>(time.time_since_epoch().count()));
}

/// Nothing: the value is not of that run.
inline std::optional<MonoTime> stamp_of(BytesView value, std::uint64_t run) {
    if (value.size() < kStampBytes || load_be<std::uint64_t>(value.data()) != run)
        return std::nullopt;
    return MonoTime(Duration(load_be<std::int64_t>(value.data() + sizeof run)));
}

}  // namespace moldau::load
