#include "topic_configs.hpp"

#include "config_fixture.hpp"
#include "effective_configs.hpp"

#include "moldau/config/value.hpp"

#include <gtest/gtest.h>

#include <chrono>
#include <limits>

namespace moldau::broker {
namespace {

constexpr std::int64_t kNever = std::numeric_limits<std::int64_t>::max();

struct TopicConfigsFixture : testing::Test, ConfigFixture {
    TopicConfigs resolved() const { return resolve_topic_configs(image, settings, "t"); }
};

TEST_F(TopicConfigsFixture, AreKafkasDefaultsWhereNothingIsSet) {
    const TopicConfigs configs = resolved();
    const log::LogConfig log;
    EXPECT_EQ(configs.log.segment_bytes, log.segment_bytes);
    EXPECT_EQ(configs.log.segment_ms, log.segment_ms);
    EXPECT_EQ(configs.log.segment_index_bytes, log.segment_index_bytes);
    EXPECT_EQ(configs.log.index_interval_bytes, log.index_interval_bytes);
    EXPECT_EQ(configs.log.retention_bytes, log.retention_bytes);
    EXPECT_EQ(configs.log.retention_ms, log.retention_ms);
    EXPECT_EQ(configs.log.producer_id_expiration_ms, log.producer_id_expiration_ms);
    EXPECT_EQ(configs.log.file_delete_delay, log.file_delete_delay);
    EXPECT_TRUE(configs.log.deletes);
    EXPECT_FALSE(configs.log.compacts);
    const record::AppendRules append;
    EXPECT_FALSE(configs.append.packing);
    EXPECT_EQ(configs.append.timestamp_type, append.timestamp_type);
    EXPECT_EQ(configs.append.batch_bytes_max, append.batch_bytes_max);
    EXPECT_EQ(configs.append.timestamp_before_max_ms, append.timestamp_before_max_ms);
    EXPECT_EQ(configs.append.timestamp_after_max_ms, append.timestamp_after_max_ms);
    EXPECT_EQ(configs.segment_jitter_ms_end, 0);
    EXPECT_EQ(configs.flush_messages, kNever);
    EXPECT_EQ(configs.flush_ms, kNever);
    EXPECT_EQ(configs.min_insync_replicas, 1);
    EXPECT_FALSE(configs.is_unclean_election_allowed);
}

TEST_F(TopicConfigsFixture, TakeTheTopicsOwnOverTheBrokersOverAllBrokersOverTheFile) {
    EXPECT_EQ(resolved().append.batch_bytes_max, 1'048'588U);
    settings = settings_of("message.max.bytes=2");
    EXPECT_EQ(resolved().append.batch_bytes_max, 2U);
    all_brokers("message.max.bytes", "3");
    EXPECT_EQ(resolved().append.batch_bytes_max, 3U);
    this_broker("message.max.bytes", "4");
    EXPECT_EQ(resolved().append.batch_bytes_max, 4U);
    topic("max.message.bytes", "5");
    EXPECT_EQ(resolved().append.batch_bytes_max, 5U);
    EXPECT_EQ(resolve_topic_configs(image, settings, "other").append.batch_bytes_max, 4U);
}

TEST_F(TopicConfigsFixture, LeaveOtherBrokersConfigsToThem) {
    set_config(image, metadata::ResourceType::broker, "2", "message.max.bytes", "3");
    EXPECT_EQ(resolved().append.batch_bytes_max, 1'048'588U);
}

TEST_F(TopicConfigsFixture, TakeTheFinestOfSeveralUnits) {
    const struct {
        std::string_view file;
        std::int64_t retention_ms, segment_ms;
    } rows[] = {
        {"log.retention.hours=2\nlog.roll.hours=3\n", 7'200'000, 10'800'000},
        {"log.retention.hours=2\nlog.retention.minutes=3\n", 180'000, 604'800'000},
        {"log.retention.hours=2\nlog.retention.minutes=3\nlog.retention.ms=5\nlog.roll.ms=6\n"
         "log.roll.hours=3\n",
         5, 6},
        {"log.retention.hours=-1\n", -1, 604'800'000},
        {"log.retention.ms=-7\n", -1, 604'800'000},
    };
    for (const auto& row : rows) {
        SCOPED_TRACE(row.file);
        settings = settings_of(std::string(row.file));
        EXPECT_EQ(resolved().log.retention_ms, row.retention_ms);
        EXPECT_EQ(resolved().log.segment_ms, row.segment_ms);
    }
    all_brokers("log.retention.ms", "9");  // over a coarser unit of the file
    EXPECT_EQ(resolved().log.retention_ms, 9);
}

TEST_F(TopicConfigsFixture, FlushByTheSchedulersIntervalOnlyWhereNoOtherIsSet) {
    settings = settings_of("log.flush.scheduler.interval.ms=5\n");
    EXPECT_EQ(resolved().flush_ms, 5);
    settings = settings_of("log.flush.scheduler.interval.ms=5\nlog.flush.interval.ms=6\n");
    EXPECT_EQ(resolved().flush_ms, 6);
    topic("flush.ms", "0");
    topic("flush.messages", "1");
    EXPECT_EQ(resolved().flush_ms, 0);
    EXPECT_EQ(resolved().flush_messages, 1);
}

TEST_F(TopicConfigsFixture, PackWithTheTypesOwnLevel) {
    const auto packing = [this](std::string type) {
        topic("compression.type", std::move(type));
        return resolved().append.packing;
    };
    topic("compression.gzip.level", "4");
    all_brokers("compression.zstd.level", "-5");
    EXPECT_FALSE(packing("producer"));
    EXPECT_EQ(packing("uncompressed")->codec, record::Codec::none);
    EXPECT_EQ(packing("snappy")->codec, record::Codec::snappy);
    EXPECT_FALSE(packing("snappy")->level);
    EXPECT_EQ(packing("gzip")->codec, record::Codec::gzip);
    EXPECT_EQ(packing("gzip")->level, 4);
    EXPECT_EQ(packing("lz4")->codec, record::Codec::lz4);
    EXPECT_EQ(packing("lz4")->level, 9);
    EXPECT_EQ(packing("zstd")->codec, record::Codec::zstd);
    EXPECT_EQ(packing("zstd")->level, -5);
}

TEST_F(TopicConfigsFixture, KeepWhatACleanupPolicyDoesNotDelete) {
    const auto policies = [this](std::string policy) {
        topic("cleanup.policy", std::move(policy));
        const TopicConfigs configs = resolved();
        EXPECT_EQ(configs.append.is_compacted, configs.log.compacts);
        return std::pair(configs.log.deletes, configs.log.compacts);
    };
    EXPECT_EQ(policies("delete"), std::pair(true, false));
    EXPECT_EQ(policies("compact"), std::pair(false, true));
    EXPECT_EQ(policies("compact,delete"), std::pair(true, true));
    EXPECT_EQ(policies(""), std::pair(false, false));
}

TEST_F(TopicConfigsFixture, TakeEveryConfigThatIsInEffect) {
    const std::pair<std::string, std::string> configs[] = {
        {"segment.bytes", "1048577"},
        {"segment.ms", "10"},
        {"segment.jitter.ms", "4"},
        {"segment.index.bytes", "128"},
        {"index.interval.bytes", "64"},
        {"retention.bytes", "1000"},
        {"retention.ms", "11"},
        {"file.delete.delay.ms", "12"},
        {"message.timestamp.type", "LogAppendTime"},
        {"message.timestamp.before.max.ms", "13"},
        {"message.timestamp.after.max.ms", "14"},
        {"min.insync.replicas", "2"},
        {"unclean.leader.election.enable", "true"},
    };
    for (const auto& [name, value] : configs) topic(name, value);
    all_brokers("producer.id.expiration.ms", "15");
    const TopicConfigs all = resolved();
    EXPECT_EQ(all.log.segment_bytes, 1'048'577U);
    EXPECT_EQ(all.log.segment_ms, 10);
    EXPECT_EQ(all.log.segment_jitter_ms, 0);
    EXPECT_EQ(all.segment_jitter_ms_end, 4);
    EXPECT_EQ(all.log.segment_index_bytes, 128U);
    EXPECT_EQ(all.log.index_interval_bytes, 64U);
    EXPECT_EQ(all.log.retention_bytes, 1000);
    EXPECT_EQ(all.log.retention_ms, 11);
    EXPECT_EQ(all.log.file_delete_delay, std::chrono::milliseconds(12));
    EXPECT_EQ(all.log.producer_id_expiration_ms, 15);
    EXPECT_EQ(all.append.timestamp_type, record::TimestampType::log_append_time);
    EXPECT_EQ(all.append.timestamp_before_max_ms, 13);
    EXPECT_EQ(all.append.timestamp_after_max_ms, 14);
    EXPECT_EQ(all.min_insync_replicas, 2);
    EXPECT_TRUE(all.is_unclean_election_allowed);
    topic("segment.jitter.ms", "400");  // never more than the age itself
    EXPECT_EQ(resolved().segment_jitter_ms_end, 10);
    topic("internal.segment.bytes", "2048");
    EXPECT_EQ(resolved().log.segment_bytes, 2048U);
    topic("file.delete.delay.ms", "9223372036854775807");
    EXPECT_GT(resolved().log.file_delete_delay, std::chrono::hours(24 * 365));
}

TEST_F(TopicConfigsFixture, PassOverWhatCannotBeReadAndHoldToBoundsWhatAnotherWrote) {
    settings = settings_of("log.retention.ms=77\n");
    all_brokers("log.retention.ms", "soon");
    topic("retention.ms", "-5");
    EXPECT_EQ(resolved().log.retention_ms, 77);
    topic("internal.segment.bytes", "-5");
    this_broker("log.roll.ms", "0");
    this_broker("log.roll.jitter.ms", "-1");
    this_broker("log.retention.bytes", "-100");
    const TopicConfigs configs = resolved();
    EXPECT_EQ(configs.log.segment_bytes, 1U);
    EXPECT_EQ(configs.log.segment_ms, 1);
    EXPECT_EQ(configs.segment_jitter_ms_end, 0);
    EXPECT_EQ(configs.log.retention_bytes, -1);
}

TEST_F(TopicConfigsFixture, AreTheSameOfManyTopicsAsOfEach) {
    topic("retention.ms", "5");
    all_brokers("log.retention.ms", "6");
    const TopicConfigsOf all(image, settings);
    EXPECT_EQ(all.topic("t").log.retention_ms, 5);
    EXPECT_EQ(all.topic("other").log.retention_ms, 6);
}

TEST_F(TopicConfigsFixture, InheritValuesOfTheirOwnType) {
    for (const config::Setting& setting : config::table(config::Table::topic)) {
        if (setting.default_value.kind != config::Default::Kind::text) continue;
        SCOPED_TRACE(setting.name);
        EXPECT_EQ(topic_value({image, settings}, {}, setting).value.index(),
                  config::default_value(setting).index());
    }
}

}  // namespace
}  // namespace moldau::broker
