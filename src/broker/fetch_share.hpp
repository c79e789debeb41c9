// The part of a fetch that one shard answers: its partitions are read there, and there the fetch
// waits for more.
#pragma once

#include "broker_shard.hpp"

#include "moldau/base/error_code.hpp"
#include "moldau/base/ports/file_slice.hpp"

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <vector>

namespace moldau::broker {

struct FetchItem {
    std::size_t target = 0;  // in the order of the request
    TopicPartition partition;
    Offset from;
    std::int32_t current_leader_epoch = -1;
    std::int32_t last_fetched_epoch = -1;
    std::size_t bytes_max = 0;
};

struct FetchedPartition {
    ErrorCode error = ErrorCode::none;
    Offset high_watermark{-1};
    Offset last_stable_offset{-1};
    Offset log_start{-1};
    FileSlice records;
    std::vector<log::AbortedTransaction> aborted;
    std::optional<log::EpochEnd> diverging;
};

/// Made on the asker's shard, then touched on the owner's until `done` was called there.
struct FetchShare {
    std::vector<FetchItem> items;
    Isolation isolation = Isolation::read_uncommitted;
    std::size_t bytes_max = 0;

    std::vector<FetchedPartition> answers;  // one for each item
    std::uint64_t bytes = 0;                // of their records
    bool must_answer = false;               // an error, or a log that has diverged

    std::size_t under_way = 0;  // reads that wait for the disk
};

/// A fetch that waits on one shard. Made on the asker's shard, then touched on the owner's alone,
/// and ended there.
struct FetchWait {
    struct Place {
        TopicPartition partition;
        Offset seen_end;  // up to which it was readable
    };
    explicit FetchWait(const FetchShare& share);

    Isolation isolation;
    std::vector<Place> places;
    std::unique_ptr<FetchWaiter> waiter;
};

/// Reads what there is. `done` is called once, on the owner's shard, possibly from inside.
void read_share(BrokerShard& owner, const std::shared_ptr<FetchShare>& share,
                std::function<void()> done);

/// Has `wake` called when the partitions have grown by `bytes` together since they were read, or
/// changed in another way; possibly from inside, when that is so already. Until wait.waiter ends.
void begin_wait(BrokerShard& owner, FetchWait& wait, std::uint64_t bytes,
                std::function<void()> wake);

}  // namespace moldau::broker
