#include "connection.hpp"

#include "moldau/base/check.hpp"
#include "moldau/runtime/disk_wait.hpp"

#include <algorithm>
#include <array>
#include <utility>

namespace moldau::net {
namespace {

constexpr int kReadsPerTurn = 8;             // then other connections of the shard have their turn
constexpr std::size_t kPiecesPerWrite = 64;  // iovecs of one writev
constexpr std::size_t kFileBytesPerSend = std::size_t{1} << 20U;
constexpr std::uint64_t kBytesPerTurn = std::uint64_t{1} << 20U;  // of writing, likewise
// What a request that is answered later takes beside its own bytes: what it was decoded to, its
// task, its place among the replies. Of small ones that is most of it.
constexpr std::size_t kBytesOfARequest = std::size_t{2} << 10U;
constexpr Duration kOverloadPause = std::chrono::milliseconds(10);
constexpr std::int64_t kLeastRateNsPerByte = 1'000'000'000 / (64 << 10);  // 64 KiB a second

}  // namespace

Connection::Connection(Shared& shared, ConnectionInfo info, std::unique_ptr<ByteStream> stream,
                       ListenerCounters& counters)
    : shard_(shared.shard),
      disk_(shared.disk),
      settings_(shared.settings),
      budget_waiters_(shared.budget_waiters),
      info_(std::move(info)),
      counters_(counters),
      stream_(std::move(stream)),
      session_(shared.service.open(shared.shard, info_)),
      frames_(settings_.frame_bytes_max),
      memory_(shared.budget),
      progress_(shard_),
      last_active_(shard_.now()),
      frame_deadline_(last_active_),
      tasks_(shard_) {}

runtime::Task<> Connection::run() {
    co_await read();
    tasks_.cancel();
    co_await tasks_.join();
    stream_->close();
}

runtime::Task<> Connection::read() {
    Next next = Next::wait_for_bytes;
    while (next != Next::end) {
        switch (next) {
            case Next::read_on:
                next = read_once();
                break;
            case Next::wait_for_bytes:
                next = co_await wait_for_bytes();
                break;
            case Next::wait_for_progress:
                next = co_await wait_for_progress();
                break;
            case Next::wait_for_memory:
                next = co_await wait_for_memory();
                break;
            case Next::rest:
                next = co_await rest();
                break;
            case Next::drain:
                co_await drain();
                next = Next::end;
                break;
            case Next::end:
                break;
        }
    }
}

Connection::Next Connection::read_once() {
    for (int reads = 0; reads < kReadsPerTurn; ++reads) {
        if (const Next next = after_reading(); next != Next::wait_for_bytes) return next;
        if (replies_.bytes() >= settings_.in_flight_bytes_max) return Next::wait_for_progress;
        const Received received = receive();
        if (received.next) return *received.next;
        serve_received();
        if (received.emptied) break;
    }
    return after_reading();
}

/// One read, into a buffer whose frames are all served.
Connection::Received Connection::receive() {
    const MutableBytes room = frames_.room();
    if (!charge()) return {.next = Next::wait_for_memory};
    const IoResult got = stream_->read(room);
    if (got.status == IoStatus::would_block) return {.next = Next::wait_for_bytes};
    if (got.status == IoStatus::failed) return {.next = Next::end};
    // The peer may still read what it asked for.
    if (got.status == IoStatus::end) return {.next = Next::drain};
    last_active_ = shard_.now();
    counters_.bytes_received += got.bytes;
    const bool was_in_frame = frames_.mid_frame();
    if (Result<> ok = frames_.filled(got.bytes); !ok) {
        log_close(ok.error().detail);
        return {.next = Next::drain};
    }
    if (frames_.has_frame() || !was_in_frame)
        frame_deadline_ = last_active_ + settings_.frame_deadline;
    // Who keeps to the least rate may take longer than the deadline for a large frame.
    frame_deadline_ += Duration(static_cast<std::int64_t>(got.bytes) * kLeastRateNsPerByte);
    // A read that was not filled has emptied the socket: waiting, which looks at its state, tells
    // of more as well as a read in vain would.
    return {.next = std::nullopt, .emptied = got.bytes < room.size()};
}

Connection::Next Connection::after_reading() const {
    if (failed_ || replies_.wants_close()) return Next::end;
    if (replies_.closing()) return Next::drain;
    return is_resting() ? Next::rest : Next::wait_for_bytes;
}

void Connection::serve_received() {
    while (!is_resting()) {
        auto frame = frames_.next();
        if (!frame) break;
        serve(std::move(*frame));
    }
    flush();
}

void Connection::rest_after(const Reply& reply) {
    if (reply.rest <= Duration(0)) return;
    const MonoTime until = shard_.now() + reply.rest;
    rest_until_ = std::max(rest_until_.value_or(until), until);
}

void Connection::serve(Bytes frame) {
    if (replies_.closing()) return;
    const ReplyQueue::Ticket ticket = replies_.expect(frame.size() + kBytesOfARequest);
    Answer answered = session_->serve(std::move(frame));
    // All frames of one read came at its time.
    const Asked asked{.ticket = ticket, .mark = session_->mark(), .at = last_active_};
    if (auto* now = std::get_if<Reply>(&answered)) {
        session_->answered(asked.mark, shard_.now() - asked.at);
        rest_after(*now);
        replies_.complete(ticket, std::move(*now));
        return;
    }
    tasks_.spawn("answer", answer(asked, std::get<runtime::Task<Reply>>(std::move(answered))));
}

runtime::Task<> Connection::answer(Asked asked, runtime::Task<Reply> task) {
    const ReplyQueue::Ticket ticket = asked.ticket;
    try {
        Reply reply = co_await std::move(task);
        session_->answered(asked.mark, shard_.now() - asked.at);
        rest_after(reply);
        replies_.complete(ticket, std::move(reply));
    } catch (...) {
        // The client must not wait for ever for what cannot come; the task's owner logs what
        // escaped.
        replies_.complete(ticket, {.outcome = Reply::Outcome::close, .first = {}, .more = {}});
        start_writing();
        throw;
    }
    start_writing();
}

void Connection::start_writing() {
    if (writing_) return;
    writing_ = true;
    tasks_.spawn(
        "write",
        write());  // from the shard's loop: answers that come in one turn leave in one write
}

runtime::Task<> Connection::write() {
    while (!failed_ && replies_.has_sendable()) {
        const Sending sending = send_turn();
        if (sending == Sending::failed) break;
        if (sending == Sending::cold) {
            co_await bring_in();
            continue;
        }
        if (sending == Sending::sent && !replies_.has_sendable()) break;
        // Blocked, or its turn is over: then it is the next one's when the loop has been round.
        const MonoTime deadline = idle_deadline();
        if (co_await runtime::writable(shard_, *stream_, deadline) != runtime::Waited::ready) {
            end_at_once("the peer does not read");
        }
    }
    (void)replies_.sent(0);  // requests without a response are done with, too
    writing_ = false;
    progress_.set();
    if (replies_.wants_close()) end_at_once("asked for by an answer");
}

void Connection::flush() {
    (void)replies_.sent(0);
    if (writing_ || failed_ || !replies_.has_sendable()) return;
    if (send_turn() != Sending::failed && replies_.has_sendable()) start_writing();
}

/// Sends until all is out, or something is in the way, or others should have their turn.
Connection::Sending Connection::send_turn() {
    const std::uint64_t before = bytes_sent_;
    Sending sending = Sending::sent;
    while (sending == Sending::sent && replies_.has_sendable() &&
           bytes_sent_ - before < kBytesPerTurn)
        sending = send_some();
    return sending;
}

Connection::Sending Connection::send_some() {
    std::array<BytesView, kPiecesPerWrite> pieces;
    const ReplyQueue::Next next = replies_.gather(pieces);
    IoResult put;
    if (next.pieces > 0) {
        put = stream_->write({pieces.data(), next.pieces}, next.more);
    } else {
        const FileSlice part = part_to_send(next.file);
        if (part.empty()) {
            cold_ = next.file;
            cold_.bytes = std::min(cold_.bytes, kFileBytesPerSend);
            return Sending::cold;
        }
        put = stream_->send_file(part);
    }
    if (put.status == IoStatus::would_block) return Sending::blocked;
    if (put.status != IoStatus::ok) {
        end_at_once("sending failed");
        return Sending::failed;
    }
    (void)replies_.sent(put.bytes);
    if (next.pieces == 0) {
        hot_.at += put.bytes;
        hot_.bytes -= put.bytes;
        if (hot_.empty()) hot_ = {};
    }
    bytes_sent_ += put.bytes;
    counters_.bytes_sent += put.bytes;
    last_active_ = shard_.now();
    return Sending::sent;
}

/// What of `file`, from its first byte on, is in memory: sending more would hold up the shard. What
/// was so a moment ago is not asked about again.
FileSlice Connection::part_to_send(const FileSlice& file) {
    const MonoTime now = shard_.now();
    if (hot_.file == file.file && hot_.at == file.at && now < hot_.in_memory_until) return hot_;
    hot_ = file;
    hot_.bytes = std::min(file.bytes, kFileBytesPerSend);
    if (now >= file.in_memory_until) {
        hot_.bytes = file.file->in_memory(hot_.at, hot_.bytes);
        hot_.in_memory_until = now + kStaysInMemory;
    }
    if (hot_.empty()) hot_ = {};
    return hot_;
}

runtime::Task<> Connection::bring_in() {
    MOLDAU_CHECK(disk_ != nullptr, "ranges of files are sent, and the server has no disk");
    const DiskResult<> done = co_await runtime::bring_in(shard_, *disk_, cold_);
    if (done) {
        hot_ = std::exchange(cold_, {});
        hot_.in_memory_until = shard_.now() + kStaysInMemory;
        co_return;
    }
    cold_ = {};
    if (done.error().fault != DiskFault::overloaded || failed_)
        co_return end_at_once("reading failed: " + done.error().detail);
    // As many reads as there may be are under way: soon there is room.
    co_await runtime::sleep_until(shard_, shard_.now() + kOverloadPause);
}

runtime::Task<Connection::Next> Connection::wait_for_bytes() {
    frames_.rest();
    (void)charge();  // short of memory it does not read on: read_once() looks again
    const runtime::Waited waited = co_await runtime::readable(shard_, *stream_, read_deadline());
    if (waited == runtime::Waited::cancelled) co_return Next::end;
    if (waited == runtime::Waited::ready) co_return Next::read_on;
    if (is_resting()) co_return Next::rest;  // an answer has come that makes it
    if (frames_.mid_frame() && shard_.now() >= frame_deadline_) {
        log_close("a frame was not completed in time");
        co_return Next::drain;
    }
    if (is_idle()) {
        log_close("idle");
        co_return Next::end;
    }
    co_return Next::wait_for_bytes;
}

runtime::Task<Connection::Next> Connection::wait_for_progress() {
    const runtime::Waited waited = co_await progress_.wait();
    if (waited != runtime::Waited::ready) co_return Next::end;
    // The peer was not asked for more meanwhile: its unfinished frame gets its time anew.
    if (frames_.mid_frame()) frame_deadline_ = shard_.now() + settings_.frame_deadline;
    co_return Next::read_on;
}

runtime::Task<Connection::Next> Connection::wait_for_memory() {
    const MonoTime deadline = shard_.now() + settings_.frame_deadline;
    const runtime::Waited waited =
        co_await budget_waiters_.reserve(memory_, in_use() - memory_.held(), deadline);
    if (waited == runtime::Waited::cancelled) co_return Next::end;
    if (waited == runtime::Waited::ready) co_return Next::read_on;
    log_close("no memory within the budget");
    co_return Next::drain;
}

runtime::Task<Connection::Next> Connection::rest() {
    frames_.rest();
    (void)charge();  // for what was received and is not served yet
    // It listens for the end of who has nothing more to be served. What comes instead is read once,
    // and waits here: reading on would undo the rest.
    bool listens = !frames_.has_frame();
    while (after_reading() == Next::rest && shard_.now() < *rest_until_) {
        if (is_idle()) {
            log_close("idle while it rests");
            co_return Next::end;
        }
        const MonoTime deadline = std::min(*rest_until_, idle_deadline());
        runtime::Waited waited = runtime::Waited::ready;
        if (listens) {
            waited = co_await runtime::readable(shard_, *stream_, deadline);
        } else {
            waited = co_await progress_.wait(deadline);
        }
        if (waited == runtime::Waited::cancelled) co_return Next::end;
        if (!listens || waited != runtime::Waited::ready) continue;
        const Next next = receive().next.value_or(Next::read_on);
        if (next == Next::end || next == Next::drain) co_return next;
        listens = next == Next::wait_for_bytes;  // else bytes came, or there is no memory for them
        frames_.rest();
        (void)charge();
    }
    if (after_reading() != Next::rest) co_return after_reading();
    rest_until_.reset();
    // The peer was not asked for more meanwhile: its frames get their time anew.
    const MonoTime now = shard_.now();
    if (frames_.has_frame()) last_active_ = now;
    if (frames_.mid_frame()) frame_deadline_ = now + settings_.frame_deadline;
    serve_received();
    const Next next = after_reading();
    co_return next == Next::wait_for_bytes ? Next::read_on : next;
}

runtime::Task<> Connection::drain() {
    while (!failed_ && !replies_.empty() && !replies_.wants_close()) {
        if (co_await progress_.wait() != runtime::Waited::ready) co_return;
    }
    if (!failed_) stream_->finish_sending();
}

bool Connection::charge() {
    const std::uint64_t used = in_use();
    if (used > memory_.held()) return memory_.try_reserve(used - memory_.held());
    memory_.release(memory_.held() - used);
    return true;
}

void Connection::end_at_once(std::string_view reason) {
    if (failed_) return;
    failed_ = true;
    log_close(reason);
    stream_->close();  // wakes read() and write(), wherever they wait
    progress_.set();
}

void Connection::log_close(std::string_view reason) const {
    shard_.log().debug("closing connection id={} listener={} peer={}:{} reason={}", info_.id,
                       info_.listener, info_.peer.host, info_.peer.port, reason);
}

MonoTime Connection::idle_deadline() const {
    return settings_.idle_max == Duration::max() ? runtime::kForever
                                                 : last_active_ + settings_.idle_max;
}

MonoTime Connection::read_deadline() const {
    return frames_.mid_frame() ? std::min(idle_deadline(), frame_deadline_) : idle_deadline();
}

/// Who waits for an answer is not.
bool Connection::is_idle() {
    if (shard_.now() < idle_deadline()) return false;
    if (replies_.empty()) return true;
    last_active_ = shard_.now();
    return false;
}

}  // namespace moldau::net
