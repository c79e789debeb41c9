// A node whose disk fails it for a while: what it answers meanwhile, and what comes back when.
#include "node_process.hpp"

#include "moldau/base/ports/transport.hpp"
#include "moldau/client/connection.hpp"
#include "moldau/protocol/messages/create_topics.hpp"
#include "moldau/protocol/messages/fetch.hpp"
#include "moldau/protocol/messages/produce.hpp"
#include "moldau/record/builder.hpp"
#include "moldau/runtime/wait.hpp"

#include <gtest/gtest.h>

#include <array>
#include <memory>
#include <span>
#include <string>
#include <vector>

namespace moldau::sim {
namespace {

using runtime::Task;
using std::chrono::milliseconds;
using std::chrono::seconds;

constexpr std::uint32_t kAlways = 1'000'000;
constexpr std::int16_t kByName = 12;

/// What a client is to do, and what it was told.
struct Errand {
    enum class What : std::uint8_t { nothing, create, produce, fetch };
    What what = What::nothing;
    std::string answer;  // an error's name; of a fetch also how many bytes came
    std::string topic = "t";
};

/// Does one errand after another, over one connection as long as it holds.
class Client final : public Program {
public:
    Client(Process& process, Errand& errand)
        : shard_(process.shard(0)), transport_(process.transport(0)), errand_(errand) {
        runtime::spawn(shard_, "client", run(*this));
    }

private:
    static Task<> run(Client& self) {
        while (co_await runtime::sleep_until(self.shard_, self.shard_.now() + milliseconds(5)) !=
               runtime::Waited::cancelled) {
            if (self.errand_.what == Errand::What::nothing) continue;
            const std::string answer = co_await self.carry_out(self.errand_.what);
            self.errand_.what = Errand::What::nothing;
            self.errand_.answer = answer;
        }
    }

    Task<std::string> carry_out(Errand::What what) {
        if (connection_ == nullptr || !connection_->is_open()) {
            auto opened = co_await client::Connection::open(shard_, transport_, {"10.0.0.1", 9092},
                                                            {}, deadline());
            if (!opened) co_return "no connection";
            connection_ = std::move(*opened);
        }
        if (what == Errand::What::create) co_return co_await create();
        if (what == Errand::What::produce) co_return co_await produce();
        co_return co_await fetch();
    }

    Task<std::string> create() {
        protocol::CreateTopicsRequest request;
        request.timeout_ms = 2000;
        auto& topic = request.topics.emplace_back();
        topic.name = errand_.topic;
        topic.num_partitions = 1;
        topic.replication_factor = 1;
        auto reply = co_await connection_->ask<protocol::CreateTopicsResponse>(request, deadline());
        if (!reply) co_return "closed";
        co_return std::string(name(reply->message.topics.front().error_code));
    }

    Task<std::string> produce() {
        record::BatchBuilder builder;
        record::Packer packer;
        builder.start({});
        if (!builder.append({.timestamp = shard_.clock().wall(), .value = as_bytes("value")}))
            co_return "no batch";
        const Bytes batch = builder.finish(packer);
        protocol::ProduceRequest request;
        request.acks = 1;
        request.timeout_ms = 2000;
        auto& topic = request.topic_data.emplace_back();
        topic.name = errand_.topic;
        topic.partition_data.emplace_back().records = batch.view();
        auto reply =
            co_await connection_->ask<protocol::ProduceResponse>(request, deadline(), kByName);
        if (!reply) co_return "closed";
        co_return std::string(
            name(reply->message.responses.front().partition_responses.front().error_code));
    }

    Task<std::string> fetch() {
        protocol::FetchRequest request;
        request.max_bytes = 10'000;
        request.session_epoch = -1;
        auto& topic = request.topics.emplace_back();
        topic.topic = errand_.topic;
        topic.partitions.emplace_back().partition_max_bytes = 10'000;
        auto reply =
            co_await connection_->ask<protocol::FetchResponse>(request, deadline(), kByName);
        if (!reply) co_return "closed";
        const auto& partition = reply->message.responses.front().partitions.front();
        if (partition.error_code != ErrorCode::none)
            co_return std::string(name(partition.error_code));
        co_return std::to_string(partition.records.value_or(BytesView()).size()) + " bytes";
    }

    MonoTime deadline() const { return shard_.now() + seconds(5); }

    runtime::Shard& shard_;
    Transport& transport_;
    Errand& errand_;
    std::shared_ptr<client::Connection> connection_;
};

struct Fixture {
    explicit Fixture(const std::string& log_dirs = "/data")
        : settings{config::Overlay{.key = "log.dirs", .value = log_dirs, .source = "test"}} {
        node = world.add_process("node", 2, [this](Process& process) {
            return std::make_unique<NodeProgram>(process, life, settings);
        });
        world.start(node);
        world.start(world.add_process("client", 1, [this](Process& process) {
            return std::make_unique<Client>(process, errand);
        }));
        world.run_for(seconds(5), [this] { return life.is_serving; });
    }

    void ask(Errand::What what, const std::string& topic = "t") {
        errand = {.what = what, .answer = {}, .topic = topic};
    }
    std::string answer() {
        world.run_for(seconds(20), [this] { return !errand.answer.empty(); });
        return errand.answer;
    }
    std::string told(Errand::What what, const std::string& topic = "t") {
        ask(what, topic);
        return answer();
    }

    const std::array<config::Overlay, 1> settings;
    World world{{.seed = 1, .disk = {}, .network = {}}};
    NodeLife life;
    Errand errand;
    ProcessId node = 0;
};

using What = Errand::What;

TEST(NodeOnABadDisk, OpensLaterByItselfWhatItHadNoDescriptorFor) {
    Fixture f;
    f.world.set_faults(DiskFaults{.open_error = kAlways});
    EXPECT_EQ(f.told(What::create), "NONE");
    EXPECT_EQ(f.told(What::produce), "KAFKA_STORAGE_ERROR");
    f.world.run_for(seconds(100));
    EXPECT_EQ(f.told(What::fetch), "KAFKA_STORAGE_ERROR");
    f.world.set_faults(DiskFaults{});
    // The pause between two tries has grown by now, but not for ever.
    f.world.run_for(seconds(61));
    EXPECT_EQ(f.told(What::produce), "NONE");
    EXPECT_EQ(f.told(What::fetch), "73 bytes");
}

TEST(NodeOnABadDisk, WhatTheDeviceDoesNotGiveIsToldAndTakesTheLogOffline) {
    Fixture f;
    EXPECT_EQ(f.told(What::create), "NONE");
    EXPECT_EQ(f.told(What::produce), "NONE");
    const DiskFaults cold{
        .latency_min = milliseconds(100), .latency_max = milliseconds(100), .cold_read = kAlways};
    f.world.set_faults(cold);
    EXPECT_EQ(f.told(What::fetch), "73 bytes");
    // The place is found, and then the bytes are not to be had.
    f.ask(What::fetch);
    f.world.run_for(milliseconds(150));
    DiskFaults failing = cold;
    failing.read_error = kAlways;
    f.world.set_faults(failing);
    EXPECT_EQ(f.answer(), "KAFKA_STORAGE_ERROR");
    f.world.set_faults(DiskFaults{});
    f.world.run_for(seconds(100));
    EXPECT_EQ(f.told(What::fetch), "KAFKA_STORAGE_ERROR") << "it is not believed again";
    EXPECT_EQ(f.told(What::produce), "KAFKA_STORAGE_ERROR");
    f.world.crash(f.node, CrashKind::process);
    f.world.start(f.node);
    f.world.run_for(seconds(5), [&f] { return f.life.is_serving; });
    EXPECT_EQ(f.told(What::fetch), "73 bytes");
}

TEST(NodeOnABadDisk, AWriteThatFailsTakesTheLogDirectoryOfflineAndNoOther) {
    Fixture f("/data,/more");
    Disk& disk = f.life.process->disk(0);
    const auto holds = [&disk](const std::string& directory, const std::string& topic) {
        return disk.open(directory + "/" + topic + "-0/partition.metadata", OpenMode::read_only)
            .has_value();
    };
    std::vector<std::string> there, apart;
    for (const char* topic : {"a", "b", "c", "d"}) {
        EXPECT_EQ(f.told(What::create, topic), "NONE");
        EXPECT_EQ(f.told(What::produce, topic), "NONE");
        (holds("/more", topic) ? there : apart).emplace_back(topic);
    }
    ASSERT_EQ(there.size(), 2U);

    f.world.set_faults(DiskFaults{.write_error = kAlways, .below = "/more"});
    EXPECT_EQ(f.told(What::produce, there[0]), "KAFKA_STORAGE_ERROR");
    f.world.set_faults(DiskFaults{});
    EXPECT_EQ(f.told(What::produce, there[1]), "KAFKA_STORAGE_ERROR")
        << "nothing there is believed";
    EXPECT_EQ(f.told(What::fetch, there[1]), "KAFKA_STORAGE_ERROR");
    EXPECT_EQ(f.told(What::produce, apart[0]), "NONE");
    EXPECT_EQ(f.told(What::fetch, apart[0]), "146 bytes");
    for (const char* topic : {"e", "f", "g"}) {
        EXPECT_EQ(f.told(What::create, topic), "NONE");
        EXPECT_TRUE(holds("/data", topic)) << "new partitions go where they can be kept";
    }
    f.world.run_for(seconds(100));
    EXPECT_EQ(f.told(What::produce, there[0]), "KAFKA_STORAGE_ERROR") << "it is not tried again";
    EXPECT_EQ(f.life.gave_up, "");

    f.world.crash(f.node, CrashKind::process);
    f.world.start(f.node);
    f.world.run_for(seconds(5), [&f] { return f.life.is_serving; });
    EXPECT_EQ(f.told(What::fetch, there[1]), "73 bytes");
    EXPECT_EQ(f.told(What::produce, there[0]), "NONE");
}

TEST(NodeOnABadDisk, WithoutALogDirectoryTheNodeStops) {
    Fixture f;
    EXPECT_EQ(f.told(What::create), "NONE");
    f.world.set_faults(DiskFaults{.write_error = kAlways, .below = "/data/t-0"});
    EXPECT_EQ(f.told(What::produce), "KAFKA_STORAGE_ERROR");
    f.world.run_for(seconds(1), [&f] { return !f.life.gave_up.empty(); });
    EXPECT_NE(f.life.gave_up.find("input/output error"), std::string::npos) << f.life.gave_up;
}

TEST(NodeAfterAKill, NotesAtOnceThatWhatItRecoveredIsDurable) {
    Fixture f;
    EXPECT_EQ(f.told(What::create), "NONE");
    EXPECT_EQ(f.told(What::produce), "NONE");
    f.world.crash(f.node, CrashKind::process);
    f.world.start(f.node);
    f.world.run_for(seconds(5), [&f] { return f.life.is_serving; });
    f.world.run_for(milliseconds(50));  // the next checkpoint by time is at 150
    Disk& disk = f.life.process->disk(0);
    const auto file = disk.open("/data/recovery-point-offset-checkpoint", OpenMode::read_only);
    ASSERT_TRUE(file);
    std::string text(100, ' ');
    const auto got = (*file)->try_read(0, std::as_writable_bytes(std::span(text)));
    ASSERT_TRUE(got);
    EXPECT_EQ(text.substr(0, got->bytes), "0\n1\nt 0 1\n");
}

}  // namespace
}  // namespace moldau::sim
