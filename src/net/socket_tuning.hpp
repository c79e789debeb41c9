// What the kernel is asked for a socket. A socket that refuses it still works, only slower.
#pragma once

#include "moldau/net/asio_transport.hpp"

#include <string>
#include <string_view>

namespace moldau::net {

void set_option(int fd, int level, int name, int value);

/// What holds for a socket whatever goes over it, before it is connected or listens: a receive
/// buffer whose size is locked at that time also limits the window that the other side is offered.
void tune(int fd, const SocketOptions& options);

/// For a connected socket that is about to send records: lets its send buffer grow
/// (moldau.socket.send.buffer.grows).
void let_send_buffer_grow(int fd);

/// Whether what goes from one of these addresses to the other stays on one machine.
bool on_one_machine(const Endpoint& ours, const Endpoint& theirs);

/// Whether the kernel has this congestion control and lets us use it.
bool control_congestion(int fd, std::string_view name);

/// Makes what a listening socket accepts send without pauses, where the system's congestion control
/// would make some. Returns that one's name, which connections from other machines go back to
/// (moldau.socket.local.pacing), or nothing where there is nothing to change.
std::string stop_pacing(int listening);

}  // namespace moldau::net
