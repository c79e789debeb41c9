// `quorum-state`: what a voter must not forget: the epoch, who leads it, whom it voted for. JSON,
// in Kafka's form (schemas/quorum_state.schema):
//
//   {"leaderId":1,"leaderEpoch":2,"votedId":-1,"votedDirectoryId":"AAAAAAAAAAAAAAAAAAAAAA","data_version":1}
//
// Version 0, of quorums whose voters stand in the settings (kraft.version 0), has no directory but
// `clusterId` (empty), `appliedOffset` (0) and `currentVoters`.
#pragma once

#include "moldau/base/ids.hpp"
#include "moldau/base/result.hpp"
#include "moldau/base/uuid.hpp"

#include <compare>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace moldau::raft {

/// A voter as a vote names it: a disk that was replaced is another voter (KIP-853).
struct ReplicaKey {
    std::int32_t id = -1;
    Uuid directory;
    friend auto operator<=>(const ReplicaKey&, const ReplicaKey&) = default;
};

struct QuorumState {
    LeaderEpoch epoch{0};
    std::optional<std::int32_t> leader;
    std::optional<ReplicaKey> voted;
    std::int16_t data_version = 1;
    std::vector<std::int32_t> voters;  // version 0 alone
    friend bool operator==(const QuorumState&, const QuorumState&) = default;
};

inline constexpr std::string_view kQuorumStateFile = "quorum-state";
/// A larger file is none: the caller need not read further.
inline constexpr std::size_t kQuorumStateBytesMax = std::size_t{64} << 10U;

/// Keys that are not ours are passed over.
/// Errors: kafka_storage_error: no such JSON, an unknown version, a missing or impossible value.
Result<QuorumState> parse_quorum_state(std::string_view file);

std::string write_quorum_state(const QuorumState& state);

}  // namespace moldau::raft
