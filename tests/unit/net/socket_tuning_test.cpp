// What the kernel is asked for real sockets, and what it then says of them.
#include "socket_tuning.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <array>
#include <fstream>
#include <linux/socket.h>
#include <memory>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <string>
#include <sys/socket.h>
#include <thread>
#include <unistd.h>
#include <vector>

namespace moldau::net {
namespace {

class Socket {
public:
    explicit Socket(int fd = ::socket(AF_INET, SOCK_STREAM, 0)) : fd_(fd) { EXPECT_GE(fd, 0); }
    Socket(const Socket&) = delete;
    Socket& operator=(const Socket&) = delete;
    ~Socket() { ::close(fd_); }
    int fd() const { return fd_; }

    int option(int level, int name) const {
        int value = -1;
        socklen_t size = sizeof value;
        EXPECT_EQ(getsockopt(fd_, level, name, &value, &size), 0);
        return value;
    }
    std::string congestion_control() const {
        std::array<char, 17> name{};
        socklen_t size = name.size() - 1;
        EXPECT_EQ(getsockopt(fd_, IPPROTO_TCP, TCP_CONGESTION, name.data(), &size), 0);
        return name.data();
    }

private:
    int fd_;
};

/// A client on this machine, and what a listening socket that was prepared has accepted of it.
struct Pair {
    template <class Prepare>
    explicit Pair(Prepare prepare) {
        prepare(listener.fd());
        sockaddr_in at{};
        at.sin_family = AF_INET;
        at.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
        auto* raw = reinterpret_cast<sockaddr*>(&at);
        socklen_t size = sizeof at;
        EXPECT_EQ(::bind(listener.fd(), raw, size), 0);
        EXPECT_EQ(::listen(listener.fd(), 1), 0);
        EXPECT_EQ(getsockname(listener.fd(), raw, &size), 0);
        EXPECT_EQ(::connect(client.fd(), raw, size), 0);
        accepted = std::make_unique<Socket>(::accept(listener.fd(), nullptr, nullptr));
    }
    Socket listener;
    Socket client;
    std::unique_ptr<Socket> accepted;
};

/// What this kernel has, and lets us use.
std::vector<std::string> congestion_controls() {
    std::ifstream file("/proc/sys/net/ipv4/tcp_available_congestion_control");
    std::vector<std::string> names;
    for (std::string name; file >> name;)
        if (control_congestion(Socket().fd(), name)) names.push_back(name);
    EXPECT_THAT(names, testing::Contains("reno"));
    return names;
}

TEST(SocketTuning, SizesOfTheSettingsHoldUntilTheBuffersMayGrow) {
    for (const bool grows : {false, true}) {
        const Pair pair([grows](int fd) {
            tune(fd, {.send_buffer_bytes = 102'400,
                      .receive_buffer_bytes = 50'000,
                      .receive_buffer_grows = grows});
        });
        const int receiving = grows ? 0 : SOCK_RCVBUF_LOCK;
        // Twice, for the kernel's own (socket(7)).
        EXPECT_EQ(pair.accepted->option(SOL_SOCKET, SO_SNDBUF), 2 * 102'400);
        EXPECT_EQ(pair.accepted->option(SOL_SOCKET, SO_RCVBUF), 2 * 50'000);
        EXPECT_EQ(pair.accepted->option(SOL_SOCKET, SO_BUF_LOCK), SOCK_SNDBUF_LOCK | receiving);

        let_send_buffer_grow(pair.accepted->fd());
        EXPECT_EQ(pair.accepted->option(SOL_SOCKET, SO_BUF_LOCK), receiving);
        EXPECT_EQ(pair.accepted->option(SOL_SOCKET, SO_SNDBUF), 2 * 102'400);
    }
}

/// How large the receive buffer is after much was read from it as fast as it came.
int after_much_reading(const Pair& pair) {
    constexpr std::size_t kAll = 64U << 20U;
    const std::jthread client([&pair] {
        const std::vector<char> part(1U << 20U);
        for (std::size_t sent = 0; sent < kAll; sent += part.size()) {
            for (std::size_t put = 0; put < part.size();) {
                const ssize_t taken =
                    ::send(pair.client.fd(), part.data() + put, part.size() - put, MSG_NOSIGNAL);
                if (taken < 0) return;
                put += static_cast<std::size_t>(taken);
            }
        }
    });
    std::vector<char> into(1U << 20U);
    std::size_t read = 0;
    while (read < kAll) {
        const ssize_t got = ::recv(pair.accepted->fd(), into.data(), into.size(), 0);
        if (got <= 0) break;
        read += static_cast<std::size_t>(got);
    }
    EXPECT_EQ(read, kAll);
    return pair.accepted->option(SOL_SOCKET, SO_RCVBUF);
}

TEST(SocketTuning, AReceiveBufferGrowsWhileMuchIsReadAndOnlyWhereItMay) {
    const auto size = [](bool grows) {
        return after_much_reading(Pair([grows](int fd) {
            tune(fd, {.receive_buffer_bytes = 50'000, .receive_buffer_grows = grows});
        }));
    };
    EXPECT_EQ(size(false), 2 * 50'000);
    EXPECT_GT(size(true), 4 * 50'000);
}

TEST(SocketTuning, BuffersThatTheKernelSizesStayItsOwn) {
    const Pair pair([](int fd) { tune(fd, {}); });
    let_send_buffer_grow(pair.accepted->fd());
    EXPECT_EQ(pair.accepted->option(SOL_SOCKET, SO_BUF_LOCK), 0);
}

TEST(SocketTuning, StopsPacingOnlyWhereThereIsSome) {
    for (const std::string& name : congestion_controls()) {
        std::string found = "not asked";
        const Pair pair([&](int fd) {
            EXPECT_TRUE(control_congestion(fd, name));
            found = stop_pacing(fd);
        });
        const bool paces = name.starts_with("bbr");
        EXPECT_EQ(found, paces ? name : "");
        EXPECT_EQ(pair.accepted->congestion_control(), paces ? "reno" : name);
        EXPECT_TRUE(control_congestion(pair.accepted->fd(), name));
        EXPECT_EQ(pair.accepted->congestion_control(), name);
    }
}

TEST(SocketTuning, KnowsWhatStaysOnOneMachine) {
    const auto one = [](const char* ours, const char* theirs) {
        return on_one_machine({ours, 9092}, {theirs, 50'000});
    };
    EXPECT_TRUE(one("127.0.0.1", "127.0.0.1"));
    EXPECT_TRUE(one("127.0.0.2", "127.0.0.1"));
    EXPECT_TRUE(one("::1", "::1"));
    EXPECT_TRUE(one("10.0.0.5", "10.0.0.5"));
    EXPECT_TRUE(one("fd00::5", "fd00::5"));
    EXPECT_FALSE(one("10.0.0.5", "10.0.0.6"));
    EXPECT_FALSE(one("fd00::5", "fd00::6"));
    EXPECT_FALSE(one("fd00::5", "fd00::7f00:6"));
    EXPECT_FALSE(one("", ""));  // of a socket that is not connected any more
}

}  // namespace
}  // namespace moldau::net
