// The server over real sockets and two shards, with a session that does as the frame says.
#include "moldau/net/server.hpp"

#include "support/lone_shard.hpp"
#include "support/temporary_directory.hpp"

#include "moldau/base/endian.hpp"
#include "moldau/io/system_clock.hpp"
#include "moldau/io/system_disk.hpp"
#include "moldau/io/system_random.hpp"
#include "moldau/net/asio_transport.hpp"
#include "moldau/runtime/shards.hpp"
#include "moldau/runtime/task_group.hpp"
#include "moldau/runtime/wait.hpp"
#include "moldau/runtime/worker_pool.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <arpa/inet.h>
#include <atomic>
#include <fcntl.h>
#include <future>
#include <netinet/in.h>
#include <numeric>
#include <string>
#include <sys/socket.h>
#include <unistd.h>

namespace moldau::net {
namespace {

using std::chrono::milliseconds;

Reply sending(std::string text) {
    std::string framed(4, '\0');
    store_be(reinterpret_cast<std::byte*>(framed.data()), static_cast<std::int32_t>(text.size()));
    return {.outcome = Reply::Outcome::send,
            .first = Bytes::copy_of(as_bytes(framed + text)),
            .more = {}};
}

/// "echo…" comes back; "late" comes back when "release" has come; "silent" has no reply; "throw"
/// throws in a task; "close" closes; "shard" tells which shard serves; "big N" gives N bytes; "file
/// AT COUNT" that range of the service's file between brackets.
class ScriptedService : public Service {
public:
    std::shared_ptr<File> file;
    std::unique_ptr<Session> open(runtime::Shard& shard, const ConnectionInfo& info) override;

    std::atomic<int> opened{0}, served{0}, served_large{0}, served_late{0};
    std::vector<class ScriptedSession*> sessions;  // of shard 0, for "release all"
};

class ScriptedSession : public Session {
public:
    ScriptedSession(runtime::Shard& shard, ScriptedService& service)
        : shard_(shard), service_(service), released_(shard) {}

    void release() { released_.set(); }

    Answer serve(Bytes frame) override {
        const std::string text(as_text(frame));
        ++service_.served;
        if (text.size() > 1000) ++service_.served_large;
        if (text == "release all") {
            for (ScriptedSession* each : service_.sessions) each->release();
        }
        if (text == "silent") return Reply{};
        if (text == "close")
            return Reply{.outcome = Reply::Outcome::close, .first = {}, .more = {}};
        if (text == "late") {
            ++service_.served_late;
            return late(*this);
        }
        if (text == "throw") return throwing();
        if (text == "shard") return sending(std::to_string(shard_.index()));
        if (text.starts_with("big ")) return sending(std::string(std::stoul(text.substr(4)), 'x'));
        if (text.starts_with("file ")) return in_brackets(text.substr(5));
        if (text == "release") released_.set();
        return sending(text);
    }

private:
    Reply in_brackets(const std::string& range) const {
        std::size_t end = 0;
        const std::size_t at = std::stoul(range, &end);
        const FileSlice slice{service_.file, at, std::stoul(range.substr(end))};
        std::string head(5, '[');
        store_be(reinterpret_cast<std::byte*>(head.data()),
                 static_cast<std::int32_t>(slice.bytes + 2));
        Reply reply{
            .outcome = Reply::Outcome::send, .first = Bytes::copy_of(as_bytes(head)), .more = {}};
        reply.more.emplace_back(slice);
        reply.more.emplace_back(Bytes::copy_of(as_bytes("]")));
        return reply;
    }
    static runtime::Task<Reply> late(ScriptedSession& self) {
        if (co_await self.released_.wait() == runtime::Waited::cancelled) co_return Reply{};
        co_return sending("late");
    }
    static runtime::Task<Reply> throwing() {
        throw std::runtime_error("a surprise");
        co_return Reply{};
    }

    runtime::Shard& shard_;
    ScriptedService& service_;
    runtime::Signal released_;
};

std::unique_ptr<Session> ScriptedService::open(runtime::Shard& shard, const ConnectionInfo& info) {
    if (info.listener == "TEST" && info.peer.host == "127.0.0.1" && info.local.port != 0) ++opened;
    auto session = std::make_unique<ScriptedSession>(shard, *this);
    if (shard.index() == 0) sessions.push_back(session.get());
    return session;
}

/// A file that is in memory, and counts how often that was asked.
class HotFile final : public File {
public:
    explicit HotFile(std::shared_ptr<File> real) : real_(std::move(real)) {}
    int questions() const { return questions_; }

    std::size_t in_memory(std::uint64_t, std::size_t count) override {
        ++questions_;
        return count;
    }
    int descriptor() const override { return real_->descriptor(); }
    DiskResult<> write(std::uint64_t at, std::span<const BytesView> pieces) override {
        return real_->write(at, pieces);
    }
    DiskResult<TryRead> try_read(std::uint64_t at, MutableBytes into) override {
        return real_->try_read(at, into);
    }
    void read(std::uint64_t at, std::size_t count, DiskDone<Bytes> done) override {
        real_->read(at, count, std::move(done));
    }
    void sync(DiskDone<> done) override { real_->sync(std::move(done)); }
    DiskResult<std::uint64_t> size() override { return real_->size(); }
    DiskResult<> truncate(std::uint64_t size) override { return real_->truncate(size); }
    DiskResult<> preallocate(std::uint64_t size) override { return real_->preallocate(size); }

private:
    std::shared_ptr<File> real_;
    std::atomic<int> questions_ = 0;
};

class Client {
public:
    explicit Client(std::uint16_t port) : fd_(::socket(AF_INET, SOCK_STREAM, 0)) {
        sockaddr_in address{};
        address.sin_family = AF_INET;
        address.sin_port = htons(port);
        address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
        const timeval patience{.tv_sec = 20, .tv_usec = 0};
        ::setsockopt(fd_, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
        connected_ = ::connect(fd_, reinterpret_cast<sockaddr*>(&address), sizeof address) == 0;
    }
    Client(const Client&) = delete;
    Client& operator=(const Client&) = delete;
    ~Client() { ::close(fd_); }

    void send(std::string_view text) const {
        std::string framed(4, '\0');
        store_be(reinterpret_cast<std::byte*>(framed.data()),
                 static_cast<std::int32_t>(text.size()));
        send_raw(framed.append(text));
    }
    void send_raw(std::string_view bytes) const {
        EXPECT_EQ(::send(fd_, bytes.data(), bytes.size(), MSG_NOSIGNAL),
                  static_cast<ssize_t>(bytes.size()));
    }
    void finish() const { ::shutdown(fd_, SHUT_WR); }

    /// The next reply; "closed" when the server has closed; "nothing" when the time-out has passed.
    std::string reply() const {
        std::string size = exactly(4);
        return size.size() < 4 ? size_fault(size)
                               : exactly(static_cast<std::size_t>(load_be<std::int32_t>(
                                     reinterpret_cast<const std::byte*>(size.data()))));
    }
    std::string ask(std::string_view text) const {
        send(text);
        return reply();
    }
    bool connected() const { return connected_; }

private:
    std::string size_fault(const std::string&) const { return timed_out_ ? "nothing" : "closed"; }
    std::string exactly(std::size_t count) const {
        std::string got(count, '\0');
        std::size_t have = 0;
        while (have < count) {
            const ssize_t n = ::recv(fd_, got.data() + have, count - have, 0);
            if (n <= 0) {
                timed_out_ = n < 0 && (errno == EAGAIN || errno == EWOULDBLOCK);
                return got.substr(0, have);
            }
            have += static_cast<std::size_t>(n);
        }
        return got;
    }

    int fd_;
    bool connected_ = false;
    mutable bool timed_out_ = false;
};

class RunningServer {
public:
    explicit RunningServer(Server::Settings settings = {}, std::size_t shards = 2)
        : shards_(
              {.count = shards, .mailbox_jobs_max = 1024}, clock_,
              [](std::size_t) { return std::make_unique<io::SystemRandom>(); }, sink_) {
        std::vector<ShardAndTransport> where;
        for (std::size_t i = 0; i < shards; ++i) {
            transports_.push_back(make_asio_transport(shards_[i]));
            disks_.push_back(io::make_system_disk(shards_[i], pool_));
            where.push_back({&shards_[i], transports_.back().get(), disks_.back().get()});
        }
        server_ = std::make_unique<Server>(std::move(settings), where, service);
        on_home([this] {
            EXPECT_TRUE(server_->listen({{.name = "TEST", .endpoint = {"127.0.0.1", 0}}}));
        });
        on_home([this] { port_ = server_->listening().front().endpoint.port; });
    }
    RunningServer(const RunningServer&) = delete;
    RunningServer& operator=(const RunningServer&) = delete;
    ~RunningServer() {
        wait_for([this] { return server_->stop(); });
        on_home([this] { EXPECT_EQ(server_->connections(), 0); });
        for (std::size_t i = transports_.size(); i-- > 0;)
            EXPECT_TRUE(shards_.run_on(i, [this, i] { transports_[i].reset(); }));
        pool_.stop();
        shards_.stop();
    }

    std::uint16_t port() const { return port_; }
    /// The port of a listener that is opened while others are served; 0: it cannot be opened.
    std::uint16_t open(const std::string& name, std::uint16_t wanted = 0) {
        std::uint16_t port = 0;
        on_home([&] {
            if (!server_->open({.name = name, .endpoint = {"127.0.0.1", wanted}})) return;
            port = server_->listening().back().endpoint.port;
        });
        return port;
    }
    void close(const std::string& name) {
        wait_for([&] { return server_->close(name); });
    }
    void disconnect(const std::string& name) {
        wait_for([&] { return server_->disconnect(name); });
    }
    void set_limits(ConnectionLimits::Rules rules) {
        on_home([&] { server_->set_limits(std::move(rules)); });
    }
    std::vector<std::string> listening() {
        std::vector<std::string> names;
        on_home([&] {
            for (const ListenerSettings& each : server_->listening()) names.push_back(each.name);
        });
        return names;
    }
    /// Connections that came by the listener, on all shards.
    std::uint64_t opened(const std::string& name) {
        std::uint64_t sum = 0;
        for (std::size_t i = 0; i < transports_.size(); ++i) {
            EXPECT_TRUE(shards_.run_on(i, [&, i] {
                for (const ListenerCounters& each : server_->counters(i))
                    if (each.listener == name) sum += each.opened;
            }));
        }
        return sum;
    }
    std::vector<std::string> lines() { return sink_.lines(); }
    /// A file for the service, of shard 0.
    void put(const std::string& path, std::string_view content) {
        auto opened = disks_[0]->open(path, OpenMode::create_new);
        ASSERT_TRUE(opened);
        service.file = std::move(*opened);
        const std::array pieces{as_bytes(content)};
        ASSERT_TRUE(service.file->write(0, pieces));
    }
    ScriptedService service;

private:
    void on_home(runtime::Job job) { ASSERT_TRUE(shards_.run_on(0, std::move(job))); }
    static runtime::Task<> tell(runtime::Task<> task, std::promise<void>& ended) {
        co_await std::move(task);
        ended.set_value();
    }
    template <class Make>
    void wait_for(Make make) {
        std::promise<void> ended;
        on_home([&] { runtime::spawn(shards_[0], "wait", tell(make(), ended)); });
        ended.get_future().wait();
    }

    io::SystemClock clock_;
    support::LinesSink sink_;
    runtime::Shards shards_;
    runtime::WorkerPool pool_{{.name = "disk", .threads = 1}};
    std::vector<std::unique_ptr<Transport>> transports_;
    std::vector<std::unique_ptr<Disk>> disks_;
    std::unique_ptr<Server> server_;
    std::uint16_t port_ = 0;
};

TEST(Server, AnswersEachRequestInOrder) {
    RunningServer server;
    const Client client(server.port());
    for (int i = 0; i < 200; ++i) client.send(std::to_string(i));
    for (int i = 0; i < 200; ++i) EXPECT_EQ(client.reply(), std::to_string(i));
    EXPECT_EQ(server.service.opened, 1);
}

TEST(Server, ALateAnswerHoldsBackThoseBehindItAndThenAllLeaveInOrder) {
    RunningServer server;
    const Client client(server.port());
    client.send("late");
    client.send("behind");
    client.send("silent");
    client.send("release");
    EXPECT_EQ(client.reply(), "late");
    EXPECT_EQ(client.reply(), "behind");
    EXPECT_EQ(client.reply(), "release");
}

TEST(Server, SpreadsConnectionsOverTheShards) {
    RunningServer server;
    const Client first(server.port());
    const std::string one = first.ask("shard");
    const Client second(server.port());
    EXPECT_NE(second.ask("shard"), one);
}

TEST(Server, OpensAListenerWhileOthersAreServed) {
    RunningServer server;
    const Client before(server.port());
    EXPECT_EQ(before.ask("before"), "before");
    const std::uint16_t port = server.open("MORE");
    ASSERT_NE(port, 0);
    EXPECT_THAT(server.listening(), testing::ElementsAre("TEST", "MORE"));
    const Client client(port);
    EXPECT_EQ(client.ask("new"), "new");
    EXPECT_EQ(before.ask("still"), "still");
    EXPECT_EQ(server.opened("TEST"), 1U);
    EXPECT_EQ(server.opened("MORE"), 1U);
    EXPECT_EQ(server.open("TAKEN", port), 0);
}

TEST(Server, ClosesAListenerAndKeepsWhoCameByIt) {
    RunningServer server;
    const std::uint16_t port = server.open("MORE");
    const Client client(port);
    EXPECT_EQ(client.ask("echo"), "echo");
    server.close("MORE");
    EXPECT_THAT(server.listening(), testing::ElementsAre("TEST"));
    EXPECT_FALSE(Client(port).connected());
    EXPECT_EQ(client.ask("still"), "still");
    ASSERT_EQ(server.open("MORE", port), port) << "the port is free again";
    EXPECT_EQ(Client(port).ask("echo"), "echo");
    EXPECT_EQ(server.opened("MORE"), 2U) << "and what is counted goes on";
    server.close("NOBODY");
}

TEST(Server, ClosesTheConnectionsOfAListener) {
    RunningServer server;
    const std::uint16_t port = server.open("MORE");
    const Client stays(server.port());
    EXPECT_EQ(stays.ask("echo"), "echo");
    const Client first(port), second(port);
    EXPECT_EQ(first.ask("echo"), "echo");
    EXPECT_EQ(second.ask("echo"), "echo");
    server.close("MORE");
    server.disconnect("MORE");
    EXPECT_EQ(first.reply(), "closed");
    EXPECT_EQ(second.reply(), "closed");
    EXPECT_EQ(stays.ask("still"), "still");
}

TEST(Server, ALimitOfAListenerHoldsUpNobodyElse) {
    RunningServer server;
    const std::uint16_t port = server.open("MORE");
    server.set_limits({.by_listener = {{"MORE", 1}}});
    const Client other(server.port());
    auto first = std::make_unique<Client>(port);
    EXPECT_EQ(first->ask("first"), "first");
    const Client second(port);
    second.send("second");
    EXPECT_EQ(other.ask("other"), "other");
    EXPECT_EQ(server.opened("MORE"), 1U);
    first.reset();
    EXPECT_EQ(second.reply(), "second");
}

TEST(Server, ClosesWhenTheAnswerSaysSoAfterTheRepliesBeforeIt) {
    RunningServer server;
    const Client client(server.port());
    client.send("good");
    client.send("close");
    client.send("never");
    EXPECT_EQ(client.reply(), "good");
    EXPECT_EQ(client.reply(), "closed");
}

TEST(Server, AnExceptionInATaskClosesTheConnectionAndIsLogged) {
    RunningServer server;
    const Client client(server.port());
    EXPECT_EQ(client.ask("throw"), "closed");
    const Client next(server.port());
    EXPECT_EQ(next.ask("echo"), "echo");
    EXPECT_THAT(server.lines(), testing::Contains(testing::HasSubstr("a surprise")).Times(1));
}

TEST(Server, AnswersWhatWasAskedBeforeThePeerFinishedSending) {
    RunningServer server;
    const Client client(server.port());
    client.send("late");
    client.send("release");
    client.finish();
    EXPECT_EQ(client.reply(), "late");
    EXPECT_EQ(client.reply(), "release");
    EXPECT_EQ(client.reply(), "closed");
}

TEST(Server, SendsALargeReplyInAsManyWritesAsItTakes) {
    RunningServer server;
    const Client client(server.port());
    client.send("big 30000000");
    client.send("after");
    EXPECT_EQ(client.reply().size(), 30000000U);
    EXPECT_EQ(client.reply(), "after");
}

TEST(Server, SendsRangesOfFilesAmongItsRepliesWhetherInMemoryOrNot) {
    const support::TemporaryDirectory directory;
    std::string content(20'000'000, '?');
    std::iota(content.begin(), content.end(), '\0');
    RunningServer server;
    server.put(directory.path() + "/log", content);
    const int fd = server.service.file->descriptor();
    for (const bool is_cold : {false, true}) {
        SCOPED_TRACE(is_cold);
        // On both shards, the file's own and the other.
        const Client first(server.port());
        const Client second(server.port());
        for (const Client* client : {&first, &second}) {
            if (is_cold) {
                ::fsync(fd);
                ::posix_fadvise(fd, 0, 0, POSIX_FADV_DONTNEED);
            }
            client->send("before");
            client->send("file 100 15000000");
            client->send("file 7 0");
            client->send("file 19999999 1");
            client->send("after");
            EXPECT_EQ(client->reply(), "before");
            EXPECT_TRUE(client->reply() == "[" + content.substr(100, 15'000'000) + "]");
            EXPECT_EQ(client->reply(), "[]");
            EXPECT_EQ(client->reply(), "[" + content.substr(19'999'999) + "]");
            EXPECT_EQ(client->reply(), "after");
        }
    }
}

// Each partial send would ask again: two system calls beside the one that moves bytes.
TEST(Server, AsksOnceInAWhileWhetherAPartOfAFileIsInMemory) {
    constexpr std::size_t kBytes = 64'000'000;
    const support::TemporaryDirectory directory;
    RunningServer server;
    server.put(directory.path() + "/log", std::string(kBytes, 'x'));
    const auto file = std::make_shared<HotFile>(server.service.file);
    server.service.file = file;
    const Client client(server.port());
    const auto start = std::chrono::steady_clock::now();
    client.send("file 0 64000000");
    EXPECT_EQ(client.reply().size(), kBytes + 2);
    const auto took = std::chrono::steady_clock::now() - start;
    const auto whiles = took / milliseconds(20) + 1;
    EXPECT_LE(file->questions(), static_cast<long>(kBytes >> 20U) + 1 + whiles);
}

TEST(Server, ClosesWhenAFileIsShorterThanWhatWasPromised) {
    const support::TemporaryDirectory directory;
    RunningServer server;
    server.put(directory.path() + "/log", "0123456789");
    const Client client(server.port());
    EXPECT_EQ(client.ask("file 4 100").substr(0, 7), "[456789");
    EXPECT_EQ(client.reply(), "closed");
}

TEST(Server, APeerThatReadsNothingHoldsUpNobody) {
    const support::TemporaryDirectory directory;
    RunningServer server({}, 1);
    server.put(directory.path() + "/log", std::string(20'000'000, 'x'));
    const Client lazy(server.port());
    for (int i = 0; i < 10; ++i) lazy.send("file 0 20000000");
    const Client other(server.port());
    EXPECT_EQ(other.ask("echo"), "echo");
    EXPECT_EQ(other.ask("file 5 3"), "[xxx]");
    EXPECT_EQ(lazy.reply().size(), 20'000'002U);
}

TEST(Server, StopsReadingWhileTooManyBytesAreInFlightAndGoesOnWhenTheyAreNot) {
    Server::Settings settings;
    settings.connection.in_flight_bytes_max = 5000;
    RunningServer server(settings, 1);
    const Client client(server.port());
    const std::string large(3000, 'y');
    client.send("late");
    for (int i = 0; i < 100; ++i) client.send(large);
    const Client other(server.port());
    while (server.service.served < 2) EXPECT_EQ(other.ask("echo"), "echo");
    const int served_of_the_first = server.service.served_large;
    EXPECT_LE(served_of_the_first, 6) << "one read's worth";
    EXPECT_EQ(other.ask("release all"), "release all");
    EXPECT_EQ(client.reply(), "late");
    for (int i = 0; i < 100; ++i) EXPECT_EQ(client.reply(), large);
}

TEST(Server, ManySmallRequestsThatWaitAreBoundedByWhatTheyTakeInMemory) {
    constexpr int kRequests = 20'000;
    Server::Settings settings;
    settings.connection.in_flight_bytes_max = 100'000;
    RunningServer server(settings, 1);
    const Client client(server.port());
    std::string all;
    for (int i = 0; i < kRequests; ++i) all += std::string("\0\0\0\4late", 8);
    client.send_raw(all);
    const Client other(server.port());
    int before = -1;
    while (server.service.served_late != before) {
        before = server.service.served_late;
        for (int i = 0; i < 10; ++i) EXPECT_EQ(other.ask("echo"), "echo");
    }
    EXPECT_GT(server.service.served_late, 0);
    EXPECT_LT(server.service.served_late, kRequests / 2) << "what one read brought, at most";
}

TEST(Server, ClosesAConnectionThatDoesNotCompleteItsFrame) {
    Server::Settings settings;
    settings.connection.frame_deadline = milliseconds(50);
    RunningServer server(settings);
    const Client client(server.port());
    client.send_raw(std::string("\0\0\1\0half", 8));
    EXPECT_EQ(client.reply(), "closed");
}

TEST(Server, ClosesAnIdleConnectionButNotOneThatWaitsForAnAnswer) {
    Server::Settings settings;
    settings.connection.idle_max = milliseconds(50);
    RunningServer server(settings);
    const Client waiting(server.port());
    waiting.send("late");
    const Client idle(server.port());
    EXPECT_EQ(idle.reply(), "closed");
    EXPECT_EQ(waiting.ask("release"), "late");
}

TEST(Server, RefusesMoreConnectionsFromOneAddressThanItMayHave) {
    Server::Settings settings;
    settings.limits.per_ip_max = 1;
    RunningServer server(settings);
    const Client first(server.port());
    EXPECT_EQ(first.ask("echo"), "echo");
    const Client second(server.port());
    EXPECT_EQ(second.reply(), "closed");
    EXPECT_EQ(first.ask("echo"), "echo");
}

TEST(Server, LetsConnectionsWaitWhileThereAreAsManyAsThereMayBe) {
    Server::Settings settings;
    settings.limits.total_max = 1;
    RunningServer server(settings);
    auto first = std::make_unique<Client>(server.port());
    EXPECT_EQ(first->ask("echo"), "echo");
    const Client second(server.port());
    second.send("second");
    EXPECT_EQ(first->ask("still"), "still");
    EXPECT_EQ(server.service.opened, 1);
    first.reset();
    EXPECT_EQ(second.reply(), "second");
}

TEST(Server, AConnectionThatGetsNoMemoryIsClosedAndTheOthersGoOn) {
    Server::Settings settings;
    settings.memory_budget_bytes = 100000;
    settings.connection.frame_deadline = milliseconds(100);
    RunningServer server(settings);
    const Client greedy(server.port());
    std::string start(4, '\0');
    store_be(reinterpret_cast<std::byte*>(start.data()), std::int32_t{1000000});
    greedy.send_raw(start + std::string(200000, 'x'));
    EXPECT_EQ(greedy.reply(), "closed");
    const Client modest(server.port());
    EXPECT_EQ(modest.ask("echo"), "echo");
}

TEST(Server, StopsWhileConnectionsAreOpenAndAnswersAreUnderWay) {
    auto server = std::make_unique<RunningServer>();
    const Client waiting(server->port());
    waiting.send("late");
    EXPECT_EQ(Client(server->port()).ask("echo"), "echo");
    server.reset();
    EXPECT_EQ(waiting.reply(), "closed");
}

}  // namespace
}  // namespace moldau::net
