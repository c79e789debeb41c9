// A connection that an answer sends to rest (KIP-219): the answer leaves at once, and nothing that
// comes behind it is served before the time is over. On virtual time.
#include "moldau/base/endian.hpp"
#include "moldau/net/server.hpp"
#include "moldau/runtime/task_group.hpp"
#include "moldau/runtime/wait.hpp"
#include "moldau/sim/world.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <array>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace moldau::sim {
namespace {

using runtime::Shard;
using runtime::Task;
using runtime::Waited;
using std::chrono::hours;
using std::chrono::milliseconds;
using std::chrono::seconds;
using testing::ElementsAre;

constexpr std::uint16_t kPort = 9092;

std::string framed(std::string_view text) {
    std::string bytes(4, '\0');
    store_be(reinterpret_cast<std::byte*>(bytes.data()), static_cast<std::int32_t>(text.size()));
    return bytes.append(text);
}

/// "rest N": gives it back, and the connection rests for N milliseconds. "slow N": likewise, but
/// answers after 100 ms. "quiet N": rests without an answer. All else comes back at once.
class RestingService final : public net::Service {
    class RestingSession final : public net::Session {
    public:
        RestingSession(Shard& shard, std::vector<std::string>& served)
            : shard_(shard), served_(served) {}
        net::Answer serve(Bytes frame) override {
            const std::string text(as_text(frame));
            served_.push_back(text);
            if (text.starts_with("rest ")) return reply(text, text.substr(5));
            if (text.starts_with("slow ")) return later(shard_, text);
            net::Reply made = reply(text, "0");
            if (text.starts_with("quiet ")) {
                made = reply(text, text.substr(6));
                made.outcome = net::Reply::Outcome::nothing;
            }
            return made;
        }

    private:
        static net::Reply reply(const std::string& text, const std::string& ms) {
            return {.outcome = net::Reply::Outcome::send,
                    .first = Bytes::copy_of(as_bytes(framed(text))),
                    .more = {},
                    .rest = milliseconds(std::stol(ms))};
        }
        static Task<net::Reply> later(Shard& shard, std::string text) {
            co_await runtime::sleep_until(shard, shard.now() + milliseconds(100));
            co_return reply(text, text.substr(5));
        }
        Shard& shard_;
        std::vector<std::string>& served_;
    };

public:
    explicit RestingService(std::vector<std::string>& served) : served_(served) {}
    std::unique_ptr<net::Session> open(Shard& shard, const net::ConnectionInfo&) override {
        return std::make_unique<RestingSession>(shard, served_);
    }

private:
    std::vector<std::string>& served_;
};

struct Step {
    Duration at;  // since the connection stands
    std::string bytes;
    enum class Then : std::uint8_t { stay, finish_sending, close } then = Then::stay;
};

// Times are tenths of a second.
struct Heard {
    std::vector<std::pair<std::string, std::int64_t>> replies;  // and when
    std::optional<std::int64_t> closed_at;                      // the client saw it end
    std::vector<std::string> served;
    std::optional<std::int64_t> gone_at;  // the server has no connection any more
    std::optional<Duration> stop_took;
};

Task<> stop_at(Shard& shard, net::Server& server, Duration at, Heard& heard) {
    co_await runtime::sleep_until(shard, shard.now() + at);
    const MonoTime begun = shard.now();
    co_await server.stop();
    heard.stop_took = shard.now() - begun;
}

Task<> watch(Shard& shard, const net::Server& server, Heard& heard) {
    const MonoTime begun = shard.now();
    bool was_there = false;
    while (!heard.gone_at) {
        const MonoTime next = shard.now() + milliseconds(50);
        if (co_await runtime::sleep_until(shard, next) == Waited::cancelled) co_return;
        const bool is_there = server.connections() > 0;
        if (was_there && !is_there) heard.gone_at = (shard.now() - begun) / milliseconds(100);
        was_there = was_there || is_there;
    }
}

class ServerProgram final : public Program {
public:
    ServerProgram(Process& process, net::ConnectionSettings settings, Duration stop, Heard& heard)
        : service_(heard.served),
          server_({.connection = settings, .limits = {}, .rates = {}},
                  {{&process.shard(0), &process.transport(0), &process.disk(0)}}, service_) {
        const auto listening = server_.listen({{.name = "SIM", .endpoint = {"", kPort}}});
        EXPECT_TRUE(listening) << listening.error().detail;
        runtime::spawn(process.shard(0), "stop", stop_at(process.shard(0), server_, stop, heard));
        runtime::spawn(process.shard(0), "watch", watch(process.shard(0), server_, heard));
    }

private:
    RestingService service_;
    net::Server server_;
};

Task<> send(Shard& shard, ByteStream& stream, std::vector<Step> steps, MonoTime begun) {
    for (const Step& step : steps) {
        if (co_await runtime::sleep_until(shard, begun + step.at) == Waited::cancelled) co_return;
        const std::array pieces{as_bytes(step.bytes)};
        (void)stream.write(pieces);
        if (step.then == Step::Then::finish_sending) stream.finish_sending();
        if (step.then == Step::Then::close) stream.close();
    }
}

Task<> client(Shard& shard, Transport& transport, std::vector<Step> steps, Heard& heard) {
    auto stream =
        co_await runtime::connect(shard, transport, {"server", kPort}, shard.now() + seconds(5));
    if (!stream) co_return;
    const MonoTime begun = shard.now();
    runtime::TaskGroup sending(shard);
    sending.spawn("send", send(shard, **stream, std::move(steps), begun));
    std::string in;
    std::array<std::byte, 3000> buffer;
    while (true) {
        const IoResult got = (*stream)->read(buffer);
        if (got.status == IoStatus::failed || got.status == IoStatus::end) break;
        in += as_text(BytesView(buffer).first(got.bytes));
        while (in.size() >= 4) {
            const auto size = static_cast<std::size_t>(load_be<std::int32_t>(as_bytes(in).data()));
            if (in.size() < 4 + size) break;
            heard.replies.emplace_back(in.substr(4, size),
                                       (shard.now() - begun) / milliseconds(100));
            in.erase(0, 4 + size);
        }
        if (got.status == IoStatus::would_block &&
            co_await runtime::readable(shard, **stream) == Waited::cancelled)
            break;
    }
    heard.closed_at = (shard.now() - begun) / milliseconds(100);
    sending.cancel();
    co_await sending.join();
}

class ClientProgram final : public Program {
public:
    ClientProgram(Process& process, std::vector<Step> steps, Heard& heard) {
        runtime::spawn(process.shard(0), "client",
                       client(process.shard(0), process.transport(0), std::move(steps), heard));
    }
};

struct Scene {
    std::vector<Step> steps;
    net::ConnectionSettings settings = {};
    Duration stop_at = hours(1);
    Duration lasts = std::chrono::minutes(1);
};

Heard play(Scene scene) {
    Heard heard;
    World world({.network = {.delay_min = milliseconds(1), .delay_max = milliseconds(1)}});
    const auto server = world.add_process("server", 1, [&](Process& process) {
        return std::make_unique<ServerProgram>(process, scene.settings, scene.stop_at, heard);
    });
    const auto clients = world.add_process("clients", 1, [&](Process& process) {
        return std::make_unique<ClientProgram>(process, scene.steps, heard);
    });
    world.start(server);
    world.start(clients);
    world.run_for(scene.lasts);
    return heard;
}

TEST(ServerRest, BeginsBehindTheReplyAndHoldsUpWhatWasSentWithTheRequest) {
    const Heard heard =
        play({.steps = {{Duration(0), framed("before") + framed("rest 5000") + framed("a") +
                                          framed("rest 2000") + framed("b")}}});
    EXPECT_THAT(heard.replies,
                ElementsAre(std::pair("before", 0), std::pair("rest 5000", 0), std::pair("a", 50),
                            std::pair("rest 2000", 50), std::pair("b", 70)));
    EXPECT_FALSE(heard.closed_at);
}

TEST(ServerRest, HoldsUpWhatComesLater) {
    const Heard heard = play({.steps = {{Duration(0), framed("rest 5000")},
                                        {seconds(1), framed("a")},
                                        {seconds(6), framed("b")}}});
    EXPECT_THAT(heard.replies,
                ElementsAre(std::pair("rest 5000", 0), std::pair("a", 50), std::pair("b", 60)));
}

TEST(ServerRest, BeginsWithAnAnswerThatTookItsTimeAndLetsThoseUnderWayFinish) {
    const Heard heard = play({.steps = {{Duration(0), framed("slow 5000") + framed("slow 1000")},
                                        {milliseconds(50), framed("a")},
                                        {milliseconds(500), framed("b")}}});
    EXPECT_THAT(heard.replies, ElementsAre(std::pair("slow 5000", 1), std::pair("slow 1000", 1),
                                           std::pair("a", 1), std::pair("b", 51)));
}

TEST(ServerRest, NeedsNoReply) {
    const Heard heard = play({.steps = {{Duration(0), framed("quiet 3000") + framed("a")}}});
    EXPECT_THAT(heard.replies, ElementsAre(std::pair("a", 30)));
}

TEST(ServerRest, EndsWhenTheConnectionHasBeenIdleForTooLong) {
    net::ConnectionSettings settings;
    settings.idle_max = seconds(2);
    const Heard alone =
        play({.steps = {{Duration(0), framed("rest 10000")}}, .settings = settings});
    EXPECT_EQ(alone.closed_at, 20);
    const Heard held_up = play(
        {.steps = {{Duration(0), framed("rest 10000") + framed("a")}, {seconds(1), framed("b")}},
         .settings = settings});
    EXPECT_EQ(held_up.closed_at, 20) << "what is not read does not count";
    EXPECT_THAT(held_up.served, ElementsAre("rest 10000"));
}

TEST(ServerRest, EndsBeforeTheConnectionIsIdle) {
    net::ConnectionSettings settings;
    settings.idle_max = seconds(3);
    const Heard heard =
        play({.steps = {{Duration(0), framed("rest 2000")}, {seconds(1), framed("a")}},
              .settings = settings});
    EXPECT_THAT(heard.replies, ElementsAre(std::pair("rest 2000", 0), std::pair("a", 20)));
    EXPECT_EQ(heard.closed_at, 50) << "three seconds behind the last reply";
    EXPECT_EQ(play({.steps = {{Duration(0), framed("rest 2000")}}, .settings = settings}).closed_at,
              30)
        << "a rest that is over has brought nothing";
}

TEST(ServerRest, IsNotIdleWhileAnAnswerIsUnderWay) {
    net::ConnectionSettings settings;
    settings.idle_max = milliseconds(60);  // "slow" takes 100
    const Heard heard = play(
        {.steps = {{Duration(0), framed("slow 0") + framed("rest 10000")}}, .settings = settings});
    EXPECT_THAT(heard.replies, ElementsAre(std::pair("slow 0", 1), std::pair("rest 10000", 1)));
    EXPECT_EQ(heard.closed_at, 1);
}

TEST(ServerRest, EndsWhenTheClientHasGone) {
    const Heard heard = play(
        {.steps = {{Duration(0), framed("rest 3000000")}, {seconds(2), "", Step::Then::close}}});
    EXPECT_EQ(heard.gone_at, 20);
}

TEST(ServerRest, EndsWithTheAnswersUnderWayWhenTheClientHasFinishedSending) {
    const Heard heard = play({.steps = {{Duration(0), framed("slow 0") + framed("rest 3000000"),
                                         Step::Then::finish_sending}}});
    EXPECT_THAT(heard.replies, ElementsAre(std::pair("slow 0", 1), std::pair("rest 3000000", 1)));
    EXPECT_EQ(heard.closed_at, 1);
}

TEST(ServerRest, ServesWhatAClientHasLeftBehind) {
    const Heard heard = play({.steps = {{Duration(0), framed("rest 5000") + framed("quiet 0")},
                                        {seconds(1), framed("quiet 1"), Step::Then::close}}});
    EXPECT_THAT(heard.served, ElementsAre("rest 5000", "quiet 0", "quiet 1"));
    EXPECT_EQ(heard.gone_at, 50);
    const Heard later = play({.steps = {{Duration(0), framed("rest 5000")},
                                        {seconds(1), framed("quiet 0"), Step::Then::close}}});
    EXPECT_THAT(later.served, ElementsAre("rest 5000", "quiet 0"));
    EXPECT_EQ(later.gone_at, 50);
}

TEST(ServerRest, DoesNotCountAgainstAFrameThatIsNotComplete) {
    net::ConnectionSettings settings;
    settings.frame_deadline = seconds(2);
    const std::string cut = framed("abcdef");
    const Heard heard = play({.steps = {{Duration(0), framed("rest 10000") + cut.substr(0, 5)},
                                        {seconds(11), cut.substr(5)}},
                              .settings = settings});
    EXPECT_THAT(heard.replies, ElementsAre(std::pair("rest 10000", 0), std::pair("abcdef", 110)));
}

TEST(ServerRest, DoesNotHoldUpTheStop) {
    const Heard heard = play(
        {.steps = {{Duration(0), framed("rest 3000000") + framed("a")}}, .stop_at = seconds(5)});
    EXPECT_TRUE(heard.closed_at);
    EXPECT_THAT(heard.replies, ElementsAre(std::pair("rest 3000000", 0)));
    ASSERT_TRUE(heard.stop_took);
    EXPECT_LT(*heard.stop_took, seconds(1));
}

}  // namespace
}  // namespace moldau::sim
