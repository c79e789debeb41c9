// One partition of __consumer_offsets that this node leads: the groups' core, driven over its log.
#pragma once

#include "coordination/state_log.hpp"

#include "moldau/coordinator/groups.hpp"
#include "moldau/runtime/shard.hpp"

#include <cstdint>
#include <deque>
#include <functional>
#include <memory>
#include <optional>
#include <unordered_map>
#include <utility>
#include <vector>

namespace moldau::broker {

class GroupPartition : public std::enable_shared_from_this<GroupPartition> {
public:
    using Answered = std::move_only_function<void(Result<coordinator::Reply>)>;
    using Deleted = std::vector<std::pair<std::string, std::int32_t>>;  // topic, partition

    GroupPartition(BrokerShard& here, TopicPartition id, coordinator::GroupSettings settings,
                   StateBatches& batches);
    GroupPartition(const GroupPartition&) = delete;
    GroupPartition& operator=(const GroupPartition&) = delete;

    /// There is nothing to read: it serves.
    void begin();
    /// Reads the log, then serves; to be run as a task.
    static runtime::Task<> load(std::shared_ptr<GroupPartition> self, std::size_t read_bytes);
    /// It no longer leads: all that wait hear not_coordinator.
    void end();

    const TopicPartition& id() const { return id_; }
    /// none: it serves · coordinator_load_in_progress · not_coordinator: it could not be read.
    ErrorCode state() const;
    coordinator::Groups& groups() { return groups_; }
    coordinator::Now now() const;

    /// Serving. Takes `decide(groups, now, id)`'s decision and carries it out; `answered` is told
    /// the reply to `id`, possibly from inside this call.
    template <class Decide>
    void ask(Decide decide, Answered answered) {
        const coordinator::RequestId id{++last_request_};
        asked_.emplace(id.value, std::move(answered));
        carry_out(decide(groups_, now(), id));
    }
    /// What heartbeats and the like have changed: deadlines.
    void look_at_time();
    void partitions_deleted(const Deleted& partitions);

private:
    class Reader;
    struct InFlight {
        coordinator::Write write;
        std::optional<ErrorCode> outcome;
    };

    void carry_out(coordinator::Decision decision);
    void append(coordinator::Write write);
    void ended(std::uint64_t write, ErrorCode outcome);
    void settle();
    void answer(coordinator::Reply reply);
    Result<Bytes> batch_of(const coordinator::Write& write);
    void on_time();

    BrokerShard& here_;
    const TopicPartition id_;
    StateBatches& batches_;
    coordinator::Groups groups_;
    enum class State : std::uint8_t { loading, serving, failed, ended } state_ = State::loading;
    Deleted deleted_meanwhile_;  // while it was loading
    std::uint64_t last_request_ = 0;
    std::unordered_map<std::uint64_t, Answered> asked_;
    std::deque<InFlight> in_flight_;  // in the order of the log
    std::uint64_t first_in_flight_ = 0;
    bool is_settling_ = false;
    runtime::Timer timer_;
    MonoTime timer_at_ = runtime::kForever;
};

}  // namespace moldau::broker
