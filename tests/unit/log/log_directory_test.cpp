#include "moldau/log/log_directory.hpp"

#include "memory_disk.hpp"

#include "moldau/log/small_files.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace moldau::log {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

template <class T>
auto keep(std::optional<T>& into) {
    return [&into](T got) { into.emplace(std::move(got)); };
}

struct Fixture {
    Result<std::vector<PartitionOffset>> read(OffsetCheckpoint which) {
        std::optional<Result<std::vector<PartitionOffset>>> result;
        read_offsets(disk, "/data", which, keep(result));
        disk.run();
        return std::move(*result);
    }
    MemoryDisk disk;
};

TEST(LogDirectory, KeepsOffsetsOfPartitionsUnderKafkasNames) {
    Fixture f;
    const std::vector<PartitionOffset> offsets = {{"orders", 0, {5}}, {"orders", 1, {0}}};
    for (const auto& [which, file] :
         {std::pair{OffsetCheckpoint::recovery_point, "recovery-point-offset-checkpoint"},
          std::pair{OffsetCheckpoint::log_start, "log-start-offset-checkpoint"},
          std::pair{OffsetCheckpoint::high_watermark, "replication-offset-checkpoint"},
          std::pair{OffsetCheckpoint::cleaner, "cleaner-offset-checkpoint"}}) {
        SCOPED_TRACE(file);
        const auto before = f.read(which);
        ASSERT_TRUE(before);
        EXPECT_THAT(*before, IsEmpty());
        std::optional<DiskResult<>> written;
        write_offsets(f.disk, "/data", which, offsets, keep(written));
        EXPECT_FALSE(written) << "not before it is durable";
        f.disk.run();
        ASSERT_TRUE(written && *written);
        EXPECT_EQ(f.disk.text(std::string("/data/") + file), "0\n2\norders 0 5\norders 1 0\n");
        for (const bool cold : {false, true}) {
            f.disk.cold = cold;
            const auto after = f.read(which);
            ASSERT_TRUE(after);
            EXPECT_EQ(*after, offsets);
        }
        f.disk.cold = false;
    }
    EXPECT_EQ(f.disk.files().size(), 4U) << "no temporary file is left";
}

TEST(LogDirectory, ACheckpointThatTheDiskDoesNotGiveIsNoBrokenOne) {
    Fixture f;
    f.disk.put("/data/log-start-offset-checkpoint", "0\n1\norders 0 5\n");
    f.disk.fail = [](std::string_view what, const std::string&) -> std::optional<DiskFault> {
        return what == "open" ? std::optional(DiskFault::out_of_descriptors) : std::nullopt;
    };
    const auto read = f.read(OffsetCheckpoint::log_start);
    ASSERT_FALSE(read);
    EXPECT_EQ(read.error().code, ErrorCode::kafka_storage_error);
}

TEST(LogDirectory, SaysWhichFileIsBroken) {
    Fixture f;
    f.disk.put("/data/recovery-point-offset-checkpoint", "0\n1\n");
    const auto read = f.read(OffsetCheckpoint::recovery_point);
    ASSERT_FALSE(read);
    EXPECT_EQ(read.error().code, ErrorCode::corrupt_message);
    EXPECT_THAT(read.error().detail, HasSubstr("/data/recovery-point-offset-checkpoint"));
}

TEST(LogDirectory, AReplacementThatFailsLeavesAWholeFile) {
    for (const std::string_view operation : {"open", "write", "sync", "rename", "sync directory"}) {
        SCOPED_TRACE(operation);
        Fixture f;
        f.disk.put("/data/file", "old");
        f.disk.fail = [&](std::string_view what, const std::string&) -> std::optional<DiskFault> {
            if (what == operation) return DiskFault::failed;
            return std::nullopt;
        };
        std::optional<DiskResult<>> done;
        replace_file(f.disk, "/data/file", Bytes::copy_of(as_bytes("new")), keep(done));
        f.disk.run();
        ASSERT_TRUE(done);
        EXPECT_FALSE(*done);
        EXPECT_EQ(f.disk.text("/data/file"), operation == "sync directory" ? "new" : "old");
    }
}

TEST(LogDirectory, AFileThatIsTooLargeIsNotRead) {
    Fixture f;
    f.disk.put("/file", "12345");
    std::optional<DiskResult<Bytes>> read;
    read_file(f.disk, "/file", 4, keep(read));
    ASSERT_TRUE(read);
    ASSERT_FALSE(*read);
    EXPECT_EQ(read->error().fault, DiskFault::denied);
}

TEST(LogDirectory, TheMarkOfACleanStopIsTakenOnce) {
    Fixture f;
    std::optional<DiskResult<>> written;
    write_clean_shutdown(f.disk, "/data", {.broker_epoch = 42}, keep(written));
    f.disk.run();
    ASSERT_TRUE(written && *written);
    using Taken = Result<std::optional<CleanShutdown>>;
    std::optional<Taken> first;
    take_clean_shutdown(f.disk, "/data", keep(first));
    f.disk.run();
    ASSERT_TRUE(first && *first && **first);
    EXPECT_EQ((**first)->broker_epoch, 42);
    std::optional<Taken> second;
    take_clean_shutdown(f.disk, "/data", keep(second));
    f.disk.run();
    ASSERT_TRUE(second && *second);
    EXPECT_FALSE(**second);
}

TEST(LogDirectory, KnowsWhoseItIs) {
    Fixture f;
    const MetaProperties properties{
        .node_id = 3, .cluster_id = "cluster", .directory_id = Uuid{1, 2}};
    std::optional<Result<std::optional<MetaProperties>>> read;
    read_meta_properties(f.disk, "/data", keep(read));
    ASSERT_TRUE(read && *read);
    EXPECT_FALSE(**read) << "not formatted";
    std::optional<DiskResult<>> written;
    write_meta_properties(f.disk, "/data", properties, keep(written));
    f.disk.run();
    ASSERT_TRUE(written && *written);
    read.reset();
    read_meta_properties(f.disk, "/data", keep(read));
    ASSERT_TRUE(read && *read && **read);
    EXPECT_EQ(***read, properties);
}

TEST(LogDirectory, ADirectorysNameTellsThePartition) {
    EXPECT_EQ(directory_name({"orders-eu", 12}), "orders-eu-12");
    EXPECT_EQ(partition_of("orders-eu-12"), (PartitionName{"orders-eu", 12}));
    EXPECT_EQ(partition_of("__cluster_metadata-0"), (PartitionName{"__cluster_metadata", 0}));
    for (const std::string_view other :
         {"orders", "-1", "orders-", "orders-01", "orders--", "orders-1x", "orders-99999999999",
          "orders-0.0123456789abcdef0123456789abcdef-delete", "orders-0-future", ""}) {
        SCOPED_TRACE(other);
        EXPECT_EQ(partition_of(other), std::nullopt);
    }
}

}  // namespace
}  // namespace moldau::log
