// Numbers that mean something have a type: nothing converts by itself, only sense compiles.
#pragma once

#include <compare>
#include <cstddef>
#include <cstdint>
#include <functional>

namespace moldau {

/// Names a thing or an era: compared, never added.
template <class Tag, class Rep>
struct Id {
    Rep value{};
    friend constexpr auto operator<=>(Id, Id) = default;
};

using BrokerId = Id<struct BrokerIdTag, std::int32_t>;
using LeaderEpoch = Id<struct LeaderEpochTag, std::int32_t>;
using ProducerId = Id<struct ProducerIdTag, std::int64_t>;
using ProducerEpoch = Id<struct ProducerEpochTag, std::int16_t>;

/// A place in one partition's log.
struct Offset {
    std::int64_t value = 0;
    friend constexpr auto operator<=>(Offset, Offset) = default;
    friend constexpr Offset operator+(Offset at, std::int64_t records) {
        return {at.value + records};
    }
    friend constexpr std::int64_t operator-(Offset end, Offset first) {
        return end.value - first.value;
    }
};

/// Half-open: [first, end).
struct OffsetRange {
    Offset first, end;
    friend constexpr bool operator==(OffsetRange, OffsetRange) = default;
};

}  // namespace moldau

template <class Tag, class Rep>
struct std::hash<moldau::Id<Tag, Rep>> {
    std::size_t operator()(moldau::Id<Tag, Rep> id) const noexcept {
        return std::hash<Rep>{}(id.value);
    }
};
