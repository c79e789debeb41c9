// Log directories at the start of a node, on the simulated disk: it knows directories, and crashes.
#include "storage.hpp"

#include "data_directories.hpp"

#include "moldau/log/files/partition_metadata.hpp"
#include "moldau/log/log_directory.hpp"
#include "moldau/log/small_files.hpp"
#include "moldau/runtime/disk_wait.hpp"
#include "moldau/runtime/ending.hpp"
#include "moldau/sim/world.hpp"

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace moldau::broker {
namespace {

using runtime::Task;
using testing::ElementsAre;
using testing::HasSubstr;

/// A machine whose processes do one thing each.
class Machine {
public:
    using Step = std::function<Task<>(runtime::Shard&, Disk&)>;

    Machine() {
        id_ = world_.add_process("machine", 1, [this](sim::Process& process) {
            runtime::spawn(process.shard(0), "step", step_(process.shard(0), process.disk(0)));
            return std::make_unique<sim::Program>();
        });
    }
    void run(Step step, sim::CrashKind end = sim::CrashKind::process) {
        step_ = std::move(step);
        world_.start(id_);
        world_.run_for(std::chrono::seconds(5));
        world_.crash(id_, end);
    }

    static StorageRules rules(std::vector<std::string> paths, bool formats_itself = true) {
        return {.paths = std::move(paths),
                .failures = {},
                .metadata = 0,
                .node_id = 1,
                .formats_itself = formats_itself,
                .features = {{"metadata.version", metadata::kMetadataVersionMost}},
                .controller_listeners = {}};
    }
    /// What a start says: the cluster's id, or why not.
    std::string open(StorageRules rules, sim::CrashKind end = sim::CrashKind::process) {
        std::string said = "nothing";
        run([&](runtime::Shard& shard,
                Disk& disk) -> Task<> { return open_into(shard, disk, rules, said, last); },
            end);
        return said;
    }
    void put(const std::string& path, const std::string& text) {
        run([&](runtime::Shard& shard, Disk& disk) -> Task<> {
            return put_file(shard, disk, path, text);
        });
    }
    bool exists(const std::string& directory, const std::string& name) {
        bool found = false;
        run([&](runtime::Shard&, Disk& disk) -> Task<> {
            return look(disk, directory, name, found);
        });
        return found;
    }

    std::optional<Storage> last;

private:
    static Task<> open_into(runtime::Shard& shard, Disk& disk, StorageRules rules,
                            std::string& said, std::optional<Storage>& last) {
        const std::vector<std::string> paths = rules.paths;
        Result<DataDirectories> held = DataDirectories::hold(disk, paths);
        if (!held) {
            said = held.error().detail;
            co_return;
        }
        Result<Storage> storage = co_await open_storage(shard, disk, std::move(rules));
        last.reset();
        said = storage ? storage->cluster_id : storage.error().detail;
        if (storage) last = std::move(*storage);
    }
    static Task<> put_file(runtime::Shard& shard, Disk& disk, std::string path, std::string text) {
        const std::string directory = path.substr(0, path.rfind('/'));
        EXPECT_TRUE(disk.create_directories(directory));
        runtime::Ending<DiskResult<>> written(shard);
        log::replace_file(disk, path, Bytes::copy_of(as_bytes(text)), written.done());
        EXPECT_TRUE(co_await written.wait());
    }
    static Task<> look(Disk& disk, std::string directory, std::string name, bool& found) {
        const auto entries = disk.list(directory);
        found =
            entries && std::ranges::find(*entries, name, &DirectoryEntry::name) != entries->end();
        co_return;
    }

    sim::World world_{{}};
    sim::ProcessId id_ = 0;
    Step step_;
};

std::string properties(const std::string& cluster, int node, const std::string& directory) {
    return "version=1\ncluster.id=" + cluster + "\nnode.id=" + std::to_string(node) +
           "\ndirectory.id=" + directory + "\n";
}

TEST(Storage, TheImplicitNodeFormatsItselfOnceAndForAll) {
    Machine machine;
    const std::string cluster = machine.open(Machine::rules({"/var/lib/moldau"}));
    ASSERT_TRUE(machine.last) << cluster;
    EXPECT_TRUE(machine.exists("/var/lib/moldau", "bootstrap.checkpoint"));
    EXPECT_TRUE(machine.exists("/var/lib/moldau", "meta.properties"));
    EXPECT_TRUE(machine.exists("/var/lib/moldau/__cluster_metadata-0",
                               "00000000000000000000-0000000000.checkpoint"));
    EXPECT_EQ(machine.open(Machine::rules({"/var/lib/moldau"})), cluster);
}

TEST(Storage, WhatWasFormattedSurvivesALossOfPowerWithTheNamesAboveIt) {
    Machine machine;
    const std::string cluster =
        machine.open(Machine::rules({"/var/lib/moldau"}), sim::CrashKind::power);
    ASSERT_TRUE(machine.last) << cluster;
    EXPECT_EQ(machine.open(Machine::rules({"/var/lib/moldau"})), cluster);
}

TEST(Storage, WhereItMayNotFormatItSaysHowTo) {
    Machine machine;
    EXPECT_THAT(machine.open(Machine::rules({"/data"}, false)),
                HasSubstr("/data is not formatted; run: moldau storage format"));
}

TEST(Storage, ADirectoryWithSomebodysFilesIsNotTaken) {
    Machine machine;
    machine.put("/data/photo.jpg", "x");
    EXPECT_THAT(machine.open(Machine::rules({"/data"})), HasSubstr("is not empty"));
    EXPECT_TRUE(machine.exists("/data", "photo.jpg"));
    EXPECT_FALSE(machine.exists("/data", "meta.properties"));
}

TEST(Storage, AFormattingThatACrashEndedBeginsAnew) {
    Machine machine;
    machine.put("/data/bootstrap.checkpoint", "half of it");
    machine.put("/data/meta.properties.tmp", "");
    machine.open(Machine::rules({"/data"}));
    EXPECT_TRUE(machine.last);
}

TEST(Storage, AnEmptyDirectoryBesideFormattedOnesIsTakenIntoUse) {
    Machine machine;
    const std::string cluster = machine.open(Machine::rules({"/a"}));
    EXPECT_EQ(machine.open(Machine::rules({"/a", "/b"})), cluster);
    ASSERT_TRUE(machine.last);
    EXPECT_NE(machine.last->directories[0].id(), machine.last->directories[1].id());
    EXPECT_FALSE(machine.exists("/b", "bootstrap.checkpoint")) << "only where the metadata are";
}

TEST(Storage, RefusesDirectoriesOfAnotherClusterAnotherNodeAndACopy) {
    Machine machine;
    const std::string cluster = machine.open(Machine::rules({"/a", "/b"}));
    ASSERT_TRUE(machine.last);
    const std::string first = machine.last->directories[0].id().to_string();

    machine.put("/b/meta.properties", properties("5L6g3nShT-eMCtK--X86sw", 1, first));
    EXPECT_THAT(machine.open(Machine::rules({"/a", "/b"})), HasSubstr("belongs to cluster"));
    machine.put("/b/meta.properties", properties(cluster, 1, first));
    EXPECT_THAT(machine.open(Machine::rules({"/a", "/b"})), HasSubstr("of another log directory"));
    StorageRules other = Machine::rules({"/a"});
    other.node_id = 2;
    EXPECT_THAT(machine.open(other), HasSubstr("belongs to node 1, but node.id=2"));
}

TEST(Storage, RefusesPropertiesThatAreBroken) {
    Machine machine;
    machine.put("/data/meta.properties", "version=9\n");
    EXPECT_THAT(machine.open(Machine::rules({"/data"})), HasSubstr("version"));
    EXPECT_FALSE(machine.last);
}

TEST(LogDirectories, TellsPartitionsFromWhatIsToBeRemovedAndTakesTheCleanMarkerAway) {
    Machine machine;
    machine.open(Machine::rules({"/data"}));
    machine.put("/data/orders-0/00000000000000000000.log", "");
    machine.put("/data/orders-1.0123456789abcdef0123456789abcdef-delete/00000000000000000000.log",
                "");
    machine.put("/data/orders-2.0123456789abcdef0123456789abcdef-stray/00000000000000000000.log",
                "");
    machine.put("/data/.kafka_cleanshutdown", R"({"version":0,"brokerEpoch":7})");
    machine.put("/data/recovery-point-offset-checkpoint", "0\n1\norders 0 12\n");
    machine.put("/data/log-start-offset-checkpoint", "nonsense");
    machine.open(Machine::rules({"/data"}));
    ASSERT_TRUE(machine.last);
    const LogDirectory& found = machine.last->directories[0];
    EXPECT_THAT(found.partitions, ElementsAre("__cluster_metadata-0", "orders-0"));
    EXPECT_THAT(found.doomed, ElementsAre("orders-1.0123456789abcdef0123456789abcdef-delete"));
    ASSERT_TRUE(found.clean);
    EXPECT_EQ(found.clean->broker_epoch, 7);
    ASSERT_TRUE(found.recovery_points.contains("orders-0"));
    EXPECT_EQ(found.recovery_points.at("orders-0"), Offset{12});
    EXPECT_TRUE(found.log_starts.empty()) << "a broken checkpoint only costs time";

    machine.open(Machine::rules({"/data"}));
    ASSERT_TRUE(machine.last);
    EXPECT_FALSE(machine.last->directories[0].clean) << "it counts for one start";
}

/// What mend_moves() makes of these files, and which are there then.
struct Mended {
    ReplicaMovesLeft moves;
    std::vector<std::string> names;  // of /data, then of /more
    std::vector<std::string> doomed;
};
Mended mended(const std::vector<std::string>& files) {
    Machine machine;
    machine.open(Machine::rules({"/data", "/more"}));
    for (const std::string& each : files) machine.put(each, each);
    machine.open(Machine::rules({"/data", "/more"}));
    Mended result;
    machine.run([&](runtime::Shard& shard, Disk& disk) -> Task<> {
        const auto mend = [](runtime::Shard& here, Disk& on, Storage& storage,
                             Mended& to) -> Task<> {
            Result<ReplicaMovesLeft> moves = co_await mend_moves(here, on, storage.directories);
            EXPECT_TRUE(moves);
            if (moves) to.moves = std::move(*moves);
            for (const LogDirectory& each : storage.directories) {
                const auto entries = on.list(each.path);
                for (const DirectoryEntry& entry : *entries)
                    if (entry.name.starts_with("t-"))
                        to.names.push_back(each.path + "/" + entry.name);
                for (const std::string& name : each.doomed) to.doomed.push_back(name);
            }
        };
        return mend(shard, disk, *machine.last, result);
    });
    return result;
}

constexpr const char* kNumber = "0123456789abcdef0123456789abcdef";

TEST(MendMoves, ACopyThatWasGrowingGoesAndIsToBeMadeAnew) {
    const std::string copy = fmt::format("/more/t-0.{}-future", kNumber);
    const Mended one = mended({"/data/t-0/0.log", copy + "/0.log"});
    EXPECT_THAT(one.names, ElementsAre("/data/t-0"));
    EXPECT_EQ(one.moves, (ReplicaMovesLeft{{"t-0", 1}}));
}

TEST(MendMoves, AReplicaThatHasGivenUpItsNameGetsItBack) {
    const std::string aside = fmt::format("/data/t-0.{}-delete", kNumber);
    const std::string other = "/data/t-0.fedcba9876543210fedcba9876543210-delete";
    const std::string copy = fmt::format("/more/t-0.{}-future", kNumber);
    const Mended one = mended({aside + "/0.log", other + "/0.log", copy + "/0.log"});
    EXPECT_THAT(one.names, ElementsAre("/data/t-0", other));
    EXPECT_THAT(one.doomed, ElementsAre("t-0.fedcba9876543210fedcba9876543210-delete"));
    EXPECT_EQ(one.moves, (ReplicaMovesLeft{{"t-0", 1}}));
}

TEST(MendMoves, ACopyThatHasTheNameIsTheReplica) {
    const std::string aside = fmt::format("/data/t-0.{}-delete", kNumber);
    const Mended one = mended({aside + "/0.log", "/more/t-0/0.log"});
    EXPECT_THAT(one.names, ElementsAre(aside, "/more/t-0"));
    EXPECT_THAT(one.doomed, ElementsAre(fmt::format("t-0.{}-delete", kNumber)));
    EXPECT_TRUE(one.moves.empty());
}

Task<> give_names(runtime::Shard& shard, Disk& disk, int partitions) {
    EXPECT_TRUE(co_await runtime::sync_directory(shard, disk, "/more"));
    for (int i = 0; i < partitions; ++i) {
        EXPECT_TRUE(disk.rename(fmt::format("/more/t-{}.{}-future", i, kNumber),
                                fmt::format("/more/t-{}", i)));
    }
}

Task<> mend_and_fail(runtime::Shard& shard, Disk& disk, Storage& storage) {
    EXPECT_TRUE(co_await mend_moves(shard, disk, storage.directories));
}

TEST(MendMoves, NamesThatCopiesGotBeforeAKillOutliveThePowerThatFailsAfterTheStart) {
    constexpr int kPartitions = 20;
    Machine machine;
    machine.open(Machine::rules({"/data", "/more"}));
    machine.put(fmt::format("/data/t-0.{}-delete/0.log", kNumber), "the replica that was");
    for (int i = 0; i < kPartitions; ++i)
        machine.put(fmt::format("/more/t-{}.{}-future/0.log", i, kNumber), "all of it");
    machine.run([](runtime::Shard& shard, Disk& disk) -> Task<> {
        return give_names(shard, disk, kPartitions);
    });
    machine.open(Machine::rules({"/data", "/more"}));
    machine.run([&](runtime::Shard& shard,
                    Disk& disk) -> Task<> { return mend_and_fail(shard, disk, *machine.last); },
                sim::CrashKind::power);
    for (int i = 0; i < kPartitions; ++i)
        EXPECT_TRUE(machine.exists("/more", fmt::format("t-{}", i))) << i;
}

TEST(MendMoves, WhatIsNoCopyOfAnythingIsLeftAlone) {
    const std::string alone = fmt::format("/more/t-7.{}-future", kNumber);
    const Mended one = mended({"/data/t-0/0.log", alone + "/0.log", "/more/t-future/0.log"});
    EXPECT_THAT(one.names, ElementsAre("/data/t-0", alone, "/more/t-future"));
    EXPECT_TRUE(one.moves.empty());
}

TEST(LogDirectories, ANewPartitionGoesWhereThereAreFewest) {
    std::vector<LogDirectory> all;
    all.push_back({.path = "/a", .partitions = {"orders-0", "orders-1"}});
    all.push_back({.path = "/b", .partitions = {"orders-2"}});
    const LogDirectories directories(std::move(all));
    EXPECT_EQ(directories.find("orders-1", Uuid{1, 1}), 0U);
    EXPECT_EQ(directories.find("orders-2", Uuid{1, 1}), 1U);
    EXPECT_FALSE(directories.find("new-0", Uuid{1, 1}));
    EXPECT_EQ(directories.place_new(), 1U);
    EXPECT_EQ(directories.place_new(), 0U);
    EXPECT_EQ(directories.place_new(), 1U);
    directories.gone(0);
    directories.gone(0);
    EXPECT_EQ(directories.place_new(), 0U) << "what is gone does not count";
    directories.gone(1);
    EXPECT_TRUE(directories.fail(1));
    EXPECT_FALSE(directories.fail(1)) << "it was said before";
    EXPECT_EQ(directories.place_new(), 0U);
    EXPECT_EQ(directories.place_new(), 0U) << "nothing comes where nothing is believed";
    EXPECT_FALSE(directories.have_all_failed());
    EXPECT_TRUE(directories.fail(0));
    EXPECT_TRUE(directories.have_all_failed());
}

/// What find_twins() says of these directories of partitions: their topics by name, or the error.
std::string twins(const std::vector<std::pair<std::string, Uuid>>& partitions) {
    Machine machine;
    machine.open(Machine::rules({"/data", "/more"}));
    for (const auto& [path, topic] : partitions) {
        machine.put(path + "/0.log", "records");
        if (topic != Uuid{})
            machine.put(path + "/partition.metadata",
                        log::write_partition_metadata({.topic_id = topic}));
    }
    machine.open(Machine::rules({"/data", "/more"}));
    std::string said;
    machine.run([&](runtime::Shard& shard, Disk& disk) -> Task<> {
        const auto find = [](runtime::Shard& here, Disk& on, const Storage& storage,
                             std::string& to) -> Task<> {
            Result<Twins> found = co_await find_twins(here, on, storage.directories);
            if (!found) {
                to = found.error().detail;
                co_return;
            }
            const LogDirectories all(storage.directories, *found);
            for (const Uuid& topic : {Uuid{1, 1}, Uuid{2, 2}, Uuid{3, 3}}) {
                const auto place = all.find("t-0", topic);
                to += place ? std::to_string(*place) : "-";
            }
        };
        return find(shard, disk, *machine.last, said);
    });
    return said;
}

TEST(Twins, TheDirectoryOfTheTopicItselfCountsAmongThoseOfItsName) {
    EXPECT_EQ(twins({{"/data/t-0", {1, 1}}, {"/more/t-0", {2, 2}}}), "01-");
    EXPECT_EQ(twins({{"/data/t-0", {2, 2}}, {"/more/t-0", {1, 1}}}), "10-");
    EXPECT_EQ(twins({{"/data/t-0", {1, 1}}}), "000") << "the log sees whose it is";
    EXPECT_EQ(twins({{"/data/t-0", {1, 1}}, {"/more/t-0", {}}}), "011")
        << "a new one that was just made";
    EXPECT_EQ(twins({{"/data/t-0", {1, 1}}, {"/more/t-0", {1, 1}}}),
              "/more/t-0 and /data/t-0 are the same partition's");
}

TEST(Storage, ALogDirectoryThatCannotBeHadIsLeftOutUnlessItIsTheMetadatas) {
    Machine machine;
    machine.open(Machine::rules({"/data", "/more"}));
    StorageRules rules = Machine::rules({"/data", "/more"});
    rules.failures = {std::nullopt, Error{ErrorCode::kafka_storage_error, "it burns"}};
    machine.open(rules);
    ASSERT_TRUE(machine.last);
    EXPECT_FALSE(machine.last->directories[0].failure);
    EXPECT_EQ(machine.last->directories[1].failure->detail, "it burns");
    EXPECT_TRUE(LogDirectories(machine.last->directories).is_failed(1));
    rules.metadata = 1;
    EXPECT_EQ(machine.open(rules), "it burns");
}

TEST(LogDirectories, ANewPartitionKeepsOutOfWhatIsCordonedWhileThereIsAnother) {
    std::vector<LogDirectory> all;
    all.push_back({.path = "/a", .partitions = {"orders-0"}});
    all.push_back({.path = "/b"});
    all.push_back({.path = "/c"});
    const LogDirectories directories(std::move(all));
    EXPECT_FALSE(directories.set_cordoned(1, false)) << "it was not before";
    EXPECT_TRUE(directories.set_cordoned(1, true));
    EXPECT_TRUE(directories.is_cordoned(1));
    EXPECT_EQ(directories.place_new(), 2U);
    EXPECT_TRUE(directories.fail(2));
    EXPECT_EQ(directories.place_new(), 0U);
    EXPECT_EQ(directories.place_new(), 0U);
    EXPECT_TRUE(directories.set_cordoned(0, true));
    EXPECT_EQ(directories.place_new(), 1U) << "what is here all the same, not where all fails";
    EXPECT_TRUE(directories.set_cordoned(0, false));
    EXPECT_EQ(directories.place_new(), 0U);
}

}  // namespace
}  // namespace moldau::broker
