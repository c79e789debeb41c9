#include "moldau/io/system_disk.hpp"

#include "support/lone_shard.hpp"
#include "support/temporary_directory.hpp"

#include "moldau/base/ports/file_slice.hpp"
#include "moldau/runtime/disk_wait.hpp"
#include "moldau/runtime/shards.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <array>
#include <cstddef>
#include <fcntl.h>
#include <filesystem>
#include <future>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <optional>
#include <string>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

namespace moldau::io {
namespace {

using runtime::Shard;
using runtime::Task;
using testing::ElementsAre;
using testing::HasSubstr;

DirectoryEntry file_named(std::string name) {
    return {std::move(name), false};
}

/// How many descriptors this process has of the file that the system calls `name`.
std::size_t descriptors_of(const std::string& name) {
    std::size_t count = 0;
    for (const auto& entry : std::filesystem::directory_iterator("/proc/self/fd")) {
        std::error_code none;  // the descriptor of the listing itself is gone again
        if (std::filesystem::read_symlink(entry.path(), none) == name) ++count;
    }
    return count;
}

class SystemDiskTest : public testing::Test {
protected:
    std::string path(const std::string& name) const { return directory_.path() + "/" + name; }
    std::unique_ptr<File> open(const std::string& name, OpenMode mode = OpenMode::create_if_none) {
        auto file = disk_->open(path(name), mode);
        EXPECT_TRUE(file) << file.error().detail;
        return file ? std::move(*file) : nullptr;
    }
    static DiskResult<> write(File& file, std::uint64_t at, std::string_view text) {
        const std::array pieces{as_bytes(text.substr(0, 1)), BytesView(), as_bytes(text.substr(1))};
        return file.write(at, pieces);
    }
    /// Runs the shard until a submitted operation has ended.
    template <class T>
    T until_set(std::optional<T>& result) {
        while (!result) {
            shard_.poll_one();
            std::this_thread::yield();
        }
        return std::move(*result);
    }
    std::string read(File& file, std::uint64_t at, std::size_t count) {
        std::optional<DiskResult<Bytes>> result;
        file.read(at, count, [&](DiskResult<Bytes> got) { result.emplace(std::move(got)); });
        EXPECT_FALSE(result) << "never inside the call";
        const auto bytes = until_set(result);
        return bytes ? std::string(as_text(*bytes)) : bytes.error().detail;
    }
    DiskResult<> sync(File& file) {
        std::optional<DiskResult<>> result;
        file.sync([&](DiskResult<> got) { result.emplace(std::move(got)); });
        return until_set(result);
    }

    support::TemporaryDirectory directory_;
    support::SteadyClock clock_;
    support::CountingRandom random_;
    support::LinesSink sink_;
    Shard shard_{{}, clock_, random_, sink_};
    runtime::WorkerPool pool_{{.name = "disk", .threads = 2}};
    std::unique_ptr<Disk> disk_ = make_system_disk(shard_, pool_);
};

TEST_F(SystemDiskTest, ReadsWhatItHasWrittenInPieces) {
    auto file = open("log");
    ASSERT_TRUE(write(*file, 0, "hello"));
    ASSERT_TRUE(write(*file, 5, " world"));
    EXPECT_EQ(read(*file, 0, 100), "hello world");
    EXPECT_EQ(read(*file, 6, 3), "wor");
    EXPECT_EQ(read(*file, 100, 3), "");
    EXPECT_EQ(*file->size(), 11U);
    EXPECT_TRUE(sync(*file));
}

TEST_F(SystemDiskTest, WritesMorePiecesThanOneCallTakes) {
    auto file = open("log");
    std::string all;
    for (int i = 0; i < 3000; ++i) all += static_cast<char>('a' + i % 26);
    std::vector<BytesView> pieces;
    for (const char& letter : all) pieces.push_back(as_bytes({&letter, 1}));
    ASSERT_TRUE(file->write(7, pieces));
    EXPECT_EQ(read(*file, 7, 5000), all);
}

TEST_F(SystemDiskTest, TriesToReadWithoutWaitingAndFillsAllOrNothing) {
    auto file = open("log");
    ASSERT_TRUE(write(*file, 0, "hello"));
    std::array<std::byte, 10> buffer;
    const auto got = file->try_read(1, buffer);
    ASSERT_TRUE(got);
    // A file system that cannot tell (or has written the page out) is allowed to say "would block".
    if (!got->would_block) {
        EXPECT_EQ(as_text(BytesView(buffer).first(got->bytes)), "ello");
    } else {
        EXPECT_EQ(got->bytes, 0U);
    }
}

TEST_F(SystemDiskTest, TruncatesAndPreallocatesWithZeros) {
    auto file = open("log");
    ASSERT_TRUE(write(*file, 0, "hello"));
    ASSERT_TRUE(file->truncate(2));
    ASSERT_TRUE(file->preallocate(5));
    EXPECT_EQ(read(*file, 0, 10), std::string("he\0\0\0", 5));
    ASSERT_TRUE(file->preallocate(3)) << "never makes it shorter";
    EXPECT_EQ(*file->size(), 5U);
}

// To ext4 it is more than nothing: closing such a file would write all of it to the device.
TEST_F(SystemDiskTest, TruncatingToTheSizeThatItHasIsNothing) {
    auto file = open("log");
    const std::array<timespec, 2> long_ago{timespec{.tv_sec = 1'000, .tv_nsec = 0},
                                           timespec{.tv_sec = 1'000, .tv_nsec = 0}};
    ASSERT_EQ(utimensat(AT_FDCWD, path("log").c_str(), long_ago.data(), 0), 0);
    ASSERT_TRUE(file->truncate(0));
    struct stat status{};
    ASSERT_EQ(stat(path("log").c_str(), &status), 0);
    EXPECT_EQ(status.st_mtim.tv_sec, 1'000) << "the system was asked to truncate";
    ASSERT_TRUE(file->truncate(1));
    ASSERT_EQ(stat(path("log").c_str(), &status), 0);
    EXPECT_NE(status.st_mtim.tv_sec, 1'000);
}

TEST_F(SystemDiskTest, ARemovedFilesRoomIsGivenBackByThePool) {
    std::promise<void> goes_on;
    runtime::WorkerPool pool({.name = "one", .threads = 1});
    ASSERT_TRUE(pool.submit([waits = goes_on.get_future()] { waits.wait(); }));
    auto disk = make_system_disk(shard_, pool);
    auto file = disk->open(path("log"), OpenMode::create_new);
    ASSERT_TRUE(file);
    const std::array pieces{as_bytes("hello")};
    ASSERT_TRUE((*file)->write(0, pieces));
    const std::size_t before = descriptors_of(path("log") + " (deleted)");
    ASSERT_TRUE(disk->remove(path("log")));
    EXPECT_TRUE(disk->list(directory_.path())->empty());
    file->reset();
    EXPECT_EQ(before, 0U);
    EXPECT_EQ(descriptors_of(path("log") + " (deleted)"), 2U) << "the name's and the file's";
    goes_on.set_value();
    pool.stop();
    EXPECT_EQ(descriptors_of(path("log") + " (deleted)"), 0U);
}

TEST_F(SystemDiskTest, TellsWhatIsInMemoryAndBringsInWhatIsNot) {
    auto file = open("log");
    ASSERT_TRUE(write(*file, 0, std::string(3'000'000, 'x')));
    // A file system in memory may say of nothing that it is there.
    if (file->in_memory(0, 3'000'000) == 0) GTEST_SKIP() << "this file system does not tell";
    EXPECT_EQ(file->in_memory(0, 3'000'000), 3'000'000U);
    EXPECT_EQ(file->in_memory(4095, 2), 2U);
    EXPECT_EQ(file->in_memory(2'999'999, 1), 1U) << "the last page is not a whole one";
    EXPECT_EQ(file->in_memory(5, 0), 0U);
    ASSERT_TRUE(sync(*file));
    ASSERT_EQ(::posix_fadvise(file->descriptor(), 0, 0, POSIX_FADV_DONTNEED), 0);
    if (file->in_memory(0, 3'000'000) > 0) GTEST_SKIP() << "nor forgets it on demand";

    const std::shared_ptr<File> shared = std::move(file);
    const auto bring_in = [&](std::uint64_t at, std::size_t count) {
        std::optional<DiskResult<>> done;
        disk_->bring_in({shared, at, count}, [&](DiskResult<> got) { done.emplace(got); });
        EXPECT_FALSE(done) << "never inside the call";
        return until_set(done);
    };
    ASSERT_TRUE(bring_in(1'000'000, 100'000));
    EXPECT_EQ(shared->in_memory(1'000'000, 100'000), 100'000U);
    EXPECT_EQ(shared->in_memory(1'000'000, 2'000'000), 65'536U) << "a part of it";
    EXPECT_EQ(shared->in_memory(2'900'000, 1'000), 0U);
    ASSERT_TRUE(bring_in(2'900'000, 1'000'000)) << "what there is of it";
    EXPECT_EQ(shared->in_memory(2'900'000, 100'000), 100'000U);
    EXPECT_EQ(shared->in_memory(2'900'000, 1'000'000), 65'536U);
}

/// From here on the kernel has no cachestat(2), as before Linux 6.5 and in some sandboxes.
void forbid_cachestat() {
    std::array rules{
        sock_filter BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(seccomp_data, nr)),
        sock_filter BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, 451, 0, 1),
        sock_filter BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | ENOSYS),
        sock_filter BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
    };
    const sock_fprog program{rules.size(), rules.data()};
    if (::prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0 ||
        ::prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program) != 0)
        ::_exit(2);
}

TEST_F(SystemDiskTest, TellsWhatIsInMemoryAlsoWithoutCachestat) {
    GTEST_FLAG_SET(death_test_style, "threadsafe");
    auto file = open("log");
    ASSERT_TRUE(write(*file, 0, std::string(3'000'000, 'x')));
    if (file->in_memory(0, 1) == 0) GTEST_SKIP() << "this file system does not tell";
    ASSERT_TRUE(sync(*file));
    const auto looks_right = [&] {
        forbid_cachestat();
        const bool hot = file->in_memory(0, 3'000'000) == 3'000'000;
        const bool forgot =
            ::posix_fadvise(file->descriptor(), 1'000'000, 1'000'000, POSIX_FADV_DONTNEED) == 0;
        // One that cannot be made to forget is not asked further.
        const bool hole =
            file->in_memory(0, 3'000'000) == 65'536 && file->in_memory(1'100'000, 9) == 0;
        std::array<std::byte, 1> byte;
        const auto still_there = file->try_read(1'500'000, byte);
        ::_exit(hot && forgot && (hole || !still_there->would_block) ? 0 : 1);
    };
    EXPECT_EXIT(looks_right(), testing::ExitedWithCode(0), "");
}

TEST_F(SystemDiskTest, BringsInTheFilesOfOtherShardsAndAnswersOnItsOwn) {
    runtime::Shards shards(
        {.count = 1}, clock_,
        [](std::size_t) { return std::make_unique<support::CountingRandom>(); }, sink_);
    const auto theirs = make_system_disk(shards[0], pool_);
    auto opened = theirs->open(path("log"), OpenMode::create_new);
    ASSERT_TRUE(opened);
    ASSERT_TRUE(write(**opened, 0, "hello"));
    std::optional<DiskResult<>> done;
    disk_->bring_in({std::move(*opened), 0, 5}, [&](DiskResult<> got) { done.emplace(got); });
    EXPECT_TRUE(until_set(done)) << "this thread's shard has run it";
    pool_.stop();
    shards.stop();
}

TEST_F(SystemDiskTest, TellsFaultsApart) {
    EXPECT_EQ(disk_->open(path("none"), OpenMode::existing).error().fault, DiskFault::not_found);
    EXPECT_EQ(disk_->open(path("none"), OpenMode::read_only).error().fault, DiskFault::not_found);
    open("log");
    EXPECT_EQ(disk_->open(path("log"), OpenMode::create_new).error().fault, DiskFault::exists);
    EXPECT_EQ(disk_->open(path("log") + "/below", OpenMode::create_new).error().fault,
              DiskFault::denied);
    EXPECT_EQ(disk_->create_directories(path("log") + "/below").error().fault, DiskFault::denied);
    EXPECT_EQ(disk_->list(path("none")).error().fault, DiskFault::not_found);
    EXPECT_EQ(disk_->remove(path("none")).error().fault, DiskFault::not_found);
    EXPECT_EQ(disk_->rename(path("none"), path("b")).error().fault, DiskFault::not_found);
    EXPECT_EQ(disk_->space(path("none")).error().fault, DiskFault::not_found);
    const DiskError error = disk_->open(path("none"), OpenMode::existing).error();
    EXPECT_THAT(error.detail, HasSubstr(path("none")));
    EXPECT_EQ(Error(error).code, ErrorCode::kafka_storage_error);
}

TEST_F(SystemDiskTest, SaysNoSpaceWhenAFileMayNotGrow) {
    rlimit before{};
    ASSERT_EQ(getrlimit(RLIMIT_FSIZE, &before), 0);
    std::signal(SIGXFSZ, SIG_IGN);
    auto file = open("log");
    rlimit small = before;
    small.rlim_cur = 4096;
    ASSERT_EQ(setrlimit(RLIMIT_FSIZE, &small), 0);
    const DiskResult<> written = write(*file, 4096, "too far");
    ASSERT_EQ(setrlimit(RLIMIT_FSIZE, &before), 0);
    ASSERT_FALSE(written);
    EXPECT_EQ(written.error().fault, DiskFault::no_space);
}

TEST_F(SystemDiskTest, SaysSoWhenDescriptorsRunOut) {
    rlimit before{};
    ASSERT_EQ(getrlimit(RLIMIT_NOFILE, &before), 0);
    rlimit small = before;
    small.rlim_cur = 64;
    ASSERT_EQ(setrlimit(RLIMIT_NOFILE, &small), 0);
    std::vector<std::unique_ptr<File>> files;
    DiskResult<std::unique_ptr<File>> file = disk_->open(path("log"), OpenMode::create_if_none);
    while (file && files.size() < 100) {
        files.push_back(std::move(*file));
        file = disk_->open(path("log"), OpenMode::create_if_none);
    }
    ASSERT_EQ(setrlimit(RLIMIT_NOFILE, &before), 0);
    ASSERT_FALSE(file);
    EXPECT_EQ(file.error().fault, DiskFault::out_of_descriptors);
}

TEST_F(SystemDiskTest, ListsRenamesAndRemovesNames) {
    ASSERT_TRUE(disk_->create_directories(path("a/b/c")));
    ASSERT_TRUE(disk_->create_directories(path("a/b/c"))) << "again";
    open("a/new");
    open("a/old");
    ASSERT_TRUE(disk_->rename(path("a/new"), path("a/old")));
    EXPECT_THAT(*disk_->list(path("a")), ElementsAre(DirectoryEntry{"b", true}, file_named("old")));
    EXPECT_EQ(disk_->remove(path("a/b")).error().fault, DiskFault::exists) << "it is not empty";
    ASSERT_TRUE(disk_->remove(path("a/b/c")));
    ASSERT_TRUE(disk_->remove(path("a/b")));
    ASSERT_TRUE(disk_->remove(path("a/old")));
    EXPECT_TRUE(disk_->list(path("a"))->empty());
    std::optional<DiskResult<>> synced;
    disk_->sync_directory(path("a"), [&](DiskResult<> got) { synced.emplace(std::move(got)); });
    EXPECT_TRUE(until_set(synced));
    synced.reset();
    disk_->sync_directory(path("z"), [&](DiskResult<> got) { synced.emplace(std::move(got)); });
    EXPECT_EQ(until_set(synced).error().fault, DiskFault::not_found);
}

TEST_F(SystemDiskTest, TellsHowMuchRoomThereIs) {
    const auto space = disk_->space(directory_.path());
    ASSERT_TRUE(space);
    EXPECT_GT(space->bytes_total, 0U);
    EXPECT_LE(space->bytes_free, space->bytes_total);
}

TEST_F(SystemDiskTest, LocksOnceUntilTheLockIsGone) {
    auto lock = disk_->lock(path(".lock"));
    ASSERT_TRUE(lock);
    const auto second = disk_->lock(path(".lock"));
    ASSERT_FALSE(second);
    EXPECT_EQ(second.error().fault, DiskFault::locked);
    lock->reset();
    EXPECT_TRUE(disk_->lock(path(".lock")));
}

TEST_F(SystemDiskTest, FinishesWhatWasSubmittedAfterTheFileIsClosed) {
    auto file = open("log");
    ASSERT_TRUE(write(*file, 0, "hello"));
    std::optional<DiskResult<Bytes>> result;
    file->read(0, 5, [&](DiskResult<Bytes> got) { result.emplace(std::move(got)); });
    file.reset();
    EXPECT_EQ(as_text(*until_set(result)), "hello");
}

TEST_F(SystemDiskTest, SaysOverloadedWhenThePoolTakesNoMore) {
    pool_.stop();
    auto file = open("log");
    EXPECT_EQ(sync(*file).error().fault, DiskFault::overloaded);
}

Task<> appends_and_syncs(Shard& shard, Disk& disk, std::string path, std::promise<int>& done) {
    int synced = 0;
    auto file = disk.open(path, OpenMode::create_new);
    for (int i = 0; file && i < 20; ++i) {
        const std::array pieces{as_bytes("line\n")};
        if (!(*file)->write(static_cast<std::uint64_t>(i) * 5, pieces)) break;
        const auto result = co_await runtime::sync(shard, **file);
        if (!result) break;
        ++synced;
    }
    const auto all = co_await runtime::read(shard, **file, 0, 1000);
    done.set_value(all && all->size() == 100 ? synced : -1);
}

TEST_F(SystemDiskTest, ServesSeveralShardsFromOnePool) {
    runtime::WorkerPool pool({.name = "disk", .threads = 2});
    runtime::Shards shards(
        {.count = 2}, clock_,
        [](std::size_t) { return std::make_unique<support::CountingRandom>(); }, sink_);
    std::array disks{make_system_disk(shards[0], pool), make_system_disk(shards[1], pool)};
    std::array<std::promise<int>, 4> done;
    for (std::size_t i = 0; i < done.size(); ++i) {
        ASSERT_TRUE(shards.run_on(i % 2, [&, i] {
            runtime::spawn(shards[i % 2], "writer",
                           appends_and_syncs(shards[i % 2], *disks[i % 2],
                                             path("log-" + std::to_string(i)), done[i]));
        }));
    }
    for (auto& each : done) EXPECT_EQ(each.get_future().get(), 20);
    pool.stop();
    shards.stop();
}

}  // namespace
}  // namespace moldau::io
