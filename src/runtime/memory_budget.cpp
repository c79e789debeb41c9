#include "moldau/runtime/memory_budget.hpp"

#include "moldau/base/check.hpp"

#include <algorithm>

namespace moldau::runtime {

bool MemoryBudget::Holder::try_reserve(std::uint64_t bytes) {
    std::uint64_t used = budget_.used_.load(std::memory_order_relaxed);
    do {
        if (bytes > budget_.bytes_max_ || used > budget_.bytes_max_ - bytes) return false;
        // seq_cst: together with the order in reserve() and wake_waiting() no wake-up is lost.
    } while (!budget_.used_.compare_exchange_weak(used, used + bytes));
    held_ += bytes;
    return true;
}

void MemoryBudget::Holder::release(std::uint64_t bytes) {
    MOLDAU_CHECK(bytes <= held_, "bytes={} held={}", bytes, held_);
    if (bytes == 0) return;
    held_ -= bytes;
    budget_.used_.fetch_sub(bytes);
    if (budget_.shards_waiting_.load() != 0) budget_.wake_waiting();
}

void MemoryBudget::wake_waiting() {
    const std::uint64_t waiting = shards_waiting_.exchange(0);
    for (BudgetWaiters* waiters : shards_) {
        if ((waiting & waiters->bit_) == 0) continue;
        // As an answer: it must not be lost at the mailbox's bound. One a shard at a time, since
        // the shard's bit is set again only when it has run.
        (void)waiters->shard_.post_answer([room = waiters->room_] { room->set(); });
    }
}

BudgetWaiters::BudgetWaiters(MemoryBudget& budget, Shard& shard)
    : budget_(budget), shard_(shard), room_(std::make_shared<Signal>(shard)) {
    MOLDAU_CHECK(budget.shards_.size() < 64, "shards={}", budget.shards_.size() + 1);
    bit_ = std::uint64_t{1} << budget.shards_.size();
    budget.shards_.push_back(this);
}

BudgetWaiters::~BudgetWaiters() {
    std::erase(budget_.shards_, this);
}

// A holder awaits its own room.
// NOLINTNEXTLINE(cppcoreguidelines-avoid-reference-coroutine-parameters)
Task<Waited> BudgetWaiters::reserve(MemoryBudget::Holder& holder, std::uint64_t bytes,
                                    MonoTime deadline) {
    while (!holder.try_reserve(bytes)) {
        // Say that we wait, then look again: bytes given back in between are seen by one of both.
        budget_.shards_waiting_.fetch_or(bit_);
        if (holder.try_reserve(bytes)) break;
        const Waited waited = co_await room_->wait(deadline);
        if (waited != Waited::ready) co_return waited;
    }
    co_return Waited::ready;
}

}  // namespace moldau::runtime
