#include "moldau/config/setting.hpp"

#include "fixture.hpp"
#include "parse_value.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <map>
#include <set>

namespace moldau::config {
namespace {

using Row = std::map<std::string, std::string>;

std::vector<Row> rows_of(const std::string& file) {
    const auto lines = lines_of(golden("tests/golden/settings/" + file));
    const auto columns = split(lines.at(0), '\t');
    std::vector<Row> rows;
    for (std::size_t i = 1; i < lines.size(); ++i) {
        const auto cells = split(lines[i], '\t');
        Row row;
        for (std::size_t c = 0; c < columns.size(); ++c) row[columns[c]] = cells.at(c);
        rows.push_back(row);
    }
    return rows;
}

std::string default_text(const Setting& setting) {
    switch (setting.default_value.kind) {
        case Default::Kind::null:
            return "null";
        case Default::Kind::required:
            return "(required)";
        case Default::Kind::text:
            break;
    }
    const std::string text(setting.default_value.text);
    return text.empty() ? "\"\"" : text;
}

void expect_row(const Setting& setting, const Row& row) {
    EXPECT_EQ(name(setting.type), row.at("type"));
    EXPECT_EQ(default_text(setting), row.at("default"));
    EXPECT_EQ(setting.rule.to_string(), row.at("valid"));
    EXPECT_EQ(name(setting.importance), row.at("importance"));
    EXPECT_EQ(name(setting.update), row.at("update_mode"));
    const auto internal = row.find("internal");
    EXPECT_EQ(setting.is_internal, internal != row.end() && internal->second == "yes");
    if (row.contains("broker_default_from")) {
        const std::string from = row.at("broker_default_from");
        EXPECT_EQ(setting.broker_setting, from == "-" ? "" : from);
    }
}

void expect_same(Table which, const std::vector<Row>& rows) {
    for (const Row& row : rows) {
        SCOPED_TRACE(row.at("name"));
        const Setting* setting = find(which, row.at("name"));
        ASSERT_NE(setting, nullptr);
        expect_row(*setting, row);
    }
}

TEST(SettingTable, HoldsEverySettingOfKafkasBrokerAndOtherwiseOnlyOurOwn) {
    const auto rows = rows_of("configs-broker.tsv");
    ASSERT_EQ(rows.size(), 363U);
    expect_same(Table::broker, rows);
    std::size_t own = 0;
    for (const Setting& setting : table(Table::broker))
        own += setting.name.starts_with("moldau.") ? 1U : 0U;
    EXPECT_EQ(own, 12U);
    EXPECT_EQ(table(Table::broker).size(), rows.size() + own);
}

TEST(SettingTable, HoldsEverySettingOfTopicsGroupsClientMetricsAndQuotas) {
    const auto check = [](Table which, const std::vector<Row>& rows, std::size_t count) {
        expect_same(which, rows);
        EXPECT_EQ(rows.size(), count);
        EXPECT_EQ(table(which).size(), count);
    };
    check(Table::topic, rows_of("configs-topic.tsv"), 34);
    check(Table::group, rows_of("configs-group.tsv"), 17);
    check(Table::client_metrics, rows_of("configs-client-metrics.tsv"), 3);
    std::vector<Row> client_rows;
    std::vector<Row> ip_rows;
    for (const Row& row : rows_of("configs-quota.tsv"))
        (row.at("entity") == "ip" ? ip_rows : client_rows).push_back(row);
    check(Table::client_quota, client_rows, 6);
    check(Table::ip_quota, ip_rows, 1);
}

TEST(SettingTable, NamesEachSettingOnceAndEachDefaultHasItsType) {
    for (const Table which : {Table::broker, Table::topic, Table::group, Table::client_metrics,
                              Table::client_quota, Table::ip_quota}) {
        std::set<std::string_view> names;
        for (const Setting& setting : table(which)) {
            SCOPED_TRACE(setting.name);
            EXPECT_TRUE(names.insert(setting.name).second);
            const bool has_text = setting.default_value.kind == Default::Kind::text;
            EXPECT_EQ(default_value(setting).index() != 0, has_text);
            EXPECT_TRUE(setting.broker_setting.empty() ||
                        find(Table::broker, setting.broker_setting) != nullptr);
        }
    }
}

std::vector<std::string_view> in_effect(Table which) {
    std::vector<std::string_view> names;
    for (const Setting& setting : table(which))
        if (setting.is_in_effect()) names.push_back(setting.name);
    return names;
}

TEST(SettingTable, DocumentsExactlyWhatIsInEffect) {
    EXPECT_THAT(
        in_effect(Table::broker),
        testing::ElementsAre(
            "advertised.listeners", "auto.create.topics.enable", "broker.id", "broker.rack",
            "compression.gzip.level", "compression.lz4.level", "compression.type",
            "compression.zstd.level", "connections.max.idle.ms", "controller.listener.names",
            "controller.quorum.voters", "controller.quota.window.num",
            "controller.quota.window.size.seconds", "cordoned.log.dirs",
            "default.replication.factor", "delete.topic.enable", "fetch.max.bytes",
            "group.initial.rebalance.delay.ms", "group.max.session.timeout.ms", "group.max.size",
            "group.min.session.timeout.ms", "inter.broker.listener.name",
            "listener.security.protocol.map", "listeners", "log.cleanup.policy", "log.dir",
            "log.dirs", "log.flush.interval.messages", "log.flush.interval.ms",
            "log.flush.offset.checkpoint.interval.ms", "log.flush.scheduler.interval.ms",
            "log.flush.start.offset.checkpoint.interval.ms", "log.index.interval.bytes",
            "log.index.size.max.bytes", "log.message.timestamp.after.max.ms",
            "log.message.timestamp.before.max.ms", "log.message.timestamp.type",
            "log.retention.bytes", "log.retention.check.interval.ms", "log.retention.hours",
            "log.retention.minutes", "log.retention.ms", "log.roll.hours", "log.roll.jitter.hours",
            "log.roll.jitter.ms", "log.roll.ms", "log.segment.bytes", "log.segment.delete.delay.ms",
            "max.connection.creation.rate", "max.connections", "max.connections.per.ip",
            "max.connections.per.ip.overrides", "max.incremental.fetch.session.cache.slots",
            "max.request.partition.size.limit", "message.max.bytes",
            "metadata.log.max.record.bytes.between.snapshots",
            "metadata.log.max.snapshot.interval.ms", "metadata.log.segment.bytes",
            "metadata.log.segment.ms", "metadata.max.retention.bytes", "metadata.max.retention.ms",
            "min.insync.replicas", "moldau.client.metrics", "moldau.connection.frame.deadline.ms",
            "moldau.connection.inflight.bytes", "moldau.crash.directory", "moldau.http.listener",
            "moldau.log.format", "moldau.log.level", "moldau.memory.budget.bytes", "moldau.shards",
            "moldau.socket.local.pacing", "moldau.socket.receive.buffer.grows",
            "moldau.socket.send.buffer.grows", "node.id", "num.partitions",
            "offset.metadata.max.bytes", "offsets.load.buffer.size",
            "offsets.retention.check.interval.ms", "offsets.retention.minutes",
            "offsets.topic.compression.codec", "offsets.topic.num.partitions",
            "offsets.topic.replication.factor", "offsets.topic.segment.bytes", "process.roles",
            "producer.id.expiration.ms", "quota.window.num", "quota.window.size.seconds",
            "socket.listen.backlog.size", "socket.receive.buffer.bytes", "socket.request.max.bytes",
            "socket.send.buffer.bytes", "telemetry.max.bytes", "unclean.leader.election.enable"));
    EXPECT_THAT(
        in_effect(Table::topic),
        testing::ElementsAre("cleanup.policy", "compression.gzip.level", "compression.lz4.level",
                             "compression.type", "compression.zstd.level", "file.delete.delay.ms",
                             "flush.messages", "flush.ms", "index.interval.bytes",
                             "internal.segment.bytes", "max.message.bytes",
                             "message.timestamp.after.max.ms", "message.timestamp.before.max.ms",
                             "message.timestamp.type", "min.insync.replicas", "retention.bytes",
                             "retention.ms", "segment.bytes", "segment.index.bytes",
                             "segment.jitter.ms", "segment.ms", "unclean.leader.election.enable"));
    EXPECT_THAT(in_effect(Table::group), testing::IsEmpty());
    EXPECT_THAT(in_effect(Table::client_quota),
                testing::ElementsAre("consumer_byte_rate", "controller_mutation_rate",
                                     "producer_byte_rate", "request_percentage"));
    EXPECT_THAT(in_effect(Table::ip_quota), testing::ElementsAre("connection_creation_rate"));
    EXPECT_THAT(in_effect(Table::client_metrics),
                testing::ElementsAre("interval.ms", "match", "metrics"));
}

TEST(SettingTable, WhatATopicInheritsIsInEffectWhereTheTopicsOwnIs) {
    for (const Setting& setting : table(Table::topic)) {
        if (setting.broker_setting.empty()) continue;
        SCOPED_TRACE(setting.name);
        EXPECT_EQ(find(Table::broker, setting.broker_setting)->is_in_effect(),
                  setting.is_in_effect());
    }
}

TEST(SettingTable, LetsNothingBeChangedAtOnceThatIsTakenUpAtAStartOrNamesCode) {
    for (const std::string_view name :
         {"log.retention.ms", "message.max.bytes", "producer.id.expiration.ms",
          "leader.replication.throttled.rate", "log.cleaner.threads",
          "max.connection.creation.rate", "max.connections", "max.connections.per.ip.overrides",
          "cordoned.log.dirs", "listeners", "listener.security.protocol.map"})
        EXPECT_TRUE(is_alterable(*find(Table::broker, name))) << name;
    for (const std::string_view name :
         {"log.retention.hours", "socket.request.max.bytes", "ssl.key.password",
          "principal.builder.class", "sasl.jaas.config", "metric.reporters", "config.providers"})
        EXPECT_FALSE(is_alterable(*find(Table::broker, name))) << name;
}

TEST(SettingTable, KnowsWhatMayChangeForSingleListeners) {
    for (const std::string name :
         {"max.connection.creation.rate", "max.connections", "num.network.threads"})
        EXPECT_EQ(find_of_listener("listener.name.client." + name), find(Table::broker, name));
    for (const std::string_view key :
         {"max.connections", "listener.name..max.connections", "listener.name.a.b.max.connections",
          "listener.name.client", "listener.name.client.ssl.keystore.location"})
        EXPECT_EQ(find_of_listener(key), nullptr) << key;
}

TEST(SettingTable, FindsNothingUnderAnUnknownName) {
    EXPECT_EQ(find(Table::broker, "listener"), nullptr);
    EXPECT_EQ(find(Table::broker, ""), nullptr);
    EXPECT_EQ(find(Table::topic, "listeners"), nullptr);
}

}  // namespace
}  // namespace moldau::config
