// A node whose disk fails it for a while: what it answers meanwhile, and what comes back when.
#include "node_process.hpp"

#include "moldau/base/ports/transport.hpp"
#include "moldau/client/connection.hpp"
#include "moldau/protocol/messages/create_topics.hpp"
#include "moldau/protocol/messages/delete_records.hpp"
#include "moldau/protocol/messages/delete_topics.hpp"
#include "moldau/protocol/messages/fetch.hpp"
#include "moldau/protocol/messages/metadata.hpp"
#include "moldau/protocol/messages/produce.hpp"
#include "moldau/record/builder.hpp"
#include "moldau/runtime/wait.hpp"

#include <gtest/gtest.h>

#include <array>
#include <map>
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
    enum class What : std::uint8_t { nothing, create, remove, produce, fetch, trim, find };
    What what = What::nothing;
    // An error's name; of a fetch also how many bytes came, of a search who leads.
    std::string answer;
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
        if (what == Errand::What::remove) co_return co_await remove();
        if (what == Errand::What::produce) co_return co_await produce();
        if (what == Errand::What::trim) co_return co_await trim();
        if (what == Errand::What::find) co_return co_await find();
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

    Task<std::string> remove() {
        protocol::DeleteTopicsRequest request;
        request.timeout_ms = 2000;
        request.topic_names.push_back(errand_.topic);
        auto reply =
            co_await connection_->ask<protocol::DeleteTopicsResponse>(request, deadline(), 5);
        if (!reply) co_return "closed";
        co_return std::string(name(reply->message.responses.front().error_code));
    }

    /// All records that are there.
    Task<std::string> trim() {
        protocol::DeleteRecordsRequest request;
        request.timeout_ms = 2000;
        auto& topic = request.topics.emplace_back();
        topic.name = errand_.topic;
        topic.partitions.emplace_back().offset = -1;
        auto reply =
            co_await connection_->ask<protocol::DeleteRecordsResponse>(request, deadline());
        if (!reply) co_return "closed";
        co_return std::string(name(reply->message.topics.front().partitions.front().error_code));
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

    Task<std::string> find() {
        protocol::MetadataRequest request;
        request.topics.emplace().emplace_back().name = errand_.topic;
        request.allow_auto_topic_creation = false;
        auto reply = co_await connection_->ask<protocol::MetadataResponse>(request, deadline());
        if (!reply) co_return "closed";
        const auto& topic = reply->message.topics.front();
        if (topic.error_code != ErrorCode::none) co_return std::string(name(topic.error_code));
        const auto& partition = topic.partitions.front();
        if (partition.error_code != ErrorCode::none) {
            const bool is_offline = partition.offline_replicas == partition.replica_nodes;
            co_return std::string(name(partition.error_code)) + (is_offline ? ", offline" : "");
        }
        co_return "led by " + std::to_string(partition.leader_id);
    }

    MonoTime deadline() const { return shard_.now() + seconds(5); }

    runtime::Shard& shard_;
    Transport& transport_;
    Errand& errand_;
    std::shared_ptr<client::Connection> connection_;
};

struct Fixture {
    explicit Fixture(const std::string& log_dirs = "/data")
        : overlays{config::Overlay{.key = "log.dirs", .value = log_dirs, .source = "test"}} {
        node = world.add_process("node", 2, [this](Process& process) {
            return std::make_unique<NodeProgram>(process, life, overlays);
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

    void restart() {
        if (world.running(node)) world.crash(node, CrashKind::process);
        world.start(node);
        world.run_for(seconds(5), [this] { return life.is_serving || !life.gave_up.empty(); });
    }
    /// Whether the topic's partition lies in this log directory.
    bool holds(const std::string& directory, const std::string& topic) {
        return life.process->disk(0)
            .open(directory + "/" + topic + "-0/partition.metadata", OpenMode::read_only)
            .has_value();
    }

    std::array<config::Overlay, 1> overlays;
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
    f.restart();
    EXPECT_EQ(f.told(What::fetch), "73 bytes");
}

/// Creates these topics, a record in each; by the log directory they lie in.
std::map<std::string, std::vector<std::string>> spread(Fixture& f,
                                                       const std::vector<std::string>& topics) {
    std::map<std::string, std::vector<std::string>> placed;
    for (const std::string& topic : topics) {
        EXPECT_EQ(f.told(What::create, topic), "NONE");
        EXPECT_EQ(f.told(What::produce, topic), "NONE");
        placed[f.holds("/more", topic) ? "/more" : "/data"].push_back(topic);
    }
    return placed;
}

TEST(NodeOnABadDisk, AWriteThatFailsTakesTheLogDirectoryOfflineAndNoOther) {
    Fixture f("/data,/more");
    auto placed = spread(f, {"a", "b", "c", "d"});
    const std::vector<std::string>& there = placed["/more"];
    const std::vector<std::string>& apart = placed["/data"];
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
        EXPECT_TRUE(f.holds("/data", topic)) << "new partitions go where they can be kept";
    }
    f.world.run_for(seconds(100));
    EXPECT_EQ(f.told(What::produce, there[0]), "KAFKA_STORAGE_ERROR") << "it is not tried again";
    EXPECT_EQ(f.life.gave_up, "");

    f.restart();
    EXPECT_EQ(f.told(What::fetch, there[1]), "73 bytes");
    EXPECT_EQ(f.told(What::produce, there[0]), "NONE");
}

TEST(NodeOnABadDisk, NothingComesOnlineInALogDirectoryThatFailsWhileItsLogsAreOpened) {
    Fixture f("/data,/more");
    auto placed = spread(f, {"a", "b", "c", "d", "e", "f"});
    ASSERT_EQ(placed["/more"].size(), 3U);
    f.world.crash(f.node, CrashKind::process);
    // What is recovered is synced, and that fails.
    const std::string below = "/more/" + placed["/more"][1];
    f.world.set_faults(DiskFaults{.sync_error = kAlways, .below = below});
    f.restart();
    f.world.run_for(seconds(1));
    f.world.set_faults(DiskFaults{});
    for (const std::string& topic : placed["/more"])
        EXPECT_EQ(f.told(What::produce, topic), "KAFKA_STORAGE_ERROR") << topic;
    for (const std::string& topic : placed["/data"])
        EXPECT_EQ(f.told(What::produce, topic), "NONE") << topic;
}

TEST(NodeOnABadDisk, ASyncOfTheLogDirectoryItselfOrOfItsCheckpointsThatFailsTakesItOffline) {
    for (const char* below : {"/more/recovery-point-offset-checkpoint", "/more"}) {
        SCOPED_TRACE(below);
        Fixture f("/data,/more");
        auto placed = spread(f, {"a", "b", "c", "d"});
        f.world.set_faults(DiskFaults{.sync_error = kAlways, .below = below});
        f.world.run_for(seconds(1));  // checkpoints are written each 150 ms
        f.world.set_faults(DiskFaults{});
        EXPECT_EQ(f.told(What::produce, placed["/more"][0]), "KAFKA_STORAGE_ERROR");
        EXPECT_EQ(f.told(What::produce, placed["/data"][0]), "NONE");
    }
}

TEST(NodeOnABadDisk, ALogDirectoryThatIsNotThereAtTheNextStartIsNotBegunAnew) {
    Fixture f("/data,/more");
    auto placed = spread(f, {"a", "b", "c", "d"});
    f.world.crash(f.node, CrashKind::process);
    // As when a volume is not mounted: the place is there, and empty.
    f.overlays[0].value = "/data,/other";
    f.restart();
    for (const std::string& topic : placed["/more"]) {
        EXPECT_EQ(f.told(What::fetch, topic), "KAFKA_STORAGE_ERROR");
        EXPECT_EQ(f.told(What::produce, topic), "KAFKA_STORAGE_ERROR");
    }
    for (const std::string& topic : placed["/data"])
        EXPECT_EQ(f.told(What::fetch, topic), "73 bytes");
    EXPECT_EQ(f.told(What::create, "new"), "NONE");
    EXPECT_EQ(f.told(What::produce, "new"), "NONE");
    f.world.crash(f.node, CrashKind::process);
    f.overlays[0].value = "/data,/more,/other";
    f.restart();
    for (const std::string& topic : placed["/more"])
        EXPECT_EQ(f.told(What::fetch, topic), "73 bytes");
}

TEST(NodeOnABadDisk, ADeadLogDirectoryDoesNotKeepTheNodeFromStarting) {
    Fixture f("/data,/more");
    auto placed = spread(f, {"a", "b", "c", "d"});
    f.world.crash(f.node, CrashKind::process);
    f.world.set_faults(DiskFaults{.read_error = kAlways, .open_error = kAlways, .below = "/more"});
    f.restart();
    f.world.set_faults(DiskFaults{});
    EXPECT_EQ(f.life.gave_up, "");
    EXPECT_EQ(f.told(What::find, placed["/more"][0]), "LEADER_NOT_AVAILABLE, offline");
    EXPECT_EQ(f.told(What::produce, placed["/more"][0]), "KAFKA_STORAGE_ERROR");
    EXPECT_EQ(f.told(What::produce, placed["/data"][0]), "NONE");
    f.restart();
    EXPECT_EQ(f.told(What::fetch, placed["/more"][0]), "73 bytes");
}

TEST(NodeOnABadDisk, ATopicMadeAnewAfterItsDirectoryFailedKeepsWhatItWasGivenThen) {
    Fixture f("/data,/more");
    auto placed = spread(f, {"a", "b", "c", "d"});
    const std::string topic = placed["/more"][0];
    f.restart();
    f.world.set_faults(DiskFaults{.write_error = kAlways, .below = "/more"});
    EXPECT_EQ(f.told(What::produce, topic), "KAFKA_STORAGE_ERROR");
    EXPECT_EQ(f.told(What::remove, topic), "NONE");
    EXPECT_EQ(f.told(What::create, topic), "NONE");
    EXPECT_EQ(f.told(What::produce, topic), "NONE");
    EXPECT_EQ(f.told(What::produce, topic), "NONE");
    f.world.set_faults(DiskFaults{});
    f.restart();
    EXPECT_EQ(f.told(What::fetch, topic), "146 bytes");
    EXPECT_FALSE(f.holds("/more", topic)) << "the old one is set aside";
}

TEST(NodeOnABadDisk, AFullLogDirectoryDoesNotHoldUpTheOthers) {
    Fixture f("/data,/more");
    auto placed = spread(f, {"a", "b", "c", "d"});
    // The checkpoints of the first cannot be written; those of the second are.
    f.world.set_faults(DiskFaults{.bytes_max = 1, .below = "/data/recovery-point"});
    EXPECT_EQ(f.told(What::produce, placed["/more"][0]), "NONE");
    EXPECT_EQ(f.told(What::trim, placed["/more"][0]), "NONE");
    EXPECT_EQ(f.told(What::trim, placed["/data"][0]), "KAFKA_STORAGE_ERROR");
    f.world.set_faults(DiskFaults{});
    EXPECT_EQ(f.told(What::trim, placed["/data"][0]), "NONE");
}

TEST(NodeOnABadDisk, WhatLiesInALogDirectoryThatFailsHasNoLeaderUntilTheNextStart) {
    Fixture f("/data,/more");
    auto placed = spread(f, {"a", "b", "c", "d"});
    const std::string kept = placed["/data"][0];
    for (const auto& [_, topics] : placed) {
        for (const std::string& topic : topics) EXPECT_EQ(f.told(What::find, topic), "led by 1");
    }
    f.world.set_faults(DiskFaults{.write_error = kAlways, .below = "/more"});
    EXPECT_EQ(f.told(What::produce, placed["/more"][0]), "KAFKA_STORAGE_ERROR");
    f.world.set_faults(DiskFaults{});
    f.world.run_for(milliseconds(100));
    for (const std::string& topic : placed["/more"])
        EXPECT_EQ(f.told(What::find, topic), "LEADER_NOT_AVAILABLE, offline");
    EXPECT_EQ(f.told(What::find, kept), "led by 1");
    EXPECT_EQ(f.told(What::produce, placed["/more"][1]), "KAFKA_STORAGE_ERROR")
        << "whoever asks all the same hears why";
    EXPECT_EQ(f.told(What::produce, kept), "NONE");
    EXPECT_EQ(f.told(What::create, "later"), "NONE");
    EXPECT_EQ(f.told(What::find, "later"), "led by 1");

    f.world.crash(f.node, CrashKind::process);
    f.restart();
    for (const auto& [_, topics] : placed) {
        for (const std::string& topic : topics) {
            EXPECT_EQ(f.told(What::find, topic), "led by 1");
            EXPECT_EQ(f.told(What::produce, topic), "NONE");
        }
    }
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
    f.restart();
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
