// One budget of memory for the process, shared by all shards: bytes in flight of connections.
#pragma once

#include "moldau/runtime/shard.hpp"
#include "moldau/runtime/task.hpp"
#include "moldau/runtime/wait.hpp"

#include <atomic>
#include <cstdint>
#include <memory>
#include <utility>
#include <vector>

namespace moldau::runtime {

class MemoryBudget {
public:
    /// The limit may be 0 bytes only for a budget that refuses everything.
    explicit MemoryBudget(std::uint64_t bytes_max) : bytes_max_(bytes_max) {}
    MemoryBudget(const MemoryBudget&) = delete;
    MemoryBudget& operator=(const MemoryBudget&) = delete;

    std::uint64_t bytes_max() const { return bytes_max_; }
    std::uint64_t bytes_used() const { return used_.load(std::memory_order_relaxed); }

    /// What one connection (or other user) holds; gives it back when destroyed. One shard's.
    class Holder {
    public:
        explicit Holder(MemoryBudget& budget) : budget_(budget) {}
        Holder(const Holder&) = delete;
        Holder& operator=(const Holder&) = delete;
        ~Holder() { release(held_); }

        std::uint64_t held() const { return held_; }
        /// False, and nothing is taken, when the budget has no room for `bytes` more.
        bool try_reserve(std::uint64_t bytes);
        /// Gives back `bytes`, at most what is held.
        void release(std::uint64_t bytes);

    private:
        friend class BudgetWaiters;
        MemoryBudget& budget_;
        std::uint64_t held_ = 0;
    };

private:
    friend class BudgetWaiters;
    std::uint64_t bytes_max_;
    std::atomic<std::uint64_t> used_{0};
    // Bit s: somebody on shard s waits for room. Whoever gives bytes back takes the bits and wakes
    // those shards; so the common case costs one load.
    std::atomic<std::uint64_t> shards_waiting_{0};
    std::vector<class BudgetWaiters*> shards_;
    void wake_waiting();
};

/// The waiters of one shard for room in the budget. Made for every shard before the first wait and
/// destroyed after the shards have stopped.
class BudgetWaiters {
public:
    /// At most 64 shards have waiters.
    BudgetWaiters(MemoryBudget& budget, Shard& shard);
    BudgetWaiters(const BudgetWaiters&) = delete;
    BudgetWaiters& operator=(const BudgetWaiters&) = delete;
    ~BudgetWaiters();

    /// Until `holder` holds `bytes` more. More than the whole budget is never had: deadline_passed.
    Task<Waited> reserve(MemoryBudget::Holder& holder, std::uint64_t bytes,
                         MonoTime deadline = kForever);

private:
    friend class MemoryBudget;
    MemoryBudget& budget_;
    Shard& shard_;
    std::uint64_t bit_;
    // Room has been given back; owned by the jobs in the mailbox too, which may come late.
    std::shared_ptr<Signal> room_;
};

}  // namespace moldau::runtime
