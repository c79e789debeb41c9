// The simulated disk: what a crash keeps, and that every fault it offers does strike.
#include "world_fixture.hpp"

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <optional>
#include <set>
#include <string>
#include <vector>

namespace moldau::sim {
namespace {

using runtime::Shard;
using runtime::Task;
using std::chrono::seconds;

/// One machine whose program is a function over its disk, run anew at each start.
class Machine {
public:
    using Step = std::function<Task<>(Shard&, Disk&)>;

    explicit Machine(std::uint64_t seed = 1, DiskFaults faults = {})
        : world_({.seed = seed, .disk = faults}) {
        id_ = add(world_, "machine", [this](Process& p) {
            runtime::spawn(p.shard(0), "step", step_(p.shard(0), p.disk(0)));
        });
    }
    void run(Step step) {
        step_ = std::move(step);
        world_.start(id_);
        world_.run_for(seconds(10));
    }
    void crash(CrashKind kind) { world_.crash(id_, kind); }
    World& world() { return world_; }
    ProcessId id() const { return id_; }

private:
    Step step_;
    World world_;
    ProcessId id_ = 0;
};

DiskResult<> put(File& file, std::uint64_t at, std::string_view text) {
    const std::array pieces{as_bytes(text)};
    return file.write(at, pieces);
}

std::string text_of(File& file) {
    std::string text(file.size().value_or(0), '?');
    const auto got = file.try_read(0, {reinterpret_cast<std::byte*>(text.data()), text.size()});
    return got && !got->would_block ? text.substr(0, got->bytes) : "unreadable";
}

Task<> writes(Shard& shard, Disk& disk, std::string text, bool sync_file, bool sync_name) {
    auto file = disk.open("/log", OpenMode::create_if_none);
    EXPECT_TRUE(file && put(**file, 0, text));
    if (sync_file) {
        const auto synced = co_await runtime::sync(shard, **file);
        EXPECT_TRUE(synced);
    }
    if (sync_name) {
        const auto synced = co_await runtime::sync_directory(shard, disk, "/");
        EXPECT_TRUE(synced);
    }
}

Task<> looks(Disk& disk, std::optional<std::string>& found) {
    auto file = disk.open("/log", OpenMode::read_only);
    found = file ? std::optional(text_of(**file)) : std::nullopt;
    co_return;
}

std::optional<std::string> after_crash(Machine& machine, CrashKind kind) {
    machine.crash(kind);
    std::optional<std::string> found;
    machine.run([&found](Shard&, Disk& disk) { return looks(disk, found); });
    return found;
}

Machine::Step writing(std::string text, bool sync_file, bool sync_name) {
    return
        [=](Shard& shard, Disk& disk) { return writes(shard, disk, text, sync_file, sync_name); };
}

TEST(SimDisk, KeepsThePageCacheWhenOnlyTheProcessDies) {
    Machine machine;
    machine.run(writing("hello", false, false));
    EXPECT_EQ(after_crash(machine, CrashKind::process), "hello");
}

TEST(SimDisk, KeepsWhatWasSyncedWithItsNameThroughEveryLossOfPower) {
    for (std::uint64_t seed = 1; seed <= 200; ++seed) {
        Machine machine(seed);
        machine.run(writing("hello", true, true));
        ASSERT_EQ(after_crash(machine, CrashKind::power), "hello") << seed;
    }
}

TEST(SimDisk, MayLoseANameWhoseDirectoryWasNotSynced) {
    std::set<bool> seen;
    for (std::uint64_t seed = 1; seed <= 200; ++seed) {
        Machine machine(seed);
        machine.run(writing("hello", true, false));
        const auto found = after_crash(machine, CrashKind::power);
        seen.insert(found.has_value());
        if (found) ASSERT_EQ(*found, "hello") << "the file was synced: seed " << seed;
    }
    EXPECT_EQ(seen.size(), 2U) << "both outcomes are legal, and both must be met";
}

// Overwrites a durable file of several pages without a sync and loses power.
TEST(SimDisk, LosesUnsyncedSectorsInAnyOrderAndNeverTearsOne) {
    const std::string before(8 * 4096, 'o');
    const std::string after(8 * 4096, 'n');
    bool lost_all = false;
    bool hole = false;
    bool torn_page = false;
    for (std::uint64_t seed = 1; seed <= 300; ++seed) {
        Machine machine(seed);
        machine.run(writing(before, true, true));
        machine.crash(CrashKind::process);
        machine.run(writing(after, false, false));
        const auto found = after_crash(machine, CrashKind::power);
        ASSERT_TRUE(found);
        ASSERT_EQ(found->size(), before.size());
        std::string sectors;
        for (std::size_t at = 0; at < found->size(); at += 512) {
            const std::string sector = found->substr(at, 512);
            ASSERT_TRUE(sector == std::string(512, 'o') || sector == std::string(512, 'n'));
            sectors += sector[0];
        }
        lost_all = lost_all || sectors.find('n') == std::string::npos;
        hole = hole || sectors.find("on") != std::string::npos;
        for (std::size_t page = 0; page < 8; ++page) {
            const std::string of_page = sectors.substr(page * 8, 8);
            torn_page = torn_page || of_page.find_first_not_of(of_page[0]) != std::string::npos;
        }
    }
    EXPECT_TRUE(lost_all && hole && torn_page) << lost_all << hole << torn_page;
}

TEST(SimDisk, MayKeepAnyPartOfAnUnsyncedAppend) {
    std::set<std::size_t> sizes;
    for (std::uint64_t seed = 1; seed <= 200; ++seed) {
        Machine machine(seed);
        machine.run(writing("hello", true, true));
        machine.crash(CrashKind::process);
        machine.run(writing("hello" + std::string(3000, 'x'), false, false));
        const auto found = after_crash(machine, CrashKind::power);
        ASSERT_TRUE(found && found->size() >= 5 && found->size() <= 3005) << seed;
        ASSERT_TRUE(found->substr(0, 5) == "hello") << seed;
        sizes.insert(found->size());
    }
    EXPECT_GT(sizes.size(), 10U) << "not only all or nothing";
}

Task<> renames(Shard& shard, Disk& disk, bool sync_name) {
    auto made = disk.open("/log.tmp", OpenMode::create_new);
    EXPECT_TRUE(made && put(**made, 0, "new"));
    const auto synced = co_await runtime::sync(shard, **made);
    EXPECT_TRUE(synced);
    EXPECT_TRUE(disk.rename("/log.tmp", "/log"));
    if (sync_name) {
        const auto named = co_await runtime::sync_directory(shard, disk, "/");
        EXPECT_TRUE(named);
    }
}

TEST(SimDisk, UndoesARenameUnlessTheDirectoryWasSynced) {
    std::set<std::string> unsynced;
    for (std::uint64_t seed = 1; seed <= 100; ++seed) {
        for (const bool sync_name : {false, true}) {
            Machine machine(seed);
            machine.run(writing("old", true, true));
            machine.crash(CrashKind::process);
            machine.run([=](Shard& shard, Disk& disk) { return renames(shard, disk, sync_name); });
            const auto found = after_crash(machine, CrashKind::power);
            ASSERT_TRUE(found) << "a rename replaces in one step";
            if (sync_name) ASSERT_EQ(*found, "new");
            if (!sync_name) unsynced.insert(*found);
        }
    }
    EXPECT_EQ(unsynced, (std::set<std::string>{"new", "old"}));
}

Task<> syncs_twice(Shard& shard, Disk& disk, std::vector<bool>& outcomes) {
    auto file = disk.open("/log", OpenMode::existing);
    EXPECT_TRUE(file && put(**file, 0, "HELLO"));
    for (int i = 0; i < 2; ++i) {
        const auto synced = co_await runtime::sync(shard, **file);
        outcomes.push_back(synced.has_value());
        if (!synced) EXPECT_EQ(synced.error().fault, DiskFault::failed);
    }
}

TEST(SimDisk, SaysOkAfterAFailedSyncAndTheDataAreGone) {
    bool seen = false;
    for (std::uint64_t seed = 1; seed <= 200 && !seen; ++seed) {
        Machine machine(seed);
        machine.run(writing("hello", true, true));
        machine.crash(CrashKind::process);
        DiskFaults faults;
        faults.sync_error = 500'000;
        machine.world().set_faults(faults);
        std::vector<bool> outcomes;
        machine.run([&](Shard& shard, Disk& disk) { return syncs_twice(shard, disk, outcomes); });
        if (outcomes != std::vector<bool>{false, true}) continue;
        seen = true;
        EXPECT_EQ(after_crash(machine, CrashKind::power), "hello");
    }
    EXPECT_TRUE(seen);
}

Task<> fills(Disk& disk, std::vector<DiskFault>& faults) {
    auto file = disk.open("/log", OpenMode::create_new);
    EXPECT_TRUE(file && put(**file, 0, std::string(900, 'x')));
    const auto more = put(**file, 900, std::string(200, 'y'));
    if (!more) faults.push_back(more.error().fault);
    EXPECT_EQ(text_of(**file), std::string(900, 'x')) << "reads go on";
    const auto preallocated = (*file)->preallocate(1001);
    if (!preallocated) faults.push_back(preallocated.error().fault);
    EXPECT_EQ(disk.space("/")->bytes_free, 100U);
    EXPECT_TRUE((*file)->truncate(0));
    EXPECT_TRUE(put(**file, 0, std::string(1000, 'z')));
    EXPECT_TRUE(disk.remove("/log"));
    EXPECT_EQ(disk.space("/")->bytes_free, 1000U);
    co_return;
}

TEST(SimDisk, RefusesWritesWhenFullAndTakesThemAgainWhenThereIsRoom) {
    Machine machine(1, {.bytes_max = 1000});
    std::vector<DiskFault> faults;
    machine.run([&](Shard&, Disk& disk) { return fills(disk, faults); });
    EXPECT_THAT(faults, testing::ElementsAre(DiskFault::no_space, DiskFault::no_space));
}

Task<> fails_everywhere(Shard& shard, Disk& disk, std::set<std::string>& seen) {
    auto file = disk.open("/log", OpenMode::create_if_none);
    if (!file) {
        if (file.error().fault == DiskFault::out_of_descriptors) seen.insert("open");
        co_return;
    }
    if (!put(**file, 0, "hello")) seen.insert("write");
    std::array<std::byte, 5> buffer{};
    const auto tried = (*file)->try_read(0, buffer);
    if (!tried) seen.insert("try_read");
    if (tried && tried->would_block) seen.insert("cold");
    if (tried && !tried->would_block && as_text(buffer) != "hello") seen.insert("flip");
    const auto read = co_await runtime::read(shard, **file, 0, 5);
    if (!read) seen.insert("read");
    const auto synced = co_await runtime::sync(shard, **file);
    if (!synced) seen.insert("sync");
}

TEST(SimDisk, StrikesWithEveryFaultItOffers) {
    std::set<std::string> seen;
    for (std::uint64_t seed = 1; seed <= 200; ++seed) {
        Machine machine(seed, {.write_error = 100'000,
                               .read_error = 100'000,
                               .sync_error = 100'000,
                               .open_error = 100'000,
                               .cold_read = 100'000,
                               .flip = 100'000});
        machine.run([&](Shard& shard, Disk& disk) { return fails_everywhere(shard, disk, seen); });
    }
    EXPECT_EQ(seen,
              (std::set<std::string>{"open", "write", "try_read", "cold", "flip", "read", "sync"}));
}

Task<> names(Disk& disk) {
    EXPECT_TRUE(disk.create_directories("/a/b"));
    EXPECT_TRUE(disk.create_directories("/a/b"));
    EXPECT_TRUE(disk.open("/a/x", OpenMode::create_new));
    EXPECT_EQ(disk.open("/a/x", OpenMode::create_new).error().fault, DiskFault::exists);
    EXPECT_EQ(disk.open("/a/y", OpenMode::existing).error().fault, DiskFault::not_found);
    EXPECT_EQ(disk.open("/none/y", OpenMode::create_new).error().fault, DiskFault::not_found);
    EXPECT_EQ(disk.open("/a/b", OpenMode::existing).error().fault, DiskFault::denied);
    EXPECT_THAT(*disk.list("/a"),
                testing::ElementsAre(DirectoryEntry{"b", true}, DirectoryEntry{"x", false}));
    EXPECT_EQ(disk.remove("/a").error().fault, DiskFault::exists);
    EXPECT_TRUE(disk.remove("/a/b"));
    EXPECT_TRUE(disk.rename("/a/x", "/a/z"));
    EXPECT_THAT(*disk.list("/a"), testing::ElementsAre(DirectoryEntry{"z", false}));
    EXPECT_EQ(disk.list("/a/b").error().fault, DiskFault::not_found);
    auto lock = disk.lock("/a/lock");
    EXPECT_TRUE(lock);
    EXPECT_EQ(disk.lock("/a/lock").error().fault, DiskFault::locked);
    lock->reset();
    EXPECT_TRUE(disk.lock("/a/lock"));
    co_return;
}

TEST(SimDisk, KnowsNamesAsTheRealOneDoes) {
    Machine machine;
    machine.run([](Shard&, Disk& disk) { return names(disk); });
}

Task<> asks_what_is_hot(Shard& shard, Disk& disk, std::array<int, 3>& told) {
    auto opened = disk.open("/log", OpenMode::create_if_none);
    const std::shared_ptr<File> file = std::move(*opened);
    EXPECT_TRUE(put(*file, 0, std::string(10'000, 'x')));
    for (int i = 0; i < 100; ++i) {
        const std::size_t hot = file->in_memory(0, 10'000);
        ++told[hot == 0 ? 0 : hot < 10'000 ? 1 : 2];
    }
    const auto brought = co_await runtime::bring_in(shard, disk, {file, 5'000, 100});
    EXPECT_TRUE(brought);
}

TEST(SimDisk, WhatIsInMemoryIsNoneSomeOrAllOfIt) {
    std::array<int, 3> told{};
    Machine sometimes_cold(1, {.cold_read = 500'000});
    sometimes_cold.run([&](Shard& s, Disk& d) { return asks_what_is_hot(s, d, told); });
    EXPECT_THAT(told, testing::Each(testing::Gt(10)));
    Machine hot;
    told = {};
    hot.run([&](Shard& s, Disk& d) { return asks_what_is_hot(s, d, told); });
    EXPECT_THAT(told, testing::ElementsAre(0, 0, 100));
}

}  // namespace
}  // namespace moldau::sim
