// The keys of a load, and which partition each of them has. A key decides its partition as in every
// client of Kafka's; a load that fills whole batches goes the other way round: it draws a
// partition, as often as its keys come together, and then keys of that partition, each as often as
// it comes among them. Every key comes as often as if it had been drawn first.
#pragma once

#include "draws.hpp"

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

namespace moldau::load {

enum class KeyKind : std::uint8_t {
    none,    // null
    random,  // each as often
    zipf,    // the n-th most frequent one comes 1 / n^exponent times as often as the first
};

struct KeyPlan {
    KeyKind kind = KeyKind::none;
    std::uint32_t count = 1'000'000;  // different keys
    std::size_t bytes = 16;           // of each, at least as many as the last one has digits
    double exponent = 0.99;           // of zipf
};

/// Not changed after it was made: all producers share one.
class KeySpace {
public:
    /// `plan.kind` is not none; `partitions` is at least 1. Takes 12 bytes for each key.
    KeySpace(KeyPlan plan, std::int32_t partitions);

    std::size_t key_bytes() const { return plan_.bytes; }
    std::int32_t draw_partition(Draws& draws) const;
    /// Of a partition that draw_partition() gave.
    std::uint32_t draw_key(std::int32_t partition, Draws& draws) const;
    /// Decimal digits with zeros before them. `to` has key_bytes().
    void write(std::uint32_t key, std::span<char> to) const;

private:
    struct Part {
        std::vector<std::uint32_t> keys;
        std::vector<double> ends;  // weights of the keys, summed up to and with each
    };
    KeyPlan plan_;
    std::vector<Part> parts_;   // by partition
    std::vector<double> ends_;  // weights of the partitions, summed up
};

}  // namespace moldau::load
