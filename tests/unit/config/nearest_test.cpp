#include "nearest.hpp"

#include "moldau/config/setting.hpp"

#include <gtest/gtest.h>

#include <string>

namespace moldau::config {
namespace {

TEST(NearestName, FindsWhatWasMeant) {
    struct {
        std::string_view written, meant;
    } const cases[] = {
        {"listener", "listeners"},
        {"log.dris", "log.dirs"},
        {"log_dirs", "log.dirs"},
        {"LOG.DIRS", "log.dirs"},
        {"num.partition", "num.partitions"},
        {"advertised.listener", "advertised.listeners"},
        {"scoket.request.max.byte", "socket.request.max.bytes"},
        {"moldau.shard", "moldau.shards"},
        {"log.retention.hour", "log.retention.hours"},
    };
    for (const auto& each : cases) EXPECT_EQ(nearest_name(Table::broker, each.written), each.meant);
}

TEST(NearestName, LooksInTheTableThatIsAskedFor) {
    EXPECT_EQ(nearest_name(Table::topic, "retention.m"), "retention.ms");
    EXPECT_EQ(nearest_name(Table::topic, "log.dris"), "");
}

TEST(NearestName, SaysNothingWhereAllAreFar) {
    for (const std::string_view written :
         {"", "x", "zookeeper.connect", "my.own.thing", "completely.different.name"})
        EXPECT_EQ(nearest_name(Table::broker, written), "") << written;
    EXPECT_EQ(nearest_name(Table::broker, std::string(100'000, 'a')), "");
}

TEST(NearestName, CountsSlipsOfTheHand) {
    EXPECT_EQ(slips_between("abc", "abc", 3), 0U);
    EXPECT_EQ(slips_between("abc", "acb", 3), 1U);
    EXPECT_EQ(slips_between("abc", "abcd", 3), 1U);
    EXPECT_EQ(slips_between("abc", "bc", 3), 1U);
    EXPECT_EQ(slips_between("abc", "axc", 3), 1U);
    EXPECT_EQ(slips_between("", "abc", 3), 3U);
    EXPECT_GT(slips_between("abcdef", "uvwxyz", 3), 3U);
}

}  // namespace
}  // namespace moldau::config
