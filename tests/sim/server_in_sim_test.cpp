// The real server of `net`, unchanged, in the simulated world: crashes at any call, resets, pieces
// of any size. Every reply is the one that was asked for, in order; a seed is one history.
#include "moldau/base/endian.hpp"
#include "moldau/base/ports/file_slice.hpp"
#include "moldau/net/server.hpp"
#include "moldau/runtime/task_group.hpp"
#include "moldau/runtime/wait.hpp"
#include "moldau/sim/world.hpp"

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <array>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace moldau::sim {
namespace {

using runtime::Shard;
using runtime::Task;
using runtime::Waited;
using std::chrono::microseconds;
using std::chrono::milliseconds;
using std::chrono::minutes;
using std::chrono::seconds;

constexpr std::uint16_t kPort = 9092;

std::string framed(std::string_view text) {
    std::string bytes(4, '\0');
    store_be(reinterpret_cast<std::byte*>(bytes.data()), static_cast<std::int32_t>(text.size()));
    return bytes.append(text);
}

/// Gives every frame back, some at once, some by a task that takes its time, some from a file.
class SlowEcho final : public net::Service {
    class EchoSession final : public net::Session {
    public:
        EchoSession(Shard& shard, std::shared_ptr<File> file)
            : shard_(shard), file_(std::move(file)) {}
        net::Answer serve(Bytes frame) override {
            switch (shard_.random().below(3)) {
                case 0:
                    return reply(frame);
                case 1:
                    return from_file(frame);
                default:
                    return later(shard_, std::move(frame));
            }
        }

    private:
        /// What stands between its first and its last word is sent from a file of another shard's.
        net::Answer from_file(const Bytes& frame) {
            const std::size_t middle = frame.size() / 2;
            const std::size_t end = frame.size() - frame.size() / 4;
            const auto at = file_->size();
            const std::array pieces{frame.view().subspan(middle, end - middle)};
            if (!at || !file_->write(*at, pieces)) return reply(frame);
            const std::string all = framed(as_text(frame));
            net::Reply made{.outcome = net::Reply::Outcome::send,
                            .first = Bytes::copy_of(as_bytes(all.substr(0, 4 + middle))),
                            .more = {}};
            made.more.emplace_back(FileSlice{file_, *at, end - middle});
            made.more.emplace_back(frame.slice(end, frame.size() - end));
            return made;
        }
        static net::Reply reply(const Bytes& frame) {
            return {.outcome = net::Reply::Outcome::send,
                    .first = Bytes::copy_of(as_bytes(framed(as_text(frame)))),
                    .more = {}};
        }
        static Task<net::Reply> later(Shard& shard, Bytes frame) {
            co_await runtime::sleep_until(shard,
                                          shard.now() + microseconds(shard.random().below(20'000)));
            co_return reply(frame);
        }
        Shard& shard_;
        std::shared_ptr<File> file_;
    };

public:
    explicit SlowEcho(Process& process) {
        auto opened = process.disk(0).open("/echoed", OpenMode::create_if_none);
        EXPECT_TRUE(opened) << opened.error().detail;
        if (opened) file_ = std::move(*opened);
    }
    std::unique_ptr<net::Session> open(Shard& shard, const net::ConnectionInfo&) override {
        return std::make_unique<EchoSession>(shard, file_);
    }

private:
    std::shared_ptr<File> file_;
};

class ServerProgram final : public Program {
public:
    explicit ServerProgram(Process& process)
        : service_(process), server_({}, places(process), service_) {
        const auto listening = server_.listen({{.name = "SIM", .endpoint = {"", kPort}}});
        EXPECT_TRUE(listening) << listening.error().detail;
    }

private:
    static std::vector<net::ShardAndTransport> places(Process& process) {
        std::vector<net::ShardAndTransport> all;
        for (std::size_t i = 0; i < process.shards(); ++i)
            all.push_back({&process.shard(i), &process.transport(i), &process.disk(i)});
        return all;
    }
    SlowEcho service_;
    net::Server server_;
};

struct Told {
    std::uint64_t replies = 0;
    std::uint64_t broken = 0;
    std::uint64_t done = 0;
    std::vector<std::string> violations;
};

constexpr std::uint64_t kClients = 5;
constexpr std::uint64_t kRequests = 60;

std::string request(std::uint64_t client, std::uint64_t number) {
    SeededRandom random(client, "request " + std::to_string(number));
    const std::size_t size = number % 10 == 0 ? random.below(30'000) : random.below(200);
    return fmt::format("{} {} ", client, number) + std::string(size, 'x');
}

/// Sends what is outstanding from `first` on and takes replies until all have come or it breaks.
Task<std::uint64_t> use(Shard& shard, ByteStream& stream, std::uint64_t client, std::uint64_t first,
                        Told& told) {
    std::string out;
    std::uint64_t sent = first;
    for (; sent < first + 20 && sent < kRequests; ++sent) out += framed(request(client, sent));
    std::string in;
    std::array<std::byte, 3000> buffer;
    const MonoTime deadline = shard.now() + seconds(20);
    while (first < sent) {
        const std::array pieces{as_bytes(out)};
        if (!out.empty()) {
            const IoResult put = stream.write(pieces);
            if (put.status == IoStatus::failed) co_return first;
            out.erase(0, put.bytes);
        }
        const IoResult got = stream.read(buffer);
        if (got.status == IoStatus::failed || got.status == IoStatus::end) co_return first;
        in += as_text(BytesView(buffer).first(got.bytes));
        while (in.size() >= 4) {
            const auto size = static_cast<std::size_t>(load_be<std::int32_t>(as_bytes(in).data()));
            if (in.size() < 4 + size) break;
            if (in.substr(4, size) != request(client, first))
                told.violations.push_back(
                    fmt::format("'{}' for request {} of {}", in.substr(4, 20), first, client));
            in.erase(0, 4 + size);
            ++first;
            ++told.replies;
        }
        if (got.status == IoStatus::would_block && first < sent) {
            // There may be room to write before there is something to read: look often.
            const MonoTime soon = out.empty() ? deadline : shard.now() + milliseconds(5);
            if (co_await runtime::readable(shard, stream, soon) == Waited::cancelled ||
                shard.now() >= deadline)
                co_return first;
        }
    }
    co_return first;
}

Task<> client(Shard& shard, Transport& transport, std::uint64_t number, Told& told) {
    std::uint64_t next = 0;
    while (next < kRequests) {
        auto stream = co_await runtime::connect(shard, transport, {"server", kPort},
                                                shard.now() + seconds(5));
        while (stream && next < kRequests) {
            const std::uint64_t reached = co_await use(shard, **stream, number, next, told);
            const bool broke = reached < kRequests && reached < next + 20;
            next = reached;
            if (!broke) continue;
            ++told.broken;
            break;
        }
        if (co_await runtime::sleep_until(shard, shard.now() + milliseconds(100)) ==
            Waited::cancelled)
            co_return;
    }
    ++told.done;
}

class Clients final : public Program {
public:
    Clients(Process& process, Told& told) {
        for (std::uint64_t number = 0; number < kClients; ++number)
            runtime::spawn(process.shard(0), "client",
                           client(process.shard(0), process.transport(0), number, told));
    }
};

std::uint64_t run_seed(std::uint64_t seed, Told& told) {
    World world({.seed = seed,
                 .disk = {.cold_read = 300'000},
                 .network = {.delay_max = milliseconds(2), .piecemeal = 300'000, .reset = 2'000}});
    SeededRandom random = world.random("faults");
    const auto server = world.add_process(
        "server", 2, [](Process& process) { return std::make_unique<ServerProgram>(process); });
    const auto clients = world.add_process("clients", 1, [&told](Process& process) {
        return std::make_unique<Clients>(process, told);
    });
    world.start(server);
    world.start(clients);
    for (int round = 0; round < 10; ++round) {
        world.crash_at_call(server, random.between(1, 300),
                            random.chance(500'000) ? CrashKind::process : CrashKind::power);
        world.run_for(random.between(milliseconds(10), milliseconds(300)));
        if (!world.running(server)) world.start(server);
    }
    world.crash_at_call(server, 0, CrashKind::process);
    world.set_faults(NetworkFaults{});
    world.run_for(minutes(5), [&told] { return told.done == kClients; });
    return world.digest();
}

TEST(ServerInSim, AnswersInOrderThroughCrashesAndReplaysToTheSameDigest) {
    std::uint64_t broken = 0;
    for (std::uint64_t seed = 1; seed <= 40; ++seed) {
        Told first;
        Told second;
        const std::uint64_t digest = run_seed(seed, first);
        ASSERT_EQ(digest, run_seed(seed, second)) << "seed " << seed;
        ASSERT_THAT(first.violations, testing::IsEmpty()) << "seed " << seed;
        ASSERT_EQ(first.done, kClients) << "seed " << seed << ": clients do not come to their end";
        ASSERT_EQ(first.replies, kClients * kRequests) << "seed " << seed;
        broken += first.broken;
    }
    EXPECT_GT(broken, 100U) << "connections do break";
}

}  // namespace
}  // namespace moldau::sim
