// The hashes that decide where things live: a key's partition, a group's or transactional id's
// coordinator. Every client and broker must agree on them.
#pragma once

#include "moldau/base/bytes.hpp"

#include <cstdint>
#include <string_view>

namespace moldau {

/// MurmurHash2, 32 bits, with the seed of Kafka's clients.
std::int32_t murmur2(BytesView key);

/// The partition of a record with this key, in [0, partitions), as Kafka's default partitioner
/// chooses it. `partitions` is at least 1.
std::int32_t partition_of_key(BytesView key, std::int32_t partitions);

/// java.lang.String.hashCode of UTF-8 `text`: over its UTF-16 code units, each malformed sequence
/// counted as U+FFFD.
std::int32_t java_string_hash(std::string_view text);

/// The partition of `__consumer_offsets` or `__transaction_state` that holds a group or a
/// transactional id, in [0, partitions). `partitions` is at least 1.
std::int32_t partition_of_group(std::string_view id, std::int32_t partitions);

}  // namespace moldau
