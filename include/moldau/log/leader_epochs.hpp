// Where each leader epoch began in a log (KIP-101): what a follower asks for when it looks for the
// offset at which it left its leader's history.
#pragma once

#include "moldau/log/files/leader_epoch_checkpoint.hpp"

#include <optional>
#include <span>
#include <vector>

namespace moldau::log {

struct EpochEnd {
    LeaderEpoch epoch;
    Offset end_offset;
    friend bool operator==(const EpochEnd&, const EpochEnd&) = default;
};

/// Epochs rise and offsets do not fall, in every state. Changes are only in memory until the owner
/// has written starts() to `leader-epoch-checkpoint`.
class LeaderEpochs {
public:
    LeaderEpochs() = default;
    explicit LeaderEpochs(std::vector<EpochStart> starts) : starts_(std::move(starts)) {}

    /// A batch of `epoch` is appended at `start`. Later epochs and later starts that were known
    /// give way: the log is the truth. Does nothing for an epoch that is known already, or for a
    /// batch without one (-1).
    void assign(LeaderEpoch epoch, Offset start);

    /// The log now ends at `end`.
    void truncate_end(Offset end);
    /// The log now starts at `start`: the epoch of that offset begins there.
    void truncate_start(Offset start);
    void clear();

    std::optional<LeaderEpoch> latest() const;
    std::optional<LeaderEpoch> epoch_at(Offset offset) const;

    /// The end of `epoch` or of the nearest one before it, in a log that ends at `log_end`: as
    /// OffsetForLeaderEpoch answers. Nothing: the epoch is not known, or later than ours.
    std::optional<EpochEnd> end_of(LeaderEpoch epoch, Offset log_end) const;

    std::span<const EpochStart> starts() const { return starts_; }
    /// Whether starts() changed since this was last cleared.
    bool is_dirty() const { return dirty_; }
    void set_clean() { dirty_ = false; }
    void set_dirty() { dirty_ = true; }

private:
    std::vector<EpochStart> starts_;
    bool dirty_ = false;
};

}  // namespace moldau::log
