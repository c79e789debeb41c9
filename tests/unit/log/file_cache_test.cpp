#include "moldau/log/file_cache.hpp"

#include "memory_disk.hpp"

#include <gtest/gtest.h>

#include <array>

namespace moldau::log {
namespace {

struct Fixture {
    DiskResult<std::shared_ptr<File>> get(FileCache::Slot& slot, const std::string& path) {
        return cache.get(slot, OpenMode::create_if_none, [&] { return path; });
    }
    MemoryDisk disk;
    FileCache cache{disk, 2};
};

TEST(FileCache, ClosesTheFileThatWasUsedLeastRecently) {
    Fixture f;
    FileCache::Slot a, b, c;
    EXPECT_TRUE(f.get(a, "/a"));
    EXPECT_TRUE(f.get(b, "/b"));
    EXPECT_TRUE(f.get(a, "/a"));
    EXPECT_TRUE(f.get(c, "/c"));
    EXPECT_TRUE(a.is_open());
    EXPECT_FALSE(b.is_open());
    EXPECT_TRUE(c.is_open());
    EXPECT_EQ(f.disk.open_files, 2U);
    EXPECT_EQ(f.cache.open_files(), 2U);
}

TEST(FileCache, AFileThatSomeoneHoldsStaysOpenForHim) {
    Fixture f;
    FileCache::Slot slot;
    auto held = f.get(slot, "/a");
    slot.reset();
    EXPECT_EQ(f.cache.open_files(), 0U);
    EXPECT_EQ(f.disk.open_files, 1U);
    held->reset();
    EXPECT_EQ(f.disk.open_files, 0U);
}

TEST(FileCache, ASweepClosesWhatWasNotUsedSinceTheLastOne) {
    Fixture f;
    FileCache::Slot a, b;
    EXPECT_TRUE(f.get(a, "/a"));
    EXPECT_TRUE(f.get(b, "/b"));
    f.cache.sweep();
    EXPECT_TRUE(f.get(b, "/b"));
    f.cache.sweep();
    EXPECT_FALSE(a.is_open());
    EXPECT_TRUE(b.is_open());
}

TEST(FileCache, GivesDescriptorsBackWhenThereAreNone) {
    Fixture f;
    std::array<FileCache::Slot, 2> slots;
    EXPECT_TRUE(f.get(slots[0], "/0"));
    f.disk.fail = [&](std::string_view operation, const std::string&) -> std::optional<DiskFault> {
        if (operation == "open" && f.disk.open_files > 0) return DiskFault::out_of_descriptors;
        return std::nullopt;
    };
    EXPECT_TRUE(f.get(slots[1], "/1"));
    EXPECT_FALSE(slots[0].is_open());
}

TEST(FileCache, ASlotThatEndsLeavesTheCache) {
    Fixture f;
    {
        FileCache::Slot slot;
        EXPECT_TRUE(f.get(slot, "/a"));
    }
    EXPECT_EQ(f.cache.open_files(), 0U);
    EXPECT_EQ(f.disk.open_files, 0U);
}

}  // namespace
}  // namespace moldau::log
