// Control records: what brokers write among the data (KIP-98, KIP-595, KIP-630, KIP-853). Their
// keys are here; their values are messages of the protocol.
#pragma once

#include "moldau/base/bytes.hpp"
#include "moldau/base/result.hpp"

#include <array>
#include <cstdint>
#include <string_view>

namespace moldau::record {

enum class ControlType : std::int16_t {
    abort = 0,
    commit = 1,
    leader_change = 2,
    snapshot_header = 3,
    snapshot_footer = 4,
    kraft_version = 5,
    kraft_voters = 6,
};

/// As Kafka writes it, "LEADER_CHANGE"; "UNKNOWN" for a type that is newer than we are.
std::string_view name(ControlType type);

// 0  version  int16, 0
// 2  type     int16
struct ControlKey {
    std::int16_t version = 0;
    ControlType type{};
    friend bool operator==(const ControlKey&, const ControlKey&) = default;
};

/// Later versions may add fields behind the type and are read as well.
/// Errors: invalid_record: fewer than four bytes, or a negative version.
Result<ControlKey> parse_control_key(BytesView key);
std::array<std::byte, 4> control_key(ControlType type);

}  // namespace moldau::record
