// Real sockets on loopback; ports are the kernel's choice.
#include "moldau/net/asio_transport.hpp"

#include "support/lone_shard.hpp"
#include "support/temporary_directory.hpp"

#include "moldau/base/ports/file_slice.hpp"
#include "moldau/io/system_disk.hpp"
#include "moldau/runtime/shards.hpp"
#include "moldau/runtime/worker_pool.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <arpa/inet.h>
#include <array>
#include <cstdlib>
#include <cstring>
#include <fstream>
#include <future>
#include <linux/socket.h>
#include <net/if.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <numeric>
#include <sched.h>
#include <stdexcept>
#include <string>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

namespace moldau::net {
namespace {

using runtime::Shard;
using runtime::Task;
using runtime::Waited;
using std::chrono::milliseconds;
using std::chrono::seconds;
using Stream = std::unique_ptr<ByteStream>;

struct OneShard {
    support::SteadyClock clock;
    support::CountingRandom random;
    support::LinesSink sink;
    Shard shard{{}, clock, random, sink};
    std::unique_ptr<Transport> transport = make_asio_transport(shard);

    /// Runs the tasks that were spawned to their end, on this thread.
    void run_tasks() {
        runtime::spawn(shard, "end", stop_when_alone(shard));
        shard.run();
        EXPECT_THAT(sink.lines(), testing::IsEmpty());
    }
    static Task<> stop_when_alone(Shard& shard) {
        while (shard.task_names().size() > 1)
            co_await runtime::sleep_until(shard, shard.now() + milliseconds(1));
        shard.stop();
    }
};

Task<std::string> read_until_end(Shard& shard, ByteStream& stream) {
    std::string all;
    std::array<std::byte, 1000> buffer;
    for (;;) {
        const IoResult got = stream.read(buffer);
        if (got.status == IoStatus::ok) {
            all += as_text(BytesView(buffer).first(got.bytes));
        } else if (got.status == IoStatus::would_block) {
            co_await runtime::readable(shard, stream, shard.now() + seconds(20));
        } else {
            co_return all + (got.status == IoStatus::end ? "|end" : "|failed");
        }
    }
}

Task<bool> write_all(Shard& shard, ByteStream& stream, std::string text) {
    BytesView rest = as_bytes(text);
    while (!rest.empty()) {
        const std::array pieces{rest.first(rest.size() / 2), rest.subspan(rest.size() / 2)};
        const IoResult put = stream.write(pieces);
        if (put.status == IoStatus::would_block) {
            co_await runtime::writable(shard, stream, shard.now() + seconds(20));
        } else if (put.status != IoStatus::ok) {
            co_return false;
        }
        rest = rest.subspan(put.bytes);
    }
    co_return true;
}

Task<Stream> accept_one(Shard& shard, Transport& transport, Acceptor& acceptor) {
    for (;;) {
        auto pending = acceptor.accept();
        if (!pending) co_return nullptr;
        if (*pending != nullptr) co_return transport.adopt(std::move(*pending));
        const Waited waited =
            co_await runtime::acceptable(shard, acceptor, shard.now() + seconds(20));
        if (waited != Waited::ready) throw std::runtime_error("nobody has come");
    }
}

Task<> serve_upper(Shard& shard, Transport& transport, Acceptor& acceptor) {
    Stream stream = co_await accept_one(shard, transport, acceptor);
    std::string text = co_await read_until_end(shard, *stream);
    const bool written = co_await write_all(shard, *stream, std::move(text));
    EXPECT_TRUE(written);
}

Task<> ask(Shard& shard, Transport& transport, Endpoint to, std::string question,
           std::string& answer) {
    auto stream = co_await runtime::connect(shard, transport, to, shard.now() + seconds(20));
    if (!stream) {
        answer = stream.error().detail;
        co_return;
    }
    EXPECT_EQ((*stream)->peer().port, to.port);
    EXPECT_NE((*stream)->local().port, 0);
    const bool written = co_await write_all(shard, **stream, std::move(question));
    EXPECT_TRUE(written);
    (*stream)->finish_sending();
    answer = co_await read_until_end(shard, **stream);
}

class AsioTransportOn : public testing::TestWithParam<const char*> {};

TEST_P(AsioTransportOn, CarriesBytesBothWaysAndTheEndOfThem) {
    OneShard one;
    auto acceptor = one.transport->listen({GetParam(), 0});
    ASSERT_TRUE(acceptor) << acceptor.error().detail;
    std::string answer;
    std::string question(8'000'000, '?');  // more than the sockets' buffers hold
    std::iota(question.begin(), question.end(), '\0');
    runtime::spawn(one.shard, "server", serve_upper(one.shard, *one.transport, **acceptor));
    runtime::spawn(one.shard, "client",
                   ask(one.shard, *one.transport, (*acceptor)->local(), question, answer));
    one.run_tasks();
    EXPECT_TRUE(answer == question + "|end|end") << answer.size();
}
INSTANTIATE_TEST_SUITE_P(Addresses, AsioTransportOn,
                         testing::Values("127.0.0.1", "::1", "localhost"));

Task<std::size_t> send_all(Shard& shard, ByteStream& stream, FileSlice slice) {
    std::size_t sent = 0;
    while (!slice.empty()) {
        const IoResult put = stream.send_file(slice);
        if (put.status == IoStatus::would_block) {
            co_await runtime::writable(shard, stream, shard.now() + seconds(20));
        } else if (put.status != IoStatus::ok) {
            break;
        }
        sent += put.bytes;
        slice.at += put.bytes;
        slice.bytes -= put.bytes;
    }
    co_return sent;
}

Task<> sends_file(Shard& shard, Transport& transport, Acceptor& acceptor, FileSlice slice,
                  std::size_t& sent) {
    Stream stream = co_await accept_one(shard, transport, acceptor);
    const std::array head{as_bytes("head:")};
    EXPECT_EQ(stream->write(head, true).bytes, 5U);
    sent = co_await send_all(shard, *stream, std::move(slice));
    stream->finish_sending();
    const std::string ended = co_await read_until_end(shard, *stream);
    EXPECT_EQ(ended, "|end");
}

struct OneFile {
    explicit OneFile(std::string_view content) {
        auto opened = disk->open(directory.path() + "/log", OpenMode::create_new);
        EXPECT_TRUE(opened);
        file = std::move(*opened);
        const std::array pieces{as_bytes(content)};
        EXPECT_TRUE(file->write(0, pieces));
    }
    support::TemporaryDirectory directory;
    OneShard one;
    runtime::WorkerPool pool{{.name = "disk", .threads = 1}};
    std::unique_ptr<Disk> disk = io::make_system_disk(one.shard, pool);
    std::shared_ptr<File> file;
};

TEST(AsioTransport, SendsARangeOfAFileInAsManyCallsAsItTakes) {
    std::string content(8'000'000, '?');  // more than the sockets' buffers hold
    std::iota(content.begin(), content.end(), '\0');
    OneFile f(content);
    auto acceptor = f.one.transport->listen({"127.0.0.1", 0});
    ASSERT_TRUE(acceptor);
    std::string answer;
    std::size_t sent = 0;
    runtime::spawn(f.one.shard, "server",
                   sends_file(f.one.shard, *f.one.transport, **acceptor,
                              FileSlice{f.file, 1000, 7'000'000}, sent));
    runtime::spawn(f.one.shard, "client",
                   ask(f.one.shard, *f.one.transport, (*acceptor)->local(), "", answer));
    f.one.run_tasks();
    EXPECT_EQ(sent, 7'000'000U);
    EXPECT_TRUE(answer == "head:" + content.substr(1000, 7'000'000) + "|end") << answer.size();
}

/// Our socket whose peer has this port.
int socket_to(std::uint16_t peer_port) {
    for (int fd = 0; fd < 1000; ++fd) {
        sockaddr_in peer{};
        socklen_t size = sizeof peer;
        if (getpeername(fd, reinterpret_cast<sockaddr*>(&peer), &size) == 0 &&
            ntohs(peer.sin_port) == peer_port)
            return fd;
    }
    ADD_FAILURE() << "no such socket";
    return -1;
}

/// SO_BUF_LOCK of that socket.
int buffer_locks(std::uint16_t peer_port) {
    int locks = 0;
    socklen_t size = sizeof locks;
    EXPECT_EQ(getsockopt(socket_to(peer_port), SOL_SOCKET, SO_BUF_LOCK, &locks, &size), 0);
    return locks;
}

Task<> looks_at_locks_while_sending(Shard& shard, Transport& transport, Acceptor& acceptor,
                                    FileSlice slice, std::array<int, 2>& locks) {
    Stream stream = co_await accept_one(shard, transport, acceptor);
    const std::array head{as_bytes("head:")};
    EXPECT_EQ(stream->write(head, true).bytes, 5U);
    locks[0] = buffer_locks(stream->peer().port);
    const std::size_t sent = co_await send_all(shard, *stream, std::move(slice));
    EXPECT_EQ(sent, 10U);
    locks[1] = buffer_locks(stream->peer().port);
    stream->finish_sending();
    const std::string ended = co_await read_until_end(shard, *stream);
    EXPECT_EQ(ended, "|end");
}

/// SO_BUF_LOCK before and after records are sent over a connection whose buffers have sizes.
std::array<int, 2> locks_around_records(bool send_buffer_grows) {
    OneFile f("0123456789");
    const auto transport = make_asio_transport(f.one.shard, {.send_buffer_bytes = 102'400,
                                                             .receive_buffer_bytes = 102'400,
                                                             .send_buffer_grows = send_buffer_grows,
                                                             .receive_buffer_grows = false});
    auto acceptor = transport->listen({"127.0.0.1", 0});
    EXPECT_TRUE(acceptor);
    std::string answer;
    std::array<int, 2> locks{};
    runtime::spawn(f.one.shard, "server",
                   looks_at_locks_while_sending(f.one.shard, *transport, **acceptor,
                                                FileSlice{f.file, 0, 10}, locks));
    runtime::spawn(f.one.shard, "client",
                   ask(f.one.shard, *f.one.transport, (*acceptor)->local(), "", answer));
    f.one.run_tasks();
    EXPECT_EQ(answer, "head:0123456789|end");
    return locks;
}

TEST(AsioTransport, LetsTheSendBufferGrowWhereRecordsAreSent) {
    EXPECT_THAT(locks_around_records(true),
                testing::ElementsAre(SOCK_BUF_LOCK_MASK, SOCK_RCVBUF_LOCK));
    EXPECT_THAT(locks_around_records(false),
                testing::ElementsAre(SOCK_BUF_LOCK_MASK, SOCK_BUF_LOCK_MASK));
}

TEST(AsioTransport, ARangeThatGoesBeyondItsFileFails) {
    OneFile f("0123456789");
    auto acceptor = f.one.transport->listen({"127.0.0.1", 0});
    ASSERT_TRUE(acceptor);
    std::string answer;
    std::size_t sent = 0;
    runtime::spawn(
        f.one.shard, "server",
        sends_file(f.one.shard, *f.one.transport, **acceptor, FileSlice{f.file, 4, 100}, sent));
    runtime::spawn(f.one.shard, "client",
                   ask(f.one.shard, *f.one.transport, (*acceptor)->local(), "", answer));
    f.one.run_tasks();
    EXPECT_EQ(sent, 6U);
    EXPECT_EQ(answer, "head:456789|end");
}

TEST(AsioTransport, ReachesAServerByItsName) {
    OneShard one;
    auto acceptor = one.transport->listen({"127.0.0.1", 0});
    ASSERT_TRUE(acceptor);
    std::string answer;
    runtime::spawn(one.shard, "server", serve_upper(one.shard, *one.transport, **acceptor));
    runtime::spawn(
        one.shard, "client",
        ask(one.shard, *one.transport, {"localhost", (*acceptor)->local().port}, "name", answer));
    one.run_tasks();
    EXPECT_EQ(answer, "name|end|end");
}

TEST(AsioTransport, KnowsAClientOfASocketOfBothFamiliesByItsIPv4Address) {
    OneShard one;
    auto acceptor =
        one.transport->listen({"::ffff:127.0.0.1", 0});  // IPv6, and loopback all the same
    ASSERT_TRUE(acceptor) << acceptor.error().detail;
    std::string answer;
    runtime::spawn(
        one.shard, "client",
        ask(one.shard, *one.transport, {"127.0.0.1", (*acceptor)->local().port}, "", answer));
    std::unique_ptr<PendingStream> pending;
    while (pending == nullptr) {
        one.shard.poll_one();
        auto accepted = (*acceptor)->accept();
        ASSERT_TRUE(accepted);
        pending = std::move(*accepted);
    }
    EXPECT_EQ(pending->peer().host, "127.0.0.1");
    pending.reset();  // nobody adopts it: closed
    one.run_tasks();
    EXPECT_EQ(answer, "|end");
}

/// Goes into a network of its own, where nobody else can reach us. Ends the process where it
/// cannot.
void leave_the_network() {
    if (unshare(CLONE_NEWNET) != 0 && unshare(CLONE_NEWUSER | CLONE_NEWNET) != 0) std::_Exit(2);
}

/// Ends the process with 0 when no host at all is every interface of both families.
[[noreturn]] void listen_on_every_interface() {
    leave_the_network();
    OneShard one;
    auto acceptor = one.transport->listen({"", 0});
    std::_Exit(acceptor && (*acceptor)->local().host == "::" ? 0 : 1);
}

TEST(AsioTransportDeathTest, NoHostIsEveryInterfaceOfBothFamilies) {
    EXPECT_EXIT(listen_on_every_interface(), testing::ExitedWithCode(0), "");
}

sockaddr_in ipv4(const char* text, std::uint16_t port) {
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_port = htons(port);
    EXPECT_EQ(inet_pton(AF_INET, text, &address.sin_addr), 1);
    return address;
}

/// Gives the loopback of this network 10.0.0.1, and with it all of 10/8.
void name_this_machine() {
    const int fd = ::socket(AF_INET, SOCK_DGRAM, 0);
    ifreq request{};
    std::strcpy(request.ifr_name, "lo");
    request.ifr_flags = IFF_UP;
    EXPECT_EQ(ioctl(fd, SIOCSIFFLAGS, &request), 0);
    std::strcpy(request.ifr_name, "lo:1");
    const sockaddr_in address = ipv4("10.0.0.1", 0);
    std::memcpy(&request.ifr_addr, &address, sizeof address);
    EXPECT_EQ(ioctl(fd, SIOCSIFADDR, &request), 0);
    ::close(fd);
}

/// What controls congestion of a connection from that address.
std::string congestion_control_for(const char* from, Acceptor& acceptor) {
    const int client = ::socket(AF_INET, SOCK_STREAM, 0);
    sockaddr_in address = ipv4(from, 0);
    EXPECT_EQ(::bind(client, reinterpret_cast<sockaddr*>(&address), sizeof address), 0);
    const Endpoint at = acceptor.local();
    const sockaddr_in to = ipv4(at.host.c_str(), at.port);
    EXPECT_EQ(::connect(client, reinterpret_cast<const sockaddr*>(&to), sizeof to), 0);
    const auto accepted = acceptor.accept();
    EXPECT_TRUE(accepted && *accepted);
    EXPECT_EQ((*accepted)->peer().host, from);
    std::array<char, 17> name{};
    socklen_t size = name.size() - 1;
    EXPECT_EQ(getsockopt(socket_to((*accepted)->peer().port), IPPROTO_TCP, TCP_CONGESTION,
                         name.data(), &size),
              0);
    ::close(client);
    return name.data();
}

/// Ends the process with 0 when only what stays on this machine is sent without pauses, whatever
/// the system's congestion control is.
[[noreturn]] void pace_only_for_others() {
    leave_the_network();
    name_this_machine();
    std::ifstream available("/proc/sys/net/ipv4/tcp_available_congestion_control");
    for (std::string name; available >> name;) {
        std::ofstream("/proc/sys/net/ipv4/tcp_congestion_control") << name;
        const std::string here = name.starts_with("bbr") ? "reno" : name;
        OneShard one;
        auto acceptor = one.transport->listen({"10.0.0.1", 0});
        EXPECT_TRUE(acceptor);
        EXPECT_EQ(congestion_control_for("10.0.0.1", **acceptor), here);
        EXPECT_EQ(congestion_control_for("10.0.0.2", **acceptor), name);
        const auto pacing = make_asio_transport(one.shard, {.local_pacing = true});
        acceptor = pacing->listen({"10.0.0.1", 0});
        EXPECT_TRUE(acceptor);
        EXPECT_EQ(congestion_control_for("10.0.0.1", **acceptor), name);
    }
    std::_Exit(testing::Test::HasFailure() ? 1 : 0);
}

TEST(AsioTransportDeathTest, PacesOnlyWhatGoesToOtherMachines) {
    EXPECT_EXIT(pace_only_for_others(), testing::ExitedWithCode(0), "");
}

TEST(AsioTransport, SaysWhyItCannotListen) {
    OneShard one;
    auto first = one.transport->listen({"127.0.0.1", 0});
    ASSERT_TRUE(first);
    auto second = one.transport->listen((*first)->local());
    ASSERT_FALSE(second);
    EXPECT_EQ(second.error().code, ErrorCode::network_exception);
    EXPECT_THAT(second.error().detail, testing::HasSubstr("in use"));
    EXPECT_FALSE(one.transport->listen({"203.0.113.7", 0}));
}

TEST(AsioTransport, SaysWhyItCannotConnect) {
    OneShard one;
    std::string answer;
    Endpoint closed;
    {
        auto acceptor = one.transport->listen({"127.0.0.1", 0});
        ASSERT_TRUE(acceptor);
        closed = (*acceptor)->local();
    }
    runtime::spawn(one.shard, "client", ask(one.shard, *one.transport, closed, "", answer));
    one.run_tasks();
    EXPECT_THAT(answer, testing::HasSubstr("refused"));
}

Task<> closes_soon(Shard& shard, ByteStream& stream) {
    co_await runtime::sleep_until(shard, shard.now() + milliseconds(2));
    stream.close();
}

Task<> waits_in_vain(Shard& shard, Transport& transport, Acceptor& acceptor,
                     std::vector<Waited>& outcomes) {
    auto client = co_await runtime::connect(shard, transport, acceptor.local(), runtime::kForever);
    Stream server = co_await accept_one(shard, transport, acceptor);
    outcomes.push_back(co_await runtime::readable(shard, *server, shard.now() + milliseconds(2)));
    outcomes.push_back(co_await runtime::readable(shard, *server, shard.now() + milliseconds(2)));
    const bool written = co_await write_all(shard, **client, "x");
    EXPECT_TRUE(written);
    outcomes.push_back(co_await runtime::readable(shard, *server, shard.now() + seconds(20)));
    std::array<std::byte, 10> buffer;
    EXPECT_EQ(server->read(buffer).bytes, 1U);
    EXPECT_EQ(server->read(buffer).status, IoStatus::would_block);
    runtime::TaskGroup group(shard);
    group.spawn("closer", closes_soon(shard, *server));
    outcomes.push_back(co_await runtime::readable(shard, *server, shard.now() + seconds(20)));
    EXPECT_EQ(server->read(buffer).status, IoStatus::failed);
    EXPECT_EQ(server->write({}).status, IoStatus::failed);
    co_await group.join();
}

TEST(AsioTransport, AWaitEndsAtItsDeadlineAndTheNextStillSeesBytesAndTheClose) {
    OneShard one;
    auto acceptor = one.transport->listen({"127.0.0.1", 0});
    ASSERT_TRUE(acceptor);
    std::vector<Waited> outcomes;
    runtime::spawn(one.shard, "waiter",
                   waits_in_vain(one.shard, *one.transport, **acceptor, outcomes));
    one.run_tasks();
    EXPECT_THAT(outcomes, testing::ElementsAre(Waited::deadline_passed, Waited::deadline_passed,
                                               Waited::ready, Waited::ready));
}

Task<> pings(Shard& shard, Transport& transport, Endpoint to, int rounds, std::promise<int>& done) {
    auto stream = co_await runtime::connect(shard, transport, to, shard.now() + seconds(20));
    int answered = 0;
    std::array<std::byte, 10> buffer;
    for (; stream && answered < rounds; ++answered) {
        const bool written = co_await write_all(shard, **stream, "ping");
        if (!written) break;
        IoResult got = (*stream)->read(buffer);
        while (got.status == IoStatus::would_block) {
            co_await runtime::readable(shard, **stream);
            got = (*stream)->read(buffer);
        }
        if (got.status != IoStatus::ok) break;
    }
    done.set_value(answered);
}

Task<> pongs(Shard& shard, Stream stream) {
    std::array<std::byte, 10> buffer;
    for (;;) {
        const IoResult got = stream->read(buffer);
        if (got.status == IoStatus::would_block) {
            if (co_await runtime::readable(shard, *stream) != Waited::ready) co_return;
        } else if (got.status != IoStatus::ok) {
            co_return;
        } else {
            const BytesView piece = BytesView(buffer).first(got.bytes);
            (void)stream->write({&piece, 1});
        }
    }
}

Task<> hands_over(Shard& shard, Acceptor& acceptor, Shard& to, Transport& its_transport) {
    for (;;) {
        auto accepted = acceptor.accept();
        if (!accepted) co_return;
        if (*accepted == nullptr) {
            if (co_await runtime::acceptable(shard, acceptor) != Waited::ready) co_return;
            continue;
        }
        (void)to.post([&to, &its_transport, pending = std::move(*accepted)]() mutable {
            runtime::spawn(to, "connection", pongs(to, its_transport.adopt(std::move(pending))));
        });
    }
}

TEST(AsioTransport, OneShardAcceptsAndAnotherServes) {
    support::SteadyClock clock;
    support::LinesSink sink;
    runtime::Shards shards(
        {.count = 2}, clock,
        [](std::size_t) { return std::make_unique<support::CountingRandom>(); }, sink);
    auto first = make_asio_transport(shards[0]);
    auto second = make_asio_transport(shards[1]);
    std::unique_ptr<Acceptor> acceptor;
    ASSERT_TRUE(shards.run_on(0, [&] {
        auto listening = first->listen({"127.0.0.1", 0});
        ASSERT_TRUE(listening);
        acceptor = std::move(*listening);
        runtime::spawn(shards[0], "acceptor", hands_over(shards[0], *acceptor, shards[1], *second));
    }));
    std::array<std::promise<int>, 4> done;
    ASSERT_TRUE(shards.run_on(0, [&] {
        for (auto& each : done)
            runtime::spawn(shards[0], "client",
                           pings(shards[0], *first, acceptor->local(), 200, each));
    }));
    for (auto& each : done) EXPECT_EQ(each.get_future().get(), 200);
    shards.stop();
    EXPECT_THAT(sink.lines(), testing::IsEmpty());
}

}  // namespace
}  // namespace moldau::net
