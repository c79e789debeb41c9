// What the kernel is asked for a socket. A socket that refuses it still works, only slower.
#pragma once

#include "moldau/net/asio_transport.hpp"

#include <string>
#include <string_view>
#include <sys/socket.h>

namespace moldau::net {

void set_option(int fd, int level, int name, int value);

/// What holds for a socket whatever goes over it.
void tune(int fd, const SocketOptions& options);

/// For a connected socket that is about to send records: lets its send buffer grow
/// (moldau.socket.send.buffer.grows).
void let_send_buffer_grow(int fd);

/// Whether what goes from one of these addresses to the other stays on one machine.
bool on_one_machine(const sockaddr_storage& ours, const sockaddr_storage& theirs);

/// Makes what a listening socket accepts send without pauses, where the system's congestion control
/// would make some. Returns that one's name, or nothing where there is nothing to change.
std::string stop_pacing(int listening);

/// For an accepted socket: goes back to the `pacing` that stop_pacing() found, unless what is sent
/// stays on this machine (moldau.socket.local.pacing).
void pace_for_others(int fd, std::string_view pacing);

}  // namespace moldau::net
