// The world's Transport: TCP over non-blocking sockets whose readiness Asio reports.
#pragma once

#include "moldau/base/ports/transport.hpp"
#include "moldau/runtime/shard.hpp"

#include <memory>

namespace moldau::net {

struct SocketOptions {
    int listen_backlog = 50;           // socket.listen.backlog.size
    int send_buffer_bytes = -1;        // socket.send.buffer.bytes; -1: the system's choice
    int receive_buffer_bytes = -1;     // socket.receive.buffer.bytes
    bool send_buffer_grows = true;     // moldau.socket.send.buffer.grows: where records are sent
    bool receive_buffer_grows = true;  // moldau.socket.receive.buffer.grows
    bool local_pacing = false;         // moldau.socket.local.pacing: of what is accepted
    bool no_delay = true;
    bool keep_alive = true;
};

/// One for each shard; used on that shard, and destroyed before it. Names are resolved off the
/// shard in connect(), but on the calling thread in listen(), which belongs to the start. SIGPIPE
/// is blocked on the shard's thread or ignored: sendfile(2) cannot be told not to raise it.
std::unique_ptr<Transport> make_asio_transport(runtime::Shard& shard, SocketOptions options = {});

}  // namespace moldau::net
