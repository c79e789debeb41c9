// Big-endian loads and stores, as everything on Kafka's wire and disk is written.
#pragma once

#include <bit>
#include <concepts>
#include <cstddef>
#include <cstring>

namespace moldau {

template <std::integral T>
T load_be(const std::byte* from) {
    T value;
    std::memcpy(&value, from, sizeof value);
    if constexpr (std::endian::native == std::endian::little && sizeof(T) > 1)
        value = std::byteswap(value);
    return value;
}

template <std::integral T>
void store_be(std::byte* to, T value) {
    if constexpr (std::endian::native == std::endian::little && sizeof(T) > 1)
        value = std::byteswap(value);
    std::memcpy(to, &value, sizeof value);
}

}  // namespace moldau
