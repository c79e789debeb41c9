// What the network layer asks of those who answer: one Session per connection, fed with frames,
// giving replies.
#pragma once

#include "moldau/base/bytes.hpp"
#include "moldau/base/ports/file_slice.hpp"
#include "moldau/base/ports/transport.hpp"
#include "moldau/base/time.hpp"
#include "moldau/runtime/task.hpp"

#include <cstdint>
#include <memory>
#include <string>
#include <variant>
#include <vector>

namespace moldau::runtime {
class Shard;
}

namespace moldau::net {

struct ConnectionInfo {
    std::uint64_t id = 0;  // unique in this process
    std::string listener;  // its name, as in `listeners`
    Endpoint local, peer;
};

struct Reply {
    enum class Outcome : std::uint8_t {
        send,     // the bytes, as they are: size, header, body
        nothing,  // a request that has no response (Produce with acks=0)
        close,    // close the connection once the earlier replies are out
    };
    Outcome outcome = Outcome::nothing;
    /// A range of a file takes no memory; plaintext sends it by sendfile.
    using Piece = std::variant<Bytes, FileSlice>;
    Bytes first;
    std::vector<Piece> more;  // sent behind `first`, by reference: records
    /// For so long after it the connection is not read from, and what it has sent already is not
    /// served (KIP-219). The reply itself leaves at once.
    Duration rest{0};
};

/// At once, or when the task ends. Tasks of one connection run side by side; their replies leave in
/// order.
using Answer = std::variant<Reply, runtime::Task<Reply>>;

/// What a session says of a frame, to be told it again when that is answered.
using Mark = std::uint32_t;

/// The state of one connection on the answering side. Lives on the connection's shard; outlives its
/// tasks.
class Session {
public:
    virtual ~Session() = default;
    /// `frame`: header and body, without the size. Called in order of arrival.
    virtual Answer serve(Bytes frame) = 0;
    /// Of the frame that serve() was given last.
    virtual Mark mark() const { return 0; }
    /// A frame's answer is ready to be sent, so long after the frame was read.
    virtual void answered(Mark, Duration) {}
};

/// Makes sessions; called on the connection's shard.
class Service {
public:
    virtual ~Service() = default;
    virtual std::unique_ptr<Session> open(runtime::Shard& shard,
                                          const ConnectionInfo& connection) = 0;
};

}  // namespace moldau::net
