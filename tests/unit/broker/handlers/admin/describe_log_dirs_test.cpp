#include "handlers/admin/describe_log_dirs.hpp"

#include "broker/image_fixture.hpp"
#include "log/memory_disk.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace moldau::broker {
namespace {

using testing::IsEmpty;
using testing::SizeIs;

LogDirectory directory(std::string path, std::uint64_t id) {
    LogDirectory made;
    made.path = std::move(path);
    made.properties.emplace();
    made.properties->directory_id = Uuid{77, id};
    return made;
}

struct DescribeLogDirs : testing::Test, ImageFixture {
    DescribeLogDirs() { broker(1); }
    protocol::DescribeLogDirsResponse describe(std::vector<LogSize> logs) {
        auto response = describe_log_dirs(directories, disk, image, BrokerId{1}, std::move(logs));
        for (std::int16_t v = 1; v <= 5; ++v) EXPECT_TRUE(response.encoded_size(v)) << v;
        return response;
    }

    log::MemoryDisk disk;
    LogDirectories directories{{directory("/a", 1), directory("/b", 2)}};
};

TEST_F(DescribeLogDirs, PutsEachLogWhereItLies) {
    const auto response =
        describe({{"/b", "t", 2, 22}, {"/a", "t", 0, 10}, {"/b", "s", 0, 5}, {"/b", "t", 1, 21}});
    ASSERT_THAT(response.results, SizeIs(2));
    EXPECT_EQ(response.error_code, ErrorCode::none);
    const auto& a = response.results[0];
    EXPECT_EQ(a.log_dir, "/a");
    EXPECT_EQ(a.error_code, ErrorCode::none);
    ASSERT_THAT(a.topics, SizeIs(1));
    EXPECT_EQ(a.topics[0].partitions.at(0).partition_size, 10);
    EXPECT_EQ(a.topics[0].partitions.at(0).offset_lag, 0);
    EXPECT_FALSE(a.topics[0].partitions.at(0).is_future_key);
    const auto& b = response.results[1];
    EXPECT_EQ(b.log_dir, "/b");
    ASSERT_THAT(b.topics, SizeIs(2));
    EXPECT_EQ(b.topics[0].name, "s");
    ASSERT_THAT(b.topics[1].partitions, SizeIs(2));
    EXPECT_EQ(b.topics[1].partitions[0].partition_index, 1);
    EXPECT_EQ(b.topics[1].partitions[1].partition_size, 22);
}

TEST_F(DescribeLogDirs, TellsWhatTheVolumesHold) {
    const auto response = describe({});
    const auto space = disk.space("/a");
    ASSERT_TRUE(space);
    EXPECT_THAT(response.results.at(0).topics, IsEmpty());
    EXPECT_EQ(response.results.at(0).total_bytes, static_cast<std::int64_t>(space->bytes_total));
    EXPECT_EQ(response.results.at(0).usable_bytes, static_cast<std::int64_t>(space->bytes_free));
}

TEST_F(DescribeLogDirs, SaysWhichAreOffline) {
    EXPECT_TRUE(directories.fail(1));
    const auto response = describe({{"/a", "t", 0, 10}, {"/b", "t", 1, 21}});
    EXPECT_EQ(response.results.at(0).error_code, ErrorCode::none);
    EXPECT_EQ(response.results.at(1).error_code, ErrorCode::kafka_storage_error);
    EXPECT_THAT(response.results.at(1).topics, IsEmpty());
}

TEST_F(DescribeLogDirs, SaysWhichAreCordoned) {
    EXPECT_FALSE(describe({}).results.at(1).is_cordoned);
    metadata::BrokerRegistration broker = *image.brokers.find(BrokerId{1});
    broker.cordoned_directories = {Uuid{77, 2}};
    image.brokers.set(BrokerId{1}, broker);
    EXPECT_FALSE(describe({}).results.at(0).is_cordoned);
    EXPECT_TRUE(describe({}).results.at(1).is_cordoned);
}

}  // namespace
}  // namespace moldau::broker
