// One connection on its shard: reads frames, has them served, sends the replies in order.
// Back-pressure: it stops reading while too many bytes of its requests and replies are in flight,
// or while the process has used up its budget.
#pragma once

#include "frame_buffer.hpp"
#include "reply_queue.hpp"

#include "moldau/base/ports/disk.hpp"
#include "moldau/base/ports/file_slice.hpp"
#include "moldau/base/ports/transport.hpp"
#include "moldau/net/server.hpp"
#include "moldau/net/session.hpp"
#include "moldau/runtime/memory_budget.hpp"
#include "moldau/runtime/shard.hpp"
#include "moldau/runtime/task_group.hpp"
#include "moldau/runtime/wait.hpp"

#include <memory>
#include <optional>
#include <string_view>

namespace moldau::net {

class Connection {
public:
    /// What all connections of one shard share; it outlives them.
    struct Shared {
        runtime::Shard& shard;
        Transport& transport;
        Disk* disk;  // null: no reply holds ranges of files
        runtime::MemoryBudget& budget;
        runtime::BudgetWaiters& budget_waiters;
        const ConnectionSettings& settings;
        Service& service;
    };

    /// `counters` outlive it.
    Connection(Shared& shared, ConnectionInfo info, std::unique_ptr<ByteStream> stream,
               ListenerCounters& counters);
    Connection(const Connection&) = delete;
    Connection& operator=(const Connection&) = delete;

    const ConnectionInfo& info() const { return info_; }

    /// Lives as long as the connection; on return nothing of it runs and the stream is closed.
    runtime::Task<> run();

private:
    enum class Next : std::uint8_t {
        read_on,
        wait_for_bytes,
        wait_for_progress,
        wait_for_memory,
        rest,
        drain,
        end
    };

    runtime::Task<> read();
    runtime::Task<Next> wait_for_bytes();
    runtime::Task<Next> wait_for_progress();
    runtime::Task<Next> wait_for_memory();
    runtime::Task<Next> rest();
    runtime::Task<> drain();
    runtime::Task<> write();
    runtime::Task<> bring_in();
    /// What is known of a frame until it is answered.
    struct Asked {
        ReplyQueue::Ticket ticket = 0;
        Mark mark = 0;
        MonoTime at;
    };
    runtime::Task<> answer(Asked asked, runtime::Task<Reply> task);

    Next read_once();
    struct Received {
        std::optional<Next> next;  // instead of going on: no bytes came, or none that are of use
        bool emptied = false;      // the socket, as far as can be seen
    };
    Received receive();
    Next after_reading() const;
    void serve(Bytes frame);
    void serve_received();
    void rest_after(const Reply& reply);
    bool is_resting() const { return rest_until_.has_value(); }
    void start_writing();
    void flush();
    enum class Sending : std::uint8_t { sent, blocked, cold, failed };
    Sending send_some();
    Sending send_turn();
    FileSlice part_to_send(const FileSlice& file);
    bool charge();
    std::size_t in_use() const { return frames_.held() + replies_.bytes(); }
    void end_at_once(std::string_view reason);
    void log_close(std::string_view reason) const;
    MonoTime idle_deadline() const;
    MonoTime read_deadline() const;
    bool is_idle();

    runtime::Shard& shard_;
    Disk* const disk_;
    const ConnectionSettings& settings_;
    runtime::BudgetWaiters& budget_waiters_;
    ConnectionInfo info_;
    ListenerCounters& counters_;
    std::unique_ptr<ByteStream> stream_;
    std::unique_ptr<Session> session_;
    FrameBuffer frames_;
    ReplyQueue replies_;
    FileSlice cold_;  // what bring_in() is for
    FileSlice hot_;   // what is in memory of the file to be sent next, as seen or brought in
    runtime::MemoryBudget::Holder memory_;  // follows in_use()
    runtime::Signal progress_;              // replies were sent, or writing has ended
    MonoTime last_active_;                  // bytes came or went
    MonoTime frame_deadline_;               // of the unfinished frame, if there is one
    std::optional<MonoTime> rest_until_;    // nothing: it does not rest
    std::uint64_t bytes_sent_ = 0;
    bool writing_ = false;      // write() runs, or is about to
    bool failed_ = false;       // the stream is closed
    runtime::TaskGroup tasks_;  // write() and the answers under way
};

}  // namespace moldau::net
