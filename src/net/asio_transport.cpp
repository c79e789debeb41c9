// Asio says when a socket is ready; bytes are moved by our own recv and sendmsg, so that one
// wake-up may serve many calls and a call costs what the system call costs (docs/decisions/0003).
#include "moldau/net/asio_transport.hpp"

#include "socket_tuning.hpp"

#include "moldau/base/check.hpp"
#include "moldau/base/ports/file_slice.hpp"

#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/posix/stream_descriptor.hpp>
#include <boost/asio/post.hpp>
#include <fmt/format.h>

#include <algorithm>
#include <arpa/inet.h>
#include <array>
#include <cerrno>
#include <cstring>
#include <netdb.h>
#include <netinet/in.h>
#include <string>
#include <sys/sendfile.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <unistd.h>
#include <utility>
#include <vector>

namespace moldau::net {
namespace {

namespace asio = boost::asio;
using Executor = asio::io_context::executor_type;
using Descriptor = asio::posix::basic_stream_descriptor<Executor>;

Error network_error(std::string_view what, std::string_view where, int error) {
    return {ErrorCode::network_exception, fmt::format("{} {}: {}", what, where, strerror(error))};
}

/// A descriptor that is closed unless it is passed on.
class FileDescriptor {
public:
    explicit FileDescriptor(int fd) : fd_(fd) {}
    FileDescriptor(FileDescriptor&& other) noexcept : fd_(std::exchange(other.fd_, -1)) {}
    FileDescriptor& operator=(FileDescriptor&&) = delete;
    ~FileDescriptor() {
        if (fd_ >= 0) ::close(fd_);
    }
    int get() const { return fd_; }
    int release() { return std::exchange(fd_, -1); }

private:
    int fd_;
};

struct Address {
    sockaddr_storage storage{};
    socklen_t size = sizeof(sockaddr_storage);

    sockaddr* raw() { return reinterpret_cast<sockaddr*>(&storage); }
    const sockaddr* raw() const { return reinterpret_cast<const sockaddr*>(&storage); }

    Endpoint endpoint() const {
        std::array<char, INET6_ADDRSTRLEN> text{};
        if (storage.ss_family == AF_INET) {
            sockaddr_in v4{};
            std::memcpy(&v4, &storage, sizeof v4);
            inet_ntop(AF_INET, &v4.sin_addr, text.data(), text.size());
            return {text.data(), ntohs(v4.sin_port)};
        }
        if (storage.ss_family != AF_INET6) return {};
        sockaddr_in6 v6{};
        std::memcpy(&v6, &storage, sizeof v6);
        // A client that speaks IPv4 to a socket of both is known by its IPv4 address.
        if (IN6_IS_ADDR_V4MAPPED(&v6.sin6_addr)) {
            inet_ntop(AF_INET, &v6.sin6_addr.s6_addr[12], text.data(), text.size());
        } else {
            inet_ntop(AF_INET6, &v6.sin6_addr, text.data(), text.size());
        }
        return {text.data(), ntohs(v6.sin6_port)};
    }
};

/// Nothing for what is no open socket.
Endpoint local_endpoint(int fd) {
    Address address;
    if (getsockname(fd, address.raw(), &address.size) != 0) return {};
    return address.endpoint();
}

// Blocks unless the flags say AI_NUMERICHOST.
Result<std::vector<Address>> addresses_of(const Endpoint& endpoint, int flags) {
    addrinfo hints{};
    hints.ai_family = AF_UNSPEC;
    hints.ai_socktype = SOCK_STREAM;
    hints.ai_flags = flags | AI_NUMERICSERV;
    addrinfo* found = nullptr;
    const char* host = endpoint.host.empty() ? nullptr : endpoint.host.c_str();
    const int status = getaddrinfo(host, std::to_string(endpoint.port).c_str(), &hints, &found);
    if (status != 0)
        return Error{ErrorCode::network_exception,
                     fmt::format("resolve {}: {}", endpoint.host, gai_strerror(status))};
    std::vector<Address> addresses;
    for (const addrinfo* one = found; one != nullptr; one = one->ai_next) {
        Address address;
        std::memcpy(&address.storage, one->ai_addr, one->ai_addrlen);
        address.size = one->ai_addrlen;
        addresses.push_back(address);
    }
    freeaddrinfo(found);
    return addresses;
}

Result<FileDescriptor> open_socket(int family) {
    FileDescriptor fd(::socket(family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
    if (fd.get() < 0) return network_error("open", "socket", errno);
    return fd;
}

/// A descriptor in the loop, with at most one waiter for each direction. Shared with the handlers
/// that Asio holds, which may outlive the stream.
class Watched : public std::enable_shared_from_this<Watched> {
public:
    enum Direction : std::size_t { reading, writing };

    Watched(asio::io_context& io, FileDescriptor fd)
        : descriptor_(io.get_executor(), fd.release()) {}

    int fd() { return descriptor_.native_handle(); }
    bool open() const { return descriptor_.is_open(); }

    void when_ready(Direction direction, Wake wake) {
        Waiter& waiter = waiters_[direction];
        waiter.wake = std::move(wake);
        // A wake that was taken back leaves its wait in the loop, where the next one uses it.
        if (!waiter.wake || std::exchange(waiter.waiting, true)) return;
        descriptor_.async_wait(
            direction == reading ? Descriptor::wait_read : Descriptor::wait_write,
            [self = shared_from_this(), &waiter](const boost::system::error_code&) {
                waiter.waiting = false;
                // Ready, failed or closed: the next call on the socket tells which.
                if (Wake woken = std::exchange(waiter.wake, nullptr)) woken();
            });
    }

    void close() {
        boost::system::error_code ignored;  // the descriptor is gone in every case
        (void)descriptor_.close(ignored);
    }
    void drop() {
        for (Waiter& waiter : waiters_) waiter.wake = nullptr;
        close();
    }

private:
    struct Waiter {
        Wake wake;
        bool waiting = false;
    };
    Descriptor descriptor_;
    std::array<Waiter, 2> waiters_;
};

class SocketStream final : public ByteStream {
public:
    SocketStream(asio::io_context& io, std::shared_ptr<const SocketOptions> options,
                 FileDescriptor fd, Endpoint peer)
        : socket_(std::make_shared<Watched>(io, std::move(fd))),
          options_(std::move(options)),
          peer_(std::move(peer)) {}
    SocketStream(const SocketStream&) = delete;
    SocketStream& operator=(const SocketStream&) = delete;
    ~SocketStream() override { socket_->drop(); }

    IoResult read(MutableBytes into) override {
        if (!socket_->open()) return {.status = IoStatus::failed};
        if (into.empty()) return {.status = IoStatus::ok};
        ssize_t got = 0;
        do {
            got = ::recv(socket_->fd(), into.data(), into.size(), 0);
        } while (got < 0 && errno == EINTR);
        if (got > 0) return {.status = IoStatus::ok, .bytes = static_cast<std::size_t>(got)};
        if (got == 0) return {.status = IoStatus::end};
        return {.status = errno == EAGAIN ? IoStatus::would_block : IoStatus::failed};
    }

    IoResult write(std::span<const BytesView> pieces, bool more_follows) override {
        if (!socket_->open()) return {.status = IoStatus::failed};
        std::array<iovec, kPiecesMax> vectors;
        std::size_t count = 0;
        for (const BytesView piece : pieces) {
            if (piece.empty()) continue;
            if (count == vectors.size()) break;
            vectors[count++] = {const_cast<std::byte*>(piece.data()), piece.size()};
        }
        if (count == 0) return {.status = IoStatus::ok};
        msghdr message{};
        message.msg_iov = vectors.data();
        message.msg_iovlen = count;
        ssize_t put = 0;
        do {
            // writev, but for SIGPIPE
            put = ::sendmsg(socket_->fd(), &message, MSG_NOSIGNAL | (more_follows ? MSG_MORE : 0));
        } while (put < 0 && errno == EINTR);
        if (put >= 0) return {.status = IoStatus::ok, .bytes = static_cast<std::size_t>(put)};
        return {.status = errno == EAGAIN ? IoStatus::would_block : IoStatus::failed};
    }

    IoResult send_file(const FileSlice& slice) override {
        if (!socket_->open()) return {.status = IoStatus::failed};
        if (slice.empty()) return {.status = IoStatus::ok};
        MOLDAU_CHECK(slice.file->descriptor() >= 0, "a file of another world");
        if (!std::exchange(sends_records_, true) && options_->send_buffer_grows)
            let_send_buffer_grow(socket_->fd());
        auto at = static_cast<off_t>(slice.at);
        ssize_t put = 0;
        do {
            put = ::sendfile(socket_->fd(), slice.file->descriptor(), &at, slice.bytes);
        } while (put < 0 && errno == EINTR);
        if (put > 0) return {.status = IoStatus::ok, .bytes = static_cast<std::size_t>(put)};
        if (put < 0 && errno == EAGAIN) return {.status = IoStatus::would_block};
        return {.status = IoStatus::failed};
    }

    void when_readable(Wake wake) override {
        socket_->when_ready(Watched::reading, std::move(wake));
    }
    void when_writable(Wake wake) override {
        socket_->when_ready(Watched::writing, std::move(wake));
    }
    void finish_sending() override {
        if (socket_->open()) ::shutdown(socket_->fd(), SHUT_WR);
    }
    void close() override { socket_->close(); }

    Endpoint local() const override {
        return socket_->open() ? local_endpoint(socket_->fd()) : Endpoint{};
    }
    Endpoint peer() const override { return peer_; }

private:
    static constexpr std::size_t kPiecesMax = 256;  // 4 KiB of stack; the kernel takes 1024

    std::shared_ptr<Watched> socket_;
    std::shared_ptr<const SocketOptions> options_;
    Endpoint peer_;
    bool sends_records_ = false;
};

class PendingSocket final : public PendingStream {
public:
    PendingSocket(FileDescriptor fd, Endpoint peer) : fd_(std::move(fd)), peer_(std::move(peer)) {}
    Endpoint peer() const override { return peer_; }
    FileDescriptor take() { return std::move(fd_); }

private:
    FileDescriptor fd_;
    Endpoint peer_;
};

class SocketAcceptor final : public Acceptor {
public:
    /// `pacing`: what stop_pacing() found.
    SocketAcceptor(asio::io_context& io, FileDescriptor fd, std::string pacing)
        : socket_(std::make_shared<Watched>(io, std::move(fd))), pacing_(std::move(pacing)) {}
    SocketAcceptor(const SocketAcceptor&) = delete;
    SocketAcceptor& operator=(const SocketAcceptor&) = delete;
    ~SocketAcceptor() override { socket_->drop(); }

    Result<std::unique_ptr<PendingStream>> accept() override {
        for (;;) {
            Address peer;
            // Options are inherited from the listening socket: no call for each connection, unless
            // the system's congestion control paces.
            FileDescriptor fd(
                ::accept4(socket_->fd(), peer.raw(), &peer.size, SOCK_NONBLOCK | SOCK_CLOEXEC));
            if (fd.get() >= 0) {
                Endpoint from = peer.endpoint();
                if (!pacing_.empty() && !on_one_machine(local_endpoint(fd.get()), from))
                    (void)control_congestion(fd.get(), pacing_);
                return std::make_unique<PendingSocket>(std::move(fd), std::move(from));
            }
            switch (errno) {
                case EAGAIN:
                    return std::unique_ptr<PendingStream>();
                case EMFILE:
                case ENFILE:
                case ENOBUFS:
                case ENOMEM:
                case EBADF:
                case EINVAL:
                    return network_error("accept on", "socket", errno);
                default:
                    break;  // an error of that one connection, which is gone (accept(2))
            }
        }
    }
    void when_acceptable(Wake wake) override {
        socket_->when_ready(Watched::reading, std::move(wake));
    }
    Endpoint local() const override { return local_endpoint(socket_->fd()); }

private:
    std::shared_ptr<Watched> socket_;
    std::string pacing_;
};

/// One connect(): the addresses of a name are tried one after the other.
class Connector : public std::enable_shared_from_this<Connector> {
public:
    Connector(asio::io_context& io, std::shared_ptr<const SocketOptions> options, Endpoint to,
              Transport::Connected done)
        : io_(io),
          options_(std::move(options)),
          to_(std::move(to)),
          done_(std::move(done)),
          resolver_(io) {}

    void start() {
        if (auto numeric = addresses_of(to_, AI_NUMERICHOST); numeric) {
            addresses_ = std::move(*numeric);
            // Never inside the call: neither the first try nor its failure.
            asio::post(io_, [self = shared_from_this()] { self->try_next(); });
            return;
        }
        resolver_.async_resolve(
            to_.host, std::to_string(to_.port),
            [self = shared_from_this()](const boost::system::error_code& error,
                                        const Resolver::results_type& found) {
                if (error)
                    return self->done_(
                        Error{ErrorCode::network_exception,
                              fmt::format("resolve {}: {}", self->to_.host, error.message())});
                for (const auto& entry : found) {
                    Address address;
                    address.size = static_cast<socklen_t>(entry.endpoint().size());
                    std::memcpy(&address.storage, entry.endpoint().data(), address.size);
                    self->addresses_.push_back(address);
                }
                self->try_next();
            });
    }

private:
    using Resolver = asio::ip::basic_resolver<asio::ip::tcp, Executor>;

    void try_next() {
        if (next_ == addresses_.size())
            return done_(
                network_error("connect", fmt::format("{}:{}", to_.host, to_.port), last_error_));
        const Address& address = addresses_[next_++];
        auto fd = open_socket(address.storage.ss_family);
        if (!fd) return done_(fd.error());
        tune(fd->get(), *options_);
        if (::connect(fd->get(), address.raw(), address.size) == 0)
            return succeed(std::move(*fd), address);
        if (errno != EINPROGRESS) {
            last_error_ = errno;
            return try_next();
        }
        trying_ = std::make_unique<Descriptor>(io_.get_executor(), fd->release());
        trying_->async_wait(
            Descriptor::wait_write,
            [self = shared_from_this()](const boost::system::error_code&) { self->tried(); });
    }

    void tried() {
        FileDescriptor fd(trying_->release());
        socklen_t size = sizeof last_error_;
        getsockopt(fd.get(), SOL_SOCKET, SO_ERROR, &last_error_, &size);
        if (last_error_ != 0) return try_next();
        succeed(std::move(fd), addresses_[next_ - 1]);
    }

    void succeed(FileDescriptor fd, const Address& address) {
        done_(std::make_unique<SocketStream>(io_, options_, std::move(fd), address.endpoint()));
    }

    asio::io_context& io_;
    std::shared_ptr<const SocketOptions> options_;
    Endpoint to_;
    Transport::Connected done_;
    Resolver resolver_;
    std::vector<Address> addresses_;
    std::size_t next_ = 0;
    std::unique_ptr<Descriptor> trying_;
    int last_error_ = EADDRNOTAVAIL;
};

class AsioTransport final : public Transport {
public:
    AsioTransport(asio::io_context& io, const SocketOptions& options)
        : io_(io), options_(std::make_shared<const SocketOptions>(options)) {}

    Result<std::unique_ptr<Acceptor>> listen(const Endpoint& at) override {
        const std::string where = fmt::format("{}:{}", at.host, at.port);
        auto addresses = addresses_of(at, AI_PASSIVE);
        if (!addresses) return addresses.error();
        // No host is every interface of both families: a socket of IPv6 serves IPv4, too.
        if (at.host.empty()) {
            std::partition(addresses->begin(), addresses->end(),
                           [](const Address& each) { return each.storage.ss_family == AF_INET6; });
        }
        // The first that can be had; one address of a name is enough, as in Kafka.
        Error failure{ErrorCode::network_exception, fmt::format("listen {}: no address", where)};
        for (const Address& address : *addresses) {
            auto fd = open_socket(address.storage.ss_family);
            if (!fd) {  // a kernel without IPv6, for one
                failure = fd.error();
                continue;
            }
            set_option(fd->get(), SOL_SOCKET, SO_REUSEADDR, 1);
            if (address.storage.ss_family == AF_INET6)
                set_option(fd->get(), IPPROTO_IPV6, IPV6_V6ONLY, 0);
            tune(fd->get(), *options_);
            std::string pacing = options_->local_pacing ? std::string() : stop_pacing(fd->get());
            if (::bind(fd->get(), address.raw(), address.size) == 0 &&
                ::listen(fd->get(), options_->listen_backlog) == 0)
                return std::make_unique<SocketAcceptor>(io_, std::move(*fd), std::move(pacing));
            failure = network_error("listen", where, errno);
        }
        return failure;
    }

    std::unique_ptr<ByteStream> adopt(std::unique_ptr<PendingStream> pending) override {
        auto* socket = dynamic_cast<PendingSocket*>(pending.get());
        MOLDAU_CHECK(socket != nullptr, "a stream of another transport");
        return std::make_unique<SocketStream>(io_, options_, socket->take(), socket->peer());
    }

    void connect(const Endpoint& to, Connected done) override {
        std::make_shared<Connector>(io_, options_, to, std::move(done))->start();
    }

private:
    asio::io_context& io_;
    std::shared_ptr<const SocketOptions> options_;
};

}  // namespace

std::unique_ptr<Transport> make_asio_transport(runtime::Shard& shard, SocketOptions options) {
    return std::make_unique<AsioTransport>(shard.io(), options);
}

}  // namespace moldau::net
