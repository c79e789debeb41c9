#include "reply_queue.hpp"

#include "moldau/base/check.hpp"

#include <algorithm>
#include <utility>

namespace moldau::net {
namespace {

std::size_t pieces_of(const Reply& reply) {
    return 1 + reply.more.size();
}

/// Null when piece `index` is a range of a file.
const Bytes* bytes_at(const Reply& reply, std::size_t index) {
    return index == 0 ? &reply.first : std::get_if<Bytes>(&reply.more[index - 1]);
}

const FileSlice& file_at(const Reply& reply, std::size_t index) {
    return std::get<FileSlice>(reply.more[index - 1]);
}

std::size_t size_at(const Reply& reply, std::size_t index) {
    const Bytes* const bytes = bytes_at(reply, index);
    return bytes != nullptr ? bytes->size() : file_at(reply, index).bytes;
}

}  // namespace

ReplyQueue::Size ReplyQueue::size_of(const Reply& reply) {
    Size size;
    for (std::size_t i = 0; i < pieces_of(reply); ++i) {
        size.sent += size_at(reply, i);
        size.held += bytes_at(reply, i) != nullptr ? size_at(reply, i) : sizeof(FileSlice);
    }
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
    bytes_ += size_of(slot.reply).held;
    if (slot.reply.outcome == Reply::Outcome::close) {
        for (std::size_t i = index + 1; i < slots_.size(); ++i)
            bytes_ -= slots_[i].request_bytes + size_of(slots_[i].reply).held;
        slots_.resize(index + 1);
        closing_ = true;
        if (head_ + ready_slots_ > slots_.size()) ready_slots_ = slots_.size() - head_;
    }
    while (head_ + ready_slots_ < slots_.size() && slots_[head_ + ready_slots_].done) {
        unsent_ready_ += size_of(slots_[head_ + ready_slots_].reply).sent;
        ++ready_slots_;
    }
}

ReplyQueue::Next ReplyQueue::gather(std::span<BytesView> out) const {
    Next next;
    std::size_t skip = head_sent_;
    std::size_t piece = head_piece_;
    for (std::size_t slot = head_; slot < head_ + ready_slots_; ++slot) {
        const Reply& reply = slots_[slot].reply;
        for (; piece < pieces_of(reply); ++piece) {
            const std::size_t left = size_at(reply, piece) - std::exchange(skip, 0);
            if (left == 0) continue;
            const Bytes* const bytes = bytes_at(reply, piece);
            next.more = next.pieces == out.size() || (bytes == nullptr && next.pieces > 0);
            if (next.more) return next;
            if (bytes == nullptr) {
                const FileSlice& file = file_at(reply, piece);
                next.file = {file.file, file.at + (file.bytes - left), left, file.in_memory_until};
                return next;
            }
            out[next.pieces++] = bytes->view().subspan(bytes->size() - left);
        }
        piece = 0;
    }
    return next;
}

std::size_t ReplyQueue::sent(std::size_t count) {
    MOLDAU_CHECK(count <= unsent_ready_, "count={} unsent={}", count, unsent_ready_);
    unsent_ready_ -= count;
    return pop_finished(count);
}

std::size_t ReplyQueue::pop_finished(std::size_t count) {
    std::size_t released = 0;
    while (ready_slots_ > 0 && slots_[head_].reply.outcome != Reply::Outcome::close) {
        Slot& slot = slots_[head_];
        for (; head_piece_ < pieces_of(slot.reply); ++head_piece_) {
            const std::size_t part = std::min(count, size_at(slot.reply, head_piece_) - head_sent_);
            count -= part;
            head_sent_ += part;
            if (head_sent_ < size_at(slot.reply, head_piece_)) break;
            head_sent_ = 0;
        }
        if (head_piece_ < pieces_of(slot.reply)) break;
        head_piece_ = 0;
        released += size_of(slot.reply).held + slot.request_bytes;
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
