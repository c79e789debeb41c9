// Connections that come faster than they may: held up, or refused and closed later. On virtual
// time.
#include "moldau/base/endian.hpp"
#include "moldau/net/server.hpp"
#include "moldau/runtime/wait.hpp"
#include "moldau/sim/world.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <memory>
#include <string>
#include <vector>

namespace moldau::sim {
namespace {

using runtime::Shard;
using runtime::Task;
using runtime::Waited;
using std::chrono::milliseconds;
using std::chrono::seconds;

constexpr std::uint16_t kPort = 9092;

class EchoService final : public net::Service {
    class EchoSession final : public net::Session {
        net::Answer serve(Bytes frame) override {
            std::string framed(4, '\0');
            store_be(reinterpret_cast<std::byte*>(framed.data()),
                     static_cast<std::int32_t>(frame.size()));
            framed += as_text(frame);
            return net::Reply{.outcome = net::Reply::Outcome::send,
                              .first = Bytes::copy_of(as_bytes(framed)),
                              .more = {}};
        }
    };

public:
    std::unique_ptr<net::Session> open(Shard&, const net::ConnectionInfo&) override {
        return std::make_unique<EchoSession>();
    }
};

struct Seen {
    // In tenths of a second since the connection was asked for.
    std::vector<std::int64_t> answered;
    std::vector<std::int64_t> closed;  // without an answer
    net::Server::TooFast too_fast;
};

Task<> stop_after(Shard& shard, net::Server& server, Duration time, Seen& seen) {
    co_await runtime::sleep_until(shard, shard.now() + time);
    seen.too_fast = server.too_fast();
    co_await server.stop();
}

class ServerProgram final : public Program {
public:
    ServerProgram(Process& process, net::ConnectionRates::Rules rates, Duration stops_after,
                  Seen& seen)
        : server_({.connection = {}, .limits = {}, .rates = std::move(rates)},
                  {{&process.shard(0), &process.transport(0), &process.disk(0)}}, service_) {
        const auto listening = server_.listen({{.name = "SIM", .endpoint = {"", kPort}}});
        EXPECT_TRUE(listening) << listening.error().detail;
        runtime::spawn(process.shard(0), "stop",
                       stop_after(process.shard(0), server_, stops_after, seen));
    }

private:
    EchoService service_;
    net::Server server_;
};

Task<> ask_once(Shard& shard, Transport& transport, Seen& seen) {
    const MonoTime begun = shard.now();
    auto stream =
        co_await runtime::connect(shard, transport, {"server", kPort}, shard.now() + seconds(60));
    if (!stream) co_return;
    const std::string asked("\0\0\0\1x", 5);
    const std::array pieces{as_bytes(asked)};
    (void)(*stream)->write(pieces);
    std::array<std::byte, 5> reply{};
    while (true) {
        const IoResult got = (*stream)->read(reply);
        const std::int64_t at = (shard.now() - begun) / milliseconds(100);
        if (got.status == IoStatus::ok) seen.answered.push_back(at);
        if (got.status == IoStatus::end || got.status == IoStatus::failed)
            seen.closed.push_back(at);
        if (got.status != IoStatus::would_block) co_return;
        if (co_await runtime::readable(shard, **stream) == Waited::cancelled) co_return;
    }
}

class ClientProgram final : public Program {
public:
    ClientProgram(Process& process, int count, Seen& seen) {
        for (int i = 0; i < count; ++i)
            runtime::spawn(process.shard(0), "client",
                           ask_once(process.shard(0), process.transport(0), seen));
    }
};

Seen connect(int count, const net::ConnectionRates::Rules& rates,
             Duration stops_after = seconds(60)) {
    Seen seen;
    World world({.network = {.delay_min = milliseconds(1), .delay_max = milliseconds(1)}});
    const auto server = world.add_process("server", 1, [&](Process& process) {
        return std::make_unique<ServerProgram>(process, rates, stops_after, seen);
    });
    const auto clients = world.add_process("clients", 1, [&](Process& process) {
        return std::make_unique<ClientProgram>(process, count, seen);
    });
    world.start(server);
    world.start(clients);
    world.run_for(seconds(70));
    return seen;
}

TEST(ServerRates, WithoutThemAllAreServedAtOnce) {
    const Seen seen = connect(40, {});
    EXPECT_EQ(seen.answered, std::vector<std::int64_t>(40, 0));
    EXPECT_EQ(seen.too_fast.delayed, 0U);
}

// Two a second: twenty in the first moments, which count as ten seconds. Those behind them wait for
// half a second, then for a whole window, which is the most.
TEST(ServerRates, OfAllHoldUpWhoComesBehind) {
    net::ConnectionRates::Rules rates;
    rates.total_max = 2;
    const Seen seen = connect(24, rates);
    ASSERT_EQ(seen.answered.size(), 24U);
    EXPECT_EQ(std::ranges::count(seen.answered, 0), 20);
    EXPECT_THAT(std::vector(seen.answered.begin() + 20, seen.answered.end()),
                testing::ElementsAre(5, 10, 20, 30));
    EXPECT_EQ(seen.too_fast.delayed, 4U);
    EXPECT_TRUE(seen.closed.empty());
}

TEST(ServerRates, OfAnAddressRefuseAndCloseWhenItMayComeAgain) {
    net::ConnectionRates::Rules rates;
    rates.other_ip_max = 1;
    const Seen seen = connect(13, rates);
    EXPECT_EQ(seen.answered, std::vector<std::int64_t>(10, 0));
    EXPECT_EQ(seen.closed, std::vector<std::int64_t>(3, 10)) << "a second later";
    EXPECT_EQ(seen.too_fast.refused, 3U);
}

TEST(ServerRates, DoNotHoldUpTheStop) {
    net::ConnectionRates::Rules rates;
    rates.windows = {.samples = 2, .size = seconds(50)};
    rates.total_max = 1;
    rates.other_ip_max = 1;
    const Seen seen = connect(120, rates, seconds(5));
    EXPECT_GE(seen.answered.size(), 50U);
    EXPECT_GE(seen.closed.size(), 60U);
    EXPECT_EQ(seen.answered.size() + seen.closed.size(), 120U)
        << "who waited, who was refused, who was in the queue";
    EXPECT_TRUE(std::ranges::all_of(seen.closed, [](std::int64_t at) { return at <= 51; }));
}

}  // namespace
}  // namespace moldau::sim
