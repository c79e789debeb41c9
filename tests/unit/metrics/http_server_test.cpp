// The server over real sockets.
#include "moldau/metrics/http_server.hpp"

#include "support/lone_shard.hpp"

#include "moldau/net/asio_transport.hpp"
#include "moldau/runtime/shards.hpp"
#include "moldau/runtime/task_group.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <arpa/inet.h>
#include <future>
#include <netinet/in.h>
#include <stdexcept>
#include <string>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

namespace moldau::metrics {
namespace {

using std::chrono::milliseconds;
using testing::EndsWith;
using testing::HasSubstr;
using testing::StartsWith;

runtime::Task<HttpReply> answer(std::string path, std::string accept) {
    if (path == "/throw") throw std::runtime_error("a surprise");
    if (path == "/large") co_return HttpReply{.body = std::string(std::size_t{64} << 20U, 'x')};
    if (path == "/accept") co_return HttpReply{.body = std::move(accept)};
    co_return HttpReply{.status = 503, .content_type = "text/a", .body = "of " + path};
}

// NOLINTNEXTLINE(cppcoreguidelines-avoid-reference-coroutine-parameters)
runtime::Task<> stop(HttpServer& server, std::promise<void>& stopped) {
    co_await server.stop();
    stopped.set_value();
}

class Server {
public:
    explicit Server(HttpServer::Limits limits = {})
        : shards_(
              {.count = 1}, clock_,
              [](std::size_t) { return std::make_unique<support::CountingRandom>(); }, sink_) {
        EXPECT_TRUE(shards_.run_on(0, [&] {
            transport_ = net::make_asio_transport(shards_[0]);
            server_ = std::make_unique<HttpServer>(shards_[0], *transport_, limits, answer);
            const auto at = server_->listen({"127.0.0.1", 0});
            ASSERT_TRUE(at) << at.error().detail;
            port_ = at->port;
        }));
    }
    ~Server() {
        std::promise<void> stopped;
        EXPECT_TRUE(shards_.run_on(
            0, [&] { runtime::spawn(shards_[0], "stop", stop(*server_, stopped)); }));
        stopped.get_future().wait();
        EXPECT_TRUE(shards_.run_on(0, [&] {
            server_.reset();
            transport_.reset();
        }));
    }
    Server(const Server&) = delete;
    Server& operator=(const Server&) = delete;
    std::uint16_t port() const { return port_; }

private:
    support::SteadyClock clock_;
    support::LinesSink sink_;
    runtime::Shards shards_;
    std::unique_ptr<Transport> transport_;
    std::unique_ptr<HttpServer> server_;
    std::uint16_t port_ = 0;
};

class Client {
public:
    explicit Client(const Server& server, int receive_buffer = 0)
        : fd_(::socket(AF_INET, SOCK_STREAM, 0)) {
        const timeval patience{.tv_sec = 20, .tv_usec = 0};
        ::setsockopt(fd_, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
        if (receive_buffer > 0)
            ::setsockopt(fd_, SOL_SOCKET, SO_RCVBUF, &receive_buffer, sizeof receive_buffer);
        sockaddr_in address{};
        address.sin_family = AF_INET;
        address.sin_port = htons(server.port());
        address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
        EXPECT_EQ(::connect(fd_, reinterpret_cast<sockaddr*>(&address), sizeof address), 0);
    }
    ~Client() { ::close(fd_); }
    Client(const Client&) = delete;
    Client& operator=(const Client&) = delete;

    void send(std::string_view text) const {
        EXPECT_EQ(::send(fd_, text.data(), text.size(), MSG_NOSIGNAL),
                  static_cast<ssize_t>(text.size()));
    }
    /// Until the server closes; "reset" where it does so rudely, "silence" where it does not.
    std::string all() const {
        std::string text;
        char bytes[4096];
        while (true) {
            const ssize_t got = ::recv(fd_, bytes, sizeof bytes, 0);
            if (got == 0) return text;
            if (got < 0) return text + (errno == EAGAIN ? "silence" : "reset");
            text.append(bytes, static_cast<std::size_t>(got));
        }
    }

private:
    int fd_;
};

std::string ask(const Server& server, std::string_view text) {
    const Client client(server);
    client.send(text);
    return client.all();
}

TEST(HttpServer, AnswersOneQuestionAConnectionAndCloses) {
    const Server server;
    EXPECT_EQ(ask(server, "GET /a?b HTTP/1.1\r\nHost: x\r\n\r\n"),
              "HTTP/1.1 503 Service Unavailable\r\nContent-Type: text/a\r\nContent-Length: 5\r\n"
              "Cache-Control: no-store\r\nX-Content-Type-Options: nosniff\r\nConnection: close\r\n"
              "\r\nof /a");
    EXPECT_THAT(ask(server, "GET /accept HTTP/1.1\r\nAccept: text/x\r\n\r\n"),
                EndsWith("\ntext/x"));
    EXPECT_THAT(ask(server, "HEAD /a HTTP/1.1\r\n\r\n"),
                testing::AllOf(HasSubstr("Content-Length: 5\r\n"), EndsWith("close\r\n\r\n")));
    EXPECT_THAT(ask(server, "GET /a HTTP/1.1\r\n\r\nGET /b HTTP/1.1\r\n\r\n"), EndsWith("of /a"));
}

TEST(HttpServer, RefusesWhatIsNoQuestion) {
    const Server server;
    EXPECT_THAT(ask(server, "DELETE / HTTP/1.1\r\n\r\n"),
                testing::AllOf(StartsWith("HTTP/1.1 405 "), HasSubstr("Allow: GET, HEAD\r\n")));
    EXPECT_THAT(ask(server, "\x16\x03\x01 hello\r\n\r\n"), StartsWith("HTTP/1.1 400 "));
    EXPECT_THAT(ask(server, "POST / HTTP/1.1\r\nContent-Length: 3\r\n\r\nabc"),
                StartsWith("HTTP/1.1 413 "));
    EXPECT_THAT(ask(server, "GET / HTTP/1.1\r\nA: " + std::string(60'000, 'b') + "\r\n\r\n"),
                StartsWith("HTTP/1.1 431 "));
    EXPECT_THAT(ask(server, "GET /throw HTTP/1.1\r\n\r\n"), StartsWith("HTTP/1.1 500 "));
    EXPECT_THAT(ask(server, "GET / HTTP/1.1\r\n\r\n"), StartsWith("HTTP/1.1 503 "));
}

TEST(HttpServer, ClosesConnectionsThatDoNotAskInTime) {
    const Server server({.request_deadline = milliseconds(50)});
    EXPECT_THAT(ask(server, "GET / HT"), StartsWith("HTTP/1.1 408 "));
    EXPECT_THAT(ask(server, ""), StartsWith("HTTP/1.1 408 "));
}

TEST(HttpServer, ClosesConnectionsThatDoNotTakeTheAnswerInTime) {
    const Server server({.reply_deadline = milliseconds(50)});
    const Client lazy(server, 4096);
    lazy.send("GET /large HTTP/1.1\r\n\r\n");
    // Another is answered while the first one's answer is stuck.
    EXPECT_THAT(ask(server, "GET / HTTP/1.1\r\n\r\n"), EndsWith("of /"));
    const auto begun = std::chrono::steady_clock::now();
    while (std::chrono::steady_clock::now() - begun < milliseconds(100))
        ask(server, "GET / HTTP/1.1\r\n\r\n");
    EXPECT_LT(lazy.all().size(), std::size_t{64} << 20U);
}

TEST(HttpServer, MakesRoomForWhoAsksByClosingWhoIsSilent) {
    const Server server({.connections_max = 2});
    const Client first(server);
    const Client second(server);
    EXPECT_THAT(ask(server, "GET / HTTP/1.1\r\n\r\n"), EndsWith("of /"));
    EXPECT_THAT(first.all(), testing::AnyOf("", "reset"));
    for (int i = 0; i < 20; ++i) {
        const Client silent(server);
        EXPECT_THAT(ask(server, "GET / HTTP/1.1\r\n\r\n"), EndsWith("of /"));
    }
}

}  // namespace
}  // namespace moldau::metrics
