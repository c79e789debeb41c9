#include "world_fixture.hpp"

#include "moldau/base/ports/file_slice.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <array>
#include <string>
#include <vector>

namespace moldau::sim {
namespace {

using runtime::Shard;
using runtime::Task;
using runtime::Waited;
using std::chrono::minutes;
using std::chrono::seconds;
using testing::ElementsAre;
using testing::HasSubstr;

using Stream = std::unique_ptr<ByteStream>;

Task<std::string> read_some(Shard& shard, ByteStream& stream, MonoTime deadline) {
    std::array<std::byte, 1000> buffer;
    for (;;) {
        const IoResult got = stream.read(buffer);
        switch (got.status) {
            case IoStatus::ok:
                co_return std::string(as_text(BytesView(buffer).first(got.bytes)));
            case IoStatus::end:
                co_return "<end>";
            case IoStatus::failed:
                co_return "<failed>";
            case IoStatus::would_block:
                break;
        }
        if (co_await runtime::readable(shard, stream, deadline) == Waited::deadline_passed)
            co_return "<nothing>";
    }
}

Task<> echoes(Shard& shard, Stream stream) {
    for (;;) {
        std::string text = co_await read_some(shard, *stream, runtime::kForever);
        if (text.starts_with('<')) co_return;
        BytesView rest = as_bytes(text);
        while (!rest.empty()) {
            const std::array pieces{rest};
            const IoResult put = stream->write(pieces);
            if (put.status == IoStatus::failed) co_return;
            rest = rest.subspan(put.bytes);
            if (put.status == IoStatus::would_block) co_await runtime::writable(shard, *stream);
        }
    }
}

Task<> serves(Shard& shard, Transport& transport) {
    auto acceptor = transport.listen({"", 7000});
    if (!acceptor) {
        ADD_FAILURE() << acceptor.error().detail;
        co_return;
    }
    EXPECT_FALSE(transport.listen({"", 7000})) << "in use";
    for (;;) {
        auto accepted = (*acceptor)->accept();
        if (*accepted != nullptr) {
            runtime::spawn(shard, "echoes", echoes(shard, transport.adopt(std::move(*accepted))));
        } else if (co_await runtime::acceptable(shard, **acceptor) != Waited::ready) {
            co_return;
        }
    }
}

/// A client that says what happens to it, once a second.
Task<> talks(Shard& shard, Transport& transport, std::vector<std::string>& lines) {
    auto stream =
        co_await runtime::connect(shard, transport, {"server", 7000}, shard.now() + minutes(2));
    if (!stream) {
        lines.push_back(stream.error().detail);
        co_return;
    }
    for (;;) {
        const std::array pieces{as_bytes("ping")};
        if ((*stream)->write(pieces).status == IoStatus::failed) {
            lines.emplace_back("<broken>");
            co_return;
        }
        const MonoTime next = shard.now() + seconds(1);
        lines.push_back(co_await read_some(shard, **stream, next));
        co_await runtime::sleep_until(shard, next);
    }
}

struct TwoHosts {
    explicit TwoHosts(NetworkFaults faults = {}, std::uint64_t seed = 1)
        : world({.seed = seed, .network = faults}) {
        server = add(world, "server", [](Process& p) {
            runtime::spawn(p.shard(0), "serves", serves(p.shard(0), p.transport(0)));
        });
        client = add(world, "client", [this](Process& p) {
            runtime::spawn(p.shard(0), "talks", talks(p.shard(0), p.transport(0), lines));
        });
    }
    World world;
    ProcessId server = 0;
    ProcessId client = 0;
    std::vector<std::string> lines;
};

TEST(SimNetwork, CarriesBytesBetweenProcesses) {
    TwoHosts hosts;
    hosts.world.start(hosts.server);
    hosts.world.start(hosts.client);
    hosts.world.run_for(std::chrono::milliseconds(2500));
    EXPECT_THAT(hosts.lines, ElementsAre("ping", "ping", "ping"));
}

TEST(SimNetwork, RefusesWhereNobodyListensAndTimesOutWhereNobodyAnswers) {
    TwoHosts hosts;
    hosts.world.start(hosts.client);
    hosts.world.run_for(seconds(1));
    EXPECT_THAT(hosts.lines, ElementsAre(HasSubstr("refused")));

    TwoHosts down;
    down.world.start(down.server);
    down.world.crash(down.server, CrashKind::power);
    down.world.start(down.client);
    down.world.run_for(seconds(4));
    EXPECT_THAT(down.lines, testing::IsEmpty());
    down.world.run_for(minutes(1));
    EXPECT_THAT(down.lines, ElementsAre(HasSubstr("timed out")));
}

TEST(SimNetwork, DelaysWhatACutHoldsBackUntilItIsHealed) {
    TwoHosts hosts;
    hosts.world.start(hosts.server);
    hosts.world.start(hosts.client);
    hosts.world.run_for(std::chrono::milliseconds(500));
    hosts.world.cut(hosts.server, hosts.client);  // one way
    hosts.world.run_for(seconds(3));
    hosts.world.heal_all();
    hosts.world.run_for(seconds(1));
    EXPECT_THAT(std::vector<std::string>(hosts.lines.begin(), hosts.lines.begin() + 3),
                ElementsAre("ping", "<nothing>", "<nothing>"));
    std::string late;
    for (std::size_t i = 3; i < hosts.lines.size(); ++i) late += hosts.lines[i];
    EXPECT_EQ(late, "pingpingping") << "the answers of three seconds, none twice";
}

TEST(SimNetwork, BreaksAConnectionWhoseWayStaysCut) {
    TwoHosts hosts;
    hosts.world.start(hosts.server);
    hosts.world.start(hosts.client);
    hosts.world.run_for(std::chrono::milliseconds(500));
    hosts.world.cut(hosts.client, hosts.server);
    hosts.world.run_for(minutes(1));
    EXPECT_THAT(hosts.lines.back(), testing::AnyOf("<failed>", "<broken>"));
}

TEST(SimNetwork, TellsOfAKilledProcessAtOnceAndOfALostMachineOnlyByATimeOut) {
    TwoHosts killed;
    killed.world.start(killed.server);
    killed.world.start(killed.client);
    killed.world.run_for(std::chrono::milliseconds(1500));
    killed.world.crash(killed.server, CrashKind::process);
    killed.world.run_for(seconds(1));
    EXPECT_THAT(killed.lines.back(), testing::AnyOf("<failed>", "<broken>"));

    TwoHosts lost;
    lost.world.start(lost.server);
    lost.world.start(lost.client);
    lost.world.run_for(std::chrono::milliseconds(1500));
    lost.world.crash(lost.server, CrashKind::power);
    lost.world.run_for(seconds(3));
    EXPECT_EQ(lost.lines.back(), "<nothing>");
    lost.world.start(lost.server);
    lost.world.run_for(seconds(2));
    EXPECT_THAT(lost.lines.back(), testing::AnyOf("<failed>", "<broken>"))
        << "the machine that is back knows nothing of the connection";
}

Task<> sends_and_ends(Shard& shard, Transport& transport, std::string text, std::string& back) {
    auto stream =
        co_await runtime::connect(shard, transport, {"10.0.0.1", 7000}, shard.now() + minutes(1));
    if (!stream) co_return;
    std::size_t sent = 0;
    while (back.size() < text.size()) {
        const std::array pieces{as_bytes(text).subspan(sent)};
        sent += (*stream)->write(pieces).bytes;
        back += co_await read_some(shard, **stream, shard.now() + seconds(1));
    }
    (*stream)->finish_sending();
    back += co_await read_some(shard, **stream, shard.now() + seconds(5));
}

TEST(SimNetwork, KeepsTheOrderOfBytesHoweverItCutsThemUp) {
    for (std::uint64_t seed = 1; seed <= 20; ++seed) {
        World world({.seed = seed, .network = {.piecemeal = 700'000}});
        std::string text;
        for (int i = 0; i < 50'000; ++i) text += static_cast<char>('a' + i % 23);
        std::string back;
        const auto server = add(world, "server", [](Process& p) {
            runtime::spawn(p.shard(0), "serves", serves(p.shard(0), p.transport(0)));
        });
        const auto client = add(world, "client", [&](Process& p) {
            runtime::spawn(p.shard(0), "sends",
                           sends_and_ends(p.shard(0), p.transport(0), text, back));
        });
        world.start(server);
        world.run_for(Duration(0));
        world.start(client);
        world.run_for(minutes(10));
        ASSERT_TRUE(back == text + "<end>") << seed << " " << back.size();
    }
}

TEST(SimNetwork, ResetsAndRefusesAsOftenAsAsked) {
    int refused = 0;
    int reset = 0;
    for (std::uint64_t seed = 1; seed <= 100; ++seed) {
        TwoHosts hosts({.reset = 100'000, .refuse = 300'000}, seed);
        hosts.world.start(hosts.server);
        hosts.world.start(hosts.client);
        hosts.world.run_for(seconds(20));
        refused += hosts.lines.back().find("refused") != std::string::npos ? 1 : 0;
        reset += hosts.lines.back() == "<failed>" || hosts.lines.back() == "<broken>" ? 1 : 0;
    }
    EXPECT_THAT(refused, testing::AllOf(testing::Gt(10), testing::Lt(60)));
    EXPECT_GT(reset, 40);
}

/// Sends what "/file" holds, having asked for a part of it only when `asks` says so.
Task<> sends_file(Process& process, bool asks) {
    Shard& shard = process.shard(0);
    auto opened = process.disk(0).open("/file", OpenMode::create_if_none);
    const std::shared_ptr<File> file = std::move(*opened);
    const std::array pieces{as_bytes("0123456789")};
    EXPECT_TRUE(file->write(0, pieces));
    auto stream = co_await runtime::connect(shard, process.transport(0), {"server", 7000},
                                            shard.now() + minutes(2));
    if (asks) {
        EXPECT_EQ(file->in_memory(2, 100), 100U);
    }
    const IoResult put = (*stream)->send_file({file, 2, 100});
    EXPECT_EQ(put.status, IoStatus::ok);
    EXPECT_EQ(put.bytes, 8U) << "what there is of it";
    EXPECT_EQ((*stream)->send_file({file, 10, 92}).status, IoStatus::failed);
    const std::string back = co_await read_some(shard, **stream, shard.now() + minutes(1));
    EXPECT_EQ(back, "23456789");
}

void send_file_in_a_world(bool asks) {
    World world({.seed = 1});
    const auto server = add(world, "server", [](Process& p) {
        runtime::spawn(p.shard(0), "serves", serves(p.shard(0), p.transport(0)));
    });
    const auto client = add(world, "client", [&](Process& p) {
        runtime::spawn(p.shard(0), "sends", sends_file(p, asks));
    });
    world.start(server);
    world.start(client);
    world.run_for(seconds(5));
}

TEST(SimNetwork, SendsFromFiles) {
    send_file_in_a_world(true);
}

TEST(SimNetwork, WouldNotLetAShardWaitForTheDisk) {
    EXPECT_DEATH(send_file_in_a_world(false), "a shard would wait for the disk");
}

}  // namespace
}  // namespace moldau::sim
