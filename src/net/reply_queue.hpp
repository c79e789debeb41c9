// Replies of one connection, sent in the order of their requests, whatever the order in which they
// get ready. Sans-IO.
#pragma once

#include "moldau/base/bytes.hpp"
#include "moldau/base/ports/file_slice.hpp"
#include "moldau/net/session.hpp"

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

namespace moldau::net {

class ReplyQueue {
public:
    using Ticket = std::uint64_t;

    /// A request of `request_bytes` has come; its reply has this ticket.
    Ticket expect(std::size_t request_bytes);

    /// The reply for `ticket`, once. A reply that closes drops all replies behind it.
    void complete(Ticket ticket, Reply reply);

    /// What may go out next: pieces in memory or, when there are none, a range of a file; nothing
    /// when both are empty.
    struct Next {
        std::size_t pieces = 0;
        FileSlice file;
        bool more = false;  // behind the pieces there is more that may go out at once
    };
    /// Fills `out` with pieces up to the next range of a file. The views live until sent() or
    /// complete().
    Next gather(std::span<BytesView> out) const;

    /// `count` bytes of what gather() gave were sent. Returns the request and reply bytes that are
    /// done with.
    std::size_t sent(std::size_t count);

    bool has_sendable() const { return unsent_ready_ > 0; }
    bool empty() const { return head_ == slots_.size(); }
    bool closing() const {
        return closing_;
    }  // a reply that closes is in the queue: expect() no more
    bool wants_close() const;  // all that may be sent is sent, then comes a close
    std::size_t waiting() const { return slots_.size() - head_; }
    /// Of requests in flight and replies not sent, in memory: a range of a file counts as the few
    /// bytes that describe it.
    std::size_t bytes() const { return bytes_; }

private:
    struct Slot {
        Reply reply;
        std::size_t request_bytes = 0;
        bool done = false;
    };
    struct Size {
        std::uint64_t sent = 0;  // on the wire
        std::size_t held = 0;    // in memory
    };

    std::size_t pop_finished(std::size_t count);
    static Size size_of(const Reply& reply);

    std::vector<Slot> slots_;  // [head_, size): in order of arrival
    std::size_t head_ = 0;
    Ticket first_ = 0;                // ticket of slots_[head_]
    std::size_t head_piece_ = 0;      // of the head's reply: 0 is `first`, 1 + i more[i]
    std::size_t head_sent_ = 0;       // bytes of that piece that are out
    std::size_t ready_slots_ = 0;     // done slots from the head on, without a gap
    std::uint64_t unsent_ready_ = 0;  // bytes of theirs that are not out
    std::size_t bytes_ = 0;
    bool closing_ = false;
};

}  // namespace moldau::net
