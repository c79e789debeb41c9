#include "file_dump.hpp"

#include <gmock/gmock.h>

namespace moldau::cli {
namespace {

using testing::HasSubstr;

std::string tell(std::string_view path, std::string_view content) {
    std::string lines;
    const Result<> told = dump_file(path, as_bytes(content), false, [&](const Entry& entry) {
        lines += entry.to_line();
        return Result<>{};
    });
    return told ? lines : "error: " + told.error().detail;
}

TEST(FileDump, KnowsFilesByTheirNames) {
    EXPECT_EQ(tell("/d/leader-epoch-checkpoint", "0\n2\n0 0\n3 17\n"),
              "epoch=0 start_offset=0\nepoch=3 start_offset=17\n");
    EXPECT_EQ(tell("/d/recovery-point-offset-checkpoint", "0\n1\norders 3 17\n"),
              "topic=orders partition=3 offset=17\n");
    EXPECT_EQ(tell("/d/partition.metadata", "version: 0\ntopic_id: AAAAAAAAAAEAAAAAAAAAAg\n"),
              "topic_id=AAAAAAAAAAEAAAAAAAAAAg\n");
    EXPECT_EQ(tell("meta.properties", "version=1\nnode.id=3\ncluster.id=c\n"),
              "version=1 node_id=3 cluster_id=c\n");
    EXPECT_EQ(tell(".kafka_cleanshutdown", "{\"version\":0,\"brokerEpoch\":42}"),
              "broker_epoch=42\n");
    const std::string_view entry("\0\0\0\x05\0\0\x01\0", 8);
    EXPECT_EQ(tell("/d/00000000000000000010.index", entry), "offset=15 position=256\n");
}

TEST(FileDump, HasNothingToTellOfCheckpointsThatWereNeverWritten) {
    EXPECT_EQ(tell("cleaner-offset-checkpoint", ""), "");
    EXPECT_EQ(tell("leader-epoch-checkpoint", ""), "");
}

TEST(FileDump, RefusesOtherFilesAndSaysWhichItKnows) {
    EXPECT_FALSE(is_known_file("/d/photo.png"));
    EXPECT_FALSE(is_known_file("/d/leader-epoch-checkpoint.tmp"));
    EXPECT_TRUE(is_known_file("/d/00000000000000000000.log"));
    EXPECT_THAT(tell("photo.png", "x"), HasSubstr("known are leader-epoch-checkpoint"));
    EXPECT_THAT(tell("first.index", std::string(8, '\0')),
                HasSubstr("'first.index' is not named for its first offset"));
}

}  // namespace
}  // namespace moldau::cli
