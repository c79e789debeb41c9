// Replicas of one shard on their way to another log directory of this node (KIP-113), while they
// are read and written.
//
// A copy grows in `TOPIC-N.HEX-future` of the other directory by the batches of the log. When it
// has caught up they change places; each step is one that a crash may follow, and what the next
// start makes of it (mend_moves) is always the replica with all that was durable:
//
//   1 orders-3          orders-3.HEX-future    flushes of the replica wait from here on: nobody is
//                                              told of more than what both have durably
//   2 orders-3.HEX-delete, synced              it goes on under that name; the start gives it back
//   3 orders-3.HEX-delete    orders-3          the copy, complete now, is the replica; the start
//   4                        synced            removes the other, as this process does later
//
// The log start stands in the other directory's checkpoint before step 2. A copy that a crash or a
// stop has left is made anew from the beginning: what it holds at its end may never have been in
// the replica that the start finds.
#pragma once

#include "checkpoints.hpp"
#include "partition.hpp"

#include "moldau/base/error_code.hpp"
#include "moldau/base/result.hpp"
#include "moldau/log/log.hpp"
#include "moldau/runtime/task.hpp"
#include "moldau/runtime/task_group.hpp"

#include <cstddef>
#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>

namespace moldau::broker {

class BrokerShard;

class ReplicaMoves {
public:
    explicit ReplicaMoves(BrokerShard& here);
    ReplicaMoves(const ReplicaMoves&) = delete;
    ReplicaMoves& operator=(const ReplicaMoves&) = delete;
    ~ReplicaMoves();

    /// Has the replica move to the directory with this index; one that is on its way to another
    /// turns round, one that lies there stays. Errors: replica_not_available: it is not here, and
    /// is made there should it come · kafka_storage_error: its log is offline,
    /// or the copy cannot be made
    ErrorCode begin(const TopicPartition& id, const std::string& topic, std::size_t to);

    /// Where a partition that is not here yet is to be made, by the name of its directory.
    void prefer(const std::string& partition, std::size_t directory);
    /// Once.
    std::optional<std::size_t> take_preferred(std::string_view partition);

    /// The copy of a replica that is on its way, from the answer on that its move has begun; of
    /// one that has arrived and goes on, the next.
    struct Copy {
        std::string directory;  // the log directory it is in
        std::uint64_t bytes = 0;
        Offset end;  // nothing and 0 until its log is open
    };
    std::optional<Copy> copy_of(const TopicPartition& id) const;
    /// Once the checkpoints say something of the copy, too: where the one of the two logs lies that
    /// is not the replica now.
    std::optional<std::size_t> other_directory(const TopicPartition& id) const;
    /// That log, where it lies in `directory`; else nullptr.
    const log::Log* other_in(const TopicPartition& id, std::size_t directory) const;

    /// Of what is on its way there nothing is believed any more.
    void directory_failed(std::size_t directory, const Error& reason);
    /// Is deleted, or no longer this node's.
    void partition_goes(const TopicPartition& id);

    /// Ends what goes on; the copies stay, to be made anew by the next start.
    runtime::Task<> rest();
    /// Closes them in order; false: not all could be.
    runtime::Task<bool> close();

private:
    enum class Role : std::uint8_t;
    struct Move;
    using MovePtr = std::shared_ptr<Move>;

    ErrorCode start(const TopicPartition& id, const std::string& topic, std::size_t to);
    void drop_copy(Move& move);
    void forget(const Move& move);
    Result<Partition*> partition_of(const Move& move) const;
    runtime::Task<> run(MovePtr move);
    runtime::Task<Result<>> carry_out(MovePtr move);
    runtime::Task<Result<>> open_copy(MovePtr move);
    runtime::Task<Result<>> catch_up(MovePtr move);
    runtime::Task<Result<>> append(MovePtr move, Bytes batches);
    runtime::Task<Result<>> begin_anew(MovePtr move, Offset start);
    Result<bool> catch_up_at_once(Move& move);
    runtime::Task<Result<>> flush_copy(MovePtr move);
    runtime::Task<Result<>> quieten(MovePtr move);
    runtime::Task<Result<>> give_up_name(MovePtr move);
    runtime::Task<Result<>> change_places(MovePtr move);
    Result<> take_place(Move& move);
    runtime::Task<> give_up(MovePtr move, Error why);
    runtime::Task<> remove_old(std::shared_ptr<log::Log> old, std::string path, Duration delay);

    BrokerShard& here_;
    std::unordered_map<Uuid, std::map<std::int32_t, MovePtr>> moves_;
    std::map<std::string, std::size_t, std::less<>> preferred_;
    runtime::TaskGroup tasks_;
};

}  // namespace moldau::broker
