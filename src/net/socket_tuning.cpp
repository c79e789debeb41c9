#include "socket_tuning.hpp"

#include <array>
#include <cstring>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <string_view>
#include <sys/socket.h>

#ifndef SO_BUF_LOCK
#define SO_BUF_LOCK 72  // Linux 5.14; older headers do not name it
#endif

namespace moldau::net {
namespace {

constexpr int kOnlyReceiveBufferLocked = 2;          // SOCK_RCVBUF_LOCK of linux/socket.h
constexpr std::string_view kPaces = "bbr";           // and those of later versions: bbr2, bbr3
constexpr std::string_view kWithoutPauses = "reno";  // in every kernel, and allowed to everyone

bool control_congestion(int fd, std::string_view name) {
    const auto size = static_cast<socklen_t>(name.size());
    return setsockopt(fd, IPPROTO_TCP, TCP_CONGESTION, name.data(), size) == 0;
}

/// An address of either family as one of IPv6.
in6_addr address_in(const sockaddr_storage& storage) {
    in6_addr address{};
    if (storage.ss_family == AF_INET6) {
        sockaddr_in6 v6{};
        std::memcpy(&v6, &storage, sizeof v6);
        return v6.sin6_addr;
    }
    sockaddr_in v4{};
    std::memcpy(&v4, &storage, sizeof v4);
    address.s6_addr[10] = address.s6_addr[11] = 0xff;
    std::memcpy(&address.s6_addr[12], &v4.sin_addr, sizeof v4.sin_addr);
    return address;
}

bool stays_here(int fd) {
    sockaddr_storage ours{};
    sockaddr_storage theirs{};
    socklen_t size = sizeof ours;
    if (getsockname(fd, reinterpret_cast<sockaddr*>(&ours), &size) != 0) return false;
    size = sizeof theirs;
    if (getpeername(fd, reinterpret_cast<sockaddr*>(&theirs), &size) != 0) return false;
    return on_one_machine(ours, theirs);
}

}  // namespace

bool on_one_machine(const sockaddr_storage& ours, const sockaddr_storage& theirs) {
    constexpr std::uint8_t kLoopbackNet = 127;
    const in6_addr local = address_in(ours);
    const in6_addr peer = address_in(theirs);
    return std::memcmp(&local, &peer, sizeof local) == 0 ||
           (IN6_IS_ADDR_V4MAPPED(&peer) && peer.s6_addr[12] == kLoopbackNet);
}

void set_option(int fd, int level, int name, int value) {
    (void)setsockopt(fd, level, name, &value, sizeof value);
}

void tune(int fd, const SocketOptions& options) {
    set_option(fd, IPPROTO_TCP, TCP_NODELAY, options.no_delay ? 1 : 0);
    set_option(fd, SOL_SOCKET, SO_KEEPALIVE, options.keep_alive ? 1 : 0);
    if (options.send_buffer_bytes >= 0)
        set_option(fd, SOL_SOCKET, SO_SNDBUF, options.send_buffer_bytes);
    if (options.receive_buffer_bytes >= 0)
        set_option(fd, SOL_SOCKET, SO_RCVBUF, options.receive_buffer_bytes);
}

void let_send_buffer_grow(int fd) {
    // A size that was set holds for good; without the lock the kernel makes it what the connection
    // can use, up to net.ipv4.tcp_wmem.
    int locks = 0;
    socklen_t size = sizeof locks;
    if (getsockopt(fd, SOL_SOCKET, SO_BUF_LOCK, &locks, &size) == 0)
        set_option(fd, SOL_SOCKET, SO_BUF_LOCK, locks & kOnlyReceiveBufferLocked);
}

std::string stop_pacing(int listening) {
    std::array<char, 16> name{};  // TCP_CA_NAME_MAX
    socklen_t size = name.size() - 1;
    if (getsockopt(listening, IPPROTO_TCP, TCP_CONGESTION, name.data(), &size) != 0) return {};
    const std::string_view found = name.data();
    if (!found.starts_with(kPaces) || !control_congestion(listening, kWithoutPauses)) return {};
    return std::string(found);
}

void pace_for_others(int fd, std::string_view pacing) {
    if (!pacing.empty() && !stays_here(fd)) (void)control_congestion(fd, pacing);
}

}  // namespace moldau::net
