// What the kernel itself costs on this machine: loops that do what a broker cannot leave out and
// nothing else, over loopback TCP, with blocking calls. A broker's CPU time is compared with
// theirs.
//
//   bare_loops produce FILE BYTES        requests of one 64 KiB batch: recv, CRC, pwrite, send
//   bare_loops unbatched FILE REQUESTS   the same with 168 bytes a request
//   bare_loops consume FILE BYTES        requests of 1 MB of the cached FILE: recv, sendfile
//
// Five requests are in flight. Prints the serving thread's CPU time in seconds.
#include <fmt/format.h>
#include <isa-l/crc.h>

#include <arpa/inet.h>
#include <array>
#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <ctime>
#include <fcntl.h>
#include <netinet/tcp.h>
#include <string>
#include <string_view>
#include <sys/sendfile.h>
#include <sys/socket.h>
#include <thread>
#include <unistd.h>
#include <vector>

namespace {

constexpr int kInFlight = 5;
constexpr std::size_t kReplyBytes = 64;  // of a Produce response, about
constexpr std::size_t kAskBytes = 64;    // of a Fetch request in a session, about
constexpr std::size_t kPieceBytes = 1'000'000;
constexpr int kReceiveBuffer = 102'400;  // socket.receive.buffer.bytes
// What is sent stays on the machine, and its buffer is the kernel's choice: docs/decisions/0012.
constexpr std::string_view kCongestionControl = "reno";

[[noreturn]] void fail(std::string_view what) {
    fmt::print(stderr, "error: {}: {}\n", what, std::strerror(errno));
    std::exit(1);
}

std::size_t check(ssize_t result, std::string_view what) {
    if (result < 0) fail(what);
    return static_cast<std::size_t>(result);
}

double cpu_seconds() {
    timespec now{};
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
    return static_cast<double>(now.tv_sec) + static_cast<double>(now.tv_nsec) * 1e-9;
}

struct Sockets {
    int client = -1;
    int server = -1;
};

Sockets connected() {
    const int listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t size = sizeof address;
    auto* generic = reinterpret_cast<sockaddr*>(&address);
    check(setsockopt(listener, IPPROTO_TCP, TCP_CONGESTION, kCongestionControl.data(),
                     kCongestionControl.size()),
          "TCP_CONGESTION");
    check(bind(listener, generic, size), "bind");
    check(listen(listener, 1), "listen");
    check(getsockname(listener, generic, &size), "getsockname");
    Sockets sockets{.client = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)};
    check(connect(sockets.client, generic, size), "connect");
    sockets.server = accept4(listener, nullptr, nullptr, SOCK_CLOEXEC);
    if (sockets.server < 0) fail("accept");
    close(listener);
    for (const int each : {sockets.client, sockets.server}) {
        const int on = 1;
        check(setsockopt(each, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on), "TCP_NODELAY");
    }
    check(setsockopt(sockets.server, SOL_SOCKET, SO_RCVBUF, &kReceiveBuffer, sizeof kReceiveBuffer),
          "SO_RCVBUF");
    return sockets;
}

void send_all(int fd, const std::vector<char>& bytes) {
    for (std::size_t sent = 0; sent < bytes.size();)
        sent += check(send(fd, bytes.data() + sent, bytes.size() - sent, 0), "send");
}

/// False: the peer has closed.
bool receive_all(int fd, char* into, std::size_t bytes) {
    for (std::size_t got = 0; got < bytes;) {
        const std::size_t more = check(recv(fd, into + got, bytes - got, 0), "recv");
        if (more == 0) return false;
        got += more;
    }
    return true;
}

/// Sends `count` requests, `kInFlight` at a time, and takes a reply of `reply_bytes` to each.
void ask(int fd, std::size_t count, std::size_t request_bytes, std::size_t reply_bytes) {
    const std::vector<char> request(request_bytes, 'r');
    std::vector<char> buffer(std::min<std::size_t>(reply_bytes, 262'144));
    std::size_t sent = 0;
    for (std::size_t answered = 0; answered < count; ++answered) {
        for (; sent < count && sent < answered + kInFlight; ++sent) send_all(fd, request);
        for (std::size_t left = reply_bytes; left > 0;) {
            const std::size_t part = std::min(left, buffer.size());
            if (!receive_all(fd, buffer.data(), part)) return;
            left -= part;
        }
    }
    shutdown(fd, SHUT_WR);
}

double serve_writes(int fd, int file, std::size_t request_bytes) {
    std::vector<char> request(request_bytes);
    const std::vector<char> reply(kReplyBytes, 'a');
    off_t end = 0;
    std::uint32_t sum = 0;
    const double before = cpu_seconds();
    while (receive_all(fd, request.data(), request.size())) {
        sum ^= crc32_iscsi(reinterpret_cast<unsigned char*>(request.data()),
                           static_cast<int>(request.size()), 0);
        if (check(pwrite(file, request.data(), request.size(), end), "pwrite") != request.size())
            fail("pwrite");
        end += static_cast<off_t>(request.size());
        send_all(fd, reply);
    }
    const double used = cpu_seconds() - before;
    // The sums are used, or they would not be made.
    if (sum == 1) fmt::print(stderr, "a rare sum\n");
    return used;
}

double serve_reads(int fd, int file) {
    std::array<char, kAskBytes> request{};
    const off_t end = lseek(file, 0, SEEK_END);
    off_t at = 0;
    const double before = cpu_seconds();
    while (receive_all(fd, request.data(), request.size())) {
        if (at + static_cast<off_t>(kPieceBytes) > end) at = 0;
        for (std::size_t left = kPieceBytes; left > 0;) {
            const std::size_t sent = check(sendfile(fd, file, &at, left), "sendfile");
            if (sent == 0) fail("sendfile: the file is too short");
            left -= sent;
        }
    }
    return cpu_seconds() - before;
}

}  // namespace

int main(int argc, char** argv) {
    if (argc != 4) {
        fmt::print(stderr, "usage: bare_loops produce|unbatched|consume FILE AMOUNT\n");
        return 2;
    }
    const std::string_view kind = argv[1];
    const std::size_t amount = std::strtoull(argv[3], nullptr, 10);
    const bool reads = kind == "consume";
    if ((!reads && kind != "produce" && kind != "unbatched") || amount == 0) {
        fmt::print(stderr, "error: '{} {}' is none of produce, unbatched, consume with an amount\n",
                   argv[1], argv[3]);
        return 2;
    }
    const std::size_t request_bytes = kind == "produce" ? 65'536 : 168;
    const int file = reads ? open(argv[2], O_RDONLY | O_CLOEXEC)
                           : open(argv[2], O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);
    if (file < 0) fail(argv[2]);
    const Sockets sockets = connected();
    const std::size_t count = kind == "unbatched" ? amount
                              : reads             ? amount / kPieceBytes
                                                  : amount / request_bytes;
    std::thread client([&] {
        reads ? ask(sockets.client, count, kAskBytes, kPieceBytes)
              : ask(sockets.client, count, request_bytes, kReplyBytes);
    });
    const double used = reads ? serve_reads(sockets.server, file)
                              : serve_writes(sockets.server, file, request_bytes);
    client.join();
    fmt::print("{:.6f}\n", used);
    return 0;
}
