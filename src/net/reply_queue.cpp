#include "reply_queue.hpp"

#include "moldau/base/check.hpp"

namespace moldau::net {

std::size_t ReplyQueue::size_of(const Reply& reply) {
    std::size_t size = reply.first.size();
    for (const Bytes& piece : reply.more) size += piece.size();
    return size;
}

ReplyQueue::Ticket ReplyQueue::expect(std::size_t request_bytes) {
    MOLDAU_CHECK(!closing_);
    slots_.push_back({.reply = {}, .request_bytes = request_bytes, .done = false});
    bytes_ += request_bytes;
    return first_ + waiting() - 1;
}

void ReplyQueue::complete(Ticket ticket, Reply reply) {
    if (ticket >= first_ + waiting()) return;  // behind a reply that closes: nobody waits for it
    MOLDAU_CHECK(ticket >= first_, "ticket={} first={}", ticket, first_);
    const std::size_t index = head_ + (ticket - first_);
    Slot& slot = slots_[index];
    MOLDAU_CHECK(!slot.done, "ticket={} answered twice", ticket);
    slot.done = true;
    if (reply.outcome != Reply::Outcome::send) reply.first = {};
    if (reply.outcome != Reply::Outcome::send) reply.more.clear();
    slot.reply = std::move(reply);
    bytes_ += size_of(slot.reply);
    if (slot.reply.outcome == Reply::Outcome::close) {
        for (std::size_t i = index + 1; i < slots_.size(); ++i)
            bytes_ -= slots_[i].request_bytes + size_of(slots_[i].reply);
        slots_.resize(index + 1);
        closing_ = true;
        if (head_ + ready_slots_ > slots_.size()) ready_slots_ = slots_.size() - head_;
    }
    while (head_ + ready_slots_ < slots_.size() && slots_[head_ + ready_slots_].done) {
        unsent_ready_ += size_of(slots_[head_ + ready_slots_].reply);
        ++ready_slots_;
    }
}

std::size_t ReplyQueue::gather(std::span<BytesView> out) const {
    std::size_t used = 0;
    std::size_t skip = head_sent_;
    const auto add = [&](BytesView piece) {
        if (skip >= piece.size()) {
            skip -= piece.size();
            return;
        }
        out[used++] = piece.subspan(skip);
        skip = 0;
    };
    for (std::size_t i = head_; i < head_ + ready_slots_; ++i) {
        const Reply& reply = slots_[i].reply;
        if (used == out.size()) return used;
        add(reply.first);
        for (const Bytes& piece : reply.more) {
            if (used == out.size()) return used;
            add(piece);
        }
    }
    return used;
}

std::size_t ReplyQueue::sent(std::size_t count) {
    MOLDAU_CHECK(count <= unsent_ready_, "count={} unsent={}", count, unsent_ready_);
    unsent_ready_ -= count;
    head_sent_ += count;
    return pop_finished();
}

std::size_t ReplyQueue::pop_finished() {
    std::size_t released = 0;
    while (ready_slots_ > 0 && slots_[head_].reply.outcome != Reply::Outcome::close) {
        Slot& slot = slots_[head_];
        const std::size_t size = size_of(slot.reply);
        if (head_sent_ < size) break;
        head_sent_ -= size;
        released += size + slot.request_bytes;
        slot.reply = {};
        ++head_;
        ++first_;
        --ready_slots_;
    }
    bytes_ -= released;
    if (empty()) {
        slots_.clear();
        head_ = 0;
    } else if (head_ >= 64 && 2 * head_ >= slots_.size()) {
        slots_.erase(slots_.begin(), slots_.begin() + static_cast<std::ptrdiff_t>(head_));
        head_ = 0;
    }
    return released;
}

bool ReplyQueue::wants_close() const {
    return !empty() && slots_[head_].done && slots_[head_].reply.outcome == Reply::Outcome::close &&
           unsent_ready_ == 0;
}

}  // namespace moldau::net
