// Port: byte streams between processes. The world's (TCP through Asio) is in net, the simulator's
// in sim. Calls never block: they move what can be moved at once, and a wake-up says when to try
// again.
#pragma once

#include "moldau/base/bytes.hpp"
#include "moldau/base/result.hpp"

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <span>
#include <string>

namespace moldau {

struct Endpoint {
    std::string
        host;  // a numeric address in what the port returns; may be a name in what it is given
    std::uint16_t port = 0;
    friend auto operator<=>(const Endpoint&, const Endpoint&) = default;
};

enum class IoStatus : std::uint8_t {
    ok,           // `bytes` were moved, at least one unless the span was empty
    would_block,  // nothing now: ask to be woken
    end,          // read: the peer has finished sending
    failed,       // reset, closed or broken; the stream is of no further use
};
struct IoResult {
    IoStatus status = IoStatus::failed;
    std::size_t bytes = 0;
};

struct FileSlice;  // file_slice.hpp

/// Called at most once, from the owning shard's loop, never from inside the call that registered
/// it. May be in vain: try, and wait again. Registering an empty one takes the waiting one back.
using Wake = std::move_only_function<void()>;

/// One end of a byte stream, owned by one shard. Destroying it closes it; waiting wakes are then
/// dropped uncalled.
class ByteStream {
public:
    virtual ~ByteStream() = default;
    virtual IoResult read(MutableBytes into) = 0;  // one recv
    /// One writev: a prefix of the pieces' bytes. `more_follows`: at once, so that what does not
    /// fill a packet may wait for it.
    virtual IoResult write(std::span<const BytesView> pieces, bool more_follows) = 0;
    IoResult write(std::span<const BytesView> pieces) { return write(pieces, false); }
    /// One sendfile: a prefix of the slice. It must be in memory (File::in_memory,
    /// Disk::bring_in), or the shard waits for the disk. Failed, too, when the file ends before
    /// the slice does.
    virtual IoResult send_file(const FileSlice& slice) = 0;
    virtual void when_readable(Wake wake) = 0;  // one waiter of each kind at most
    virtual void when_writable(Wake wake) = 0;
    virtual void finish_sending() = 0;  // FIN after what was written
    virtual void
    close() = 0;  // at once; reads and writes fail from here on, waiting wakes are called
    virtual Endpoint local() const = 0;
    virtual Endpoint peer() const = 0;
};

/// An accepted connection on its way to the shard that will own it.
class PendingStream {
public:
    virtual ~PendingStream() = default;  // closes, if nobody adopted it
    virtual Endpoint peer() const = 0;
};

class Acceptor {
public:
    virtual ~Acceptor() = default;
    /// The next connection; a null pointer when there is none now.
    /// Errors: network_exception (out of descriptors and the like: wait, then try again)
    virtual Result<std::unique_ptr<PendingStream>> accept() = 0;
    virtual void when_acceptable(Wake wake) = 0;
    virtual Endpoint local() const = 0;
};

/// One per shard: everything it makes lives and wakes on that shard.
class Transport {
public:
    virtual ~Transport() = default;
    /// Port 0 takes a free one; Acceptor::local() tells which.
    /// Errors: network_exception with the reason (in use, no such address, not allowed)
    virtual Result<std::unique_ptr<Acceptor>> listen(const Endpoint& at) = 0;
    virtual std::unique_ptr<ByteStream> adopt(std::unique_ptr<PendingStream> pending) = 0;
    using Connected = std::move_only_function<void(Result<std::unique_ptr<ByteStream>>)>;
    /// Errors through `done`: network_exception (refused, unreachable, unknown name)
    virtual void connect(const Endpoint& to, Connected done) = 0;
};

}  // namespace moldau
