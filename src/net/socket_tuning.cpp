#include "socket_tuning.hpp"

#include <array>
#include <linux/socket.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <string_view>
#include <sys/socket.h>

namespace moldau::net {
namespace {

constexpr std::string_view kPaces = "bbr";           // and those of later versions: bbr2, bbr3
constexpr std::string_view kWithoutPauses = "reno";  // in every kernel, and allowed to everyone
constexpr std::string_view kLoopbackNet = "127.";

// A size that was set holds for good; without the lock the kernel makes the buffer what the
// connection can use, up to the maximum of net.ipv4.tcp_wmem and of tcp_rmem.
void unlock_buffer(int fd, int lock) {
    int locks = 0;
    socklen_t size = sizeof locks;
    if (getsockopt(fd, SOL_SOCKET, SO_BUF_LOCK, &locks, &size) == 0)
        set_option(fd, SOL_SOCKET, SO_BUF_LOCK, locks & ~lock);
}

}  // namespace

bool on_one_machine(const Endpoint& ours, const Endpoint& theirs) {
    return (!ours.host.empty() && ours.host == theirs.host) ||
           theirs.host.starts_with(kLoopbackNet);
}

bool control_congestion(int fd, std::string_view name) {
    const auto size = static_cast<socklen_t>(name.size());
    return setsockopt(fd, IPPROTO_TCP, TCP_CONGESTION, name.data(), size) == 0;
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
    if (options.receive_buffer_grows) unlock_buffer(fd, SOCK_RCVBUF_LOCK);
}

void let_send_buffer_grow(int fd) {
    unlock_buffer(fd, SOCK_SNDBUF_LOCK);
}

std::string stop_pacing(int listening) {
    std::array<char, 16> name{};  // TCP_CA_NAME_MAX
    socklen_t size = name.size() - 1;
    if (getsockopt(listening, IPPROTO_TCP, TCP_CONGESTION, name.data(), &size) != 0) return {};
    const std::string_view found = name.data();
    if (!found.starts_with(kPaces) || !control_congestion(listening, kWithoutPauses)) return {};
    return std::string(found);
}

}  // namespace moldau::net
