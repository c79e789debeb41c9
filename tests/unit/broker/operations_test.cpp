// What a node is watched by, over real threads, with a clock that the test moves.
#include "operations.hpp"

#include "broker/node_fixture.hpp"
#include "support/lone_shard.hpp"
#include "support/temporary_directory.hpp"

#include "moldau/io/system_random.hpp"
#include "moldau/net/asio_transport.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <arpa/inet.h>
#include <atomic>
#include <cstdio>
#include <future>
#include <netinet/in.h>
#include <string>
#include <sys/socket.h>
#include <unistd.h>

namespace moldau::broker {
namespace {

using std::chrono::seconds;
using testing::HasSubstr;
using testing::StartsWith;

class MovedClock final : public Clock {
public:
    MonoTime now() const override { return MonoTime(Duration(now_.load())); }
    Timestamp wall() const override { return {now_.load() / 1'000'000}; }
    void advance(Duration by) { now_ += by.count(); }

private:
    std::atomic<Duration::rep> now_ = 1'000'000'000;
};

/// A node that has not been started, on two shards, and who watches it.
class Watching {
public:
    Watching()
        : sink_(log_, clock_, LogLevel::error),
          shards_(
              {.count = 2}, clock_,
              [](std::size_t) { return std::make_unique<io::SystemRandom>(); }, sink_),
          pool_({.name = "disk", .threads = 1}),
          operations_(clock_, sink_) {
        Node::World world{
            .shards = {}, .working_directory = directory_.path(), .on_failure = nullptr};
        for (std::size_t i = 0; i < shards_.size(); ++i) {
            counters_.push_back(std::make_shared<io::DiskCounters>());
            transports_.push_back(net::make_asio_transport(shards_[i]));
            disks_.push_back(io::make_system_disk(shards_[i], pool_, counters_.back()));
            world.shards.push_back({&shards_[i], transports_[i].get(), disks_[i].get()});
        }
        node_ = std::make_unique<Node>(default_settings(), std::move(world));
    }
    ~Watching() {
        operations_.stop();
        (void)shards_.run_on(0, [this] { node_.reset(); });
        for (std::size_t i = 0; i < shards_.size(); ++i)
            (void)shards_.run_on(i, [this, i] { transports_[i].reset(); });
        pool_.stop();
        shards_.stop();
        std::fclose(log_);
    }
    Watching(const Watching&) = delete;
    Watching& operator=(const Watching&) = delete;

    void start() {
        const Result<> started =
            operations_.start({shards_, *node_, pool_, counters_},
                              config::Listener{.name = "HTTP", .host = "127.0.0.1", .port = 0});
        ASSERT_TRUE(started) << started.error().detail;
        port_ = static_cast<std::uint16_t>(
            std::stoi(operations_.address()->substr(operations_.address()->rfind(':') + 1)));
    }
    std::string get(const std::string& path) const {
        const int fd = ::socket(AF_INET, SOCK_STREAM, 0);
        sockaddr_in address{};
        address.sin_family = AF_INET;
        address.sin_port = htons(port_);
        address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
        EXPECT_EQ(::connect(fd, reinterpret_cast<sockaddr*>(&address), sizeof address), 0);
        const std::string question = "GET " + path + " HTTP/1.1\r\n\r\n";
        EXPECT_GT(::send(fd, question.data(), question.size(), MSG_NOSIGNAL), 0);
        std::string text;
        char bytes[4096];
        for (ssize_t got = 0; (got = ::recv(fd, bytes, sizeof bytes, 0)) > 0;)
            text.append(bytes, static_cast<std::size_t>(got));
        ::close(fd);
        return text;
    }
    MovedClock& clock() { return clock_; }
    runtime::Shard& shard(std::size_t index) { return shards_[index]; }

private:
    MovedClock clock_;
    std::FILE* log_ = std::tmpfile();
    metrics::StreamLogSink sink_;
    support::TemporaryDirectory directory_;
    runtime::Shards shards_;
    runtime::WorkerPool pool_;
    Operations operations_;
    std::vector<std::shared_ptr<io::DiskCounters>> counters_;
    std::vector<std::unique_ptr<Disk>> disks_;
    std::vector<std::unique_ptr<Transport>> transports_;
    std::unique_ptr<Node> node_;
    std::uint16_t port_ = 0;
};

TEST(Operations, SayThatAShardIsStuckThoughItDoesNotAnswerAndThatItIsNotWhenItHasAnswered) {
    Watching watching;
    std::promise<void> held;
    std::promise<void> is_held;
    ASSERT_TRUE(watching.shard(1).post([&] {
        is_held.set_value();
        held.get_future().wait();
    }));
    is_held.get_future().wait();
    watching.start();
    EXPECT_THAT(watching.get("/health"), StartsWith("HTTP/1.1 200 "));
    watching.clock().advance(seconds(11));
    const std::string stuck = watching.get("/health");
    EXPECT_THAT(stuck, StartsWith("HTTP/1.1 503 "));
    EXPECT_THAT(stuck, HasSubstr("\"status\":\"stuck\""));
    EXPECT_THAT(stuck, HasSubstr("shard 1 has not answered for 11.0 s"));
    held.set_value();
    while (!watching.get("/health").starts_with("HTTP/1.1 200 ")) {
    }
}

TEST(Operations, AnswerForANodeThatHasNotStartedYet) {
    Watching watching;
    watching.start();
    const std::string ready = watching.get("/ready");
    EXPECT_THAT(ready, StartsWith("HTTP/1.1 503 "));
    EXPECT_THAT(ready, HasSubstr("\"reasons\":[\"the node is starting\"]"));
    const std::string page = watching.get("/metrics");
    EXPECT_THAT(page, HasSubstr("\nmoldau_shard_up{shard=\"1\"} 1\n"));
    EXPECT_THAT(page, HasSubstr("\nmoldau_ready 0\n"));
}

}  // namespace
}  // namespace moldau::broker
