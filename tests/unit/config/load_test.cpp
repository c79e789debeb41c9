#include "moldau/config/load.hpp"

#include "fixture.hpp"

#include "moldau/config/keys.hpp"

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace moldau::config {
namespace {

using testing::Contains;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

TEST(Load, GivesEveryKeyItsDefault) {
    const Loaded loaded = load(std::nullopt, {});
    ASSERT_TRUE(loaded.settings);
    const Settings& settings = *loaded.settings;
    EXPECT_EQ(settings.get(kBrokerRack), std::nullopt);
    EXPECT_EQ(settings.get(kConnectionsMaxIdleMs), 600'000);
    EXPECT_EQ(settings.get(kMaxConnections), 2'147'483'647);
    EXPECT_EQ(settings.get(kMaxConnectionsPerIp), 2'147'483'647);
    EXPECT_EQ(settings.get(kSocketListenBacklogSize), 50);
    EXPECT_EQ(settings.get(kSocketReceiveBufferBytes), 102'400);
    EXPECT_EQ(settings.get(kSocketRequestMaxBytes), 104'857'600);
    EXPECT_EQ(settings.get(kSocketSendBufferBytes), 102'400);
    EXPECT_EQ(settings.get(kConnectionFrameDeadlineMs), 30'000);
    EXPECT_EQ(settings.get(kConnectionInflightBytes), 8'388'608);
    EXPECT_EQ(settings.get(kLogLevel), "info");
    EXPECT_EQ(settings.get(kMemoryBudgetBytes), 268'435'456);
    EXPECT_EQ(settings.get(kShards), 0);
    EXPECT_EQ(settings.find("no.such"), nullptr);
}

TEST(Load, ReadsTheSameFromYamlAndFromProperties) {
    const Loaded yaml = load_text("a.yaml", "broker.rack: r1\nlog: {dirs: [/a, /b]}\n");
    const Loaded properties = load_text("a.properties", "broker.rack=r1\nlog.dirs=/a, /b\n");
    ASSERT_TRUE(yaml.settings && properties.settings);
    for (const Settings* settings : {&*yaml.settings, &*properties.settings}) {
        EXPECT_EQ(settings->get(kBrokerRack), "r1");
        EXPECT_THAT(settings->node().log_dirs, ElementsAre("/a", "/b"));
        EXPECT_EQ(settings->find("log.dirs")->origin.line, 2);
    }
}

TEST(Load, LetsTheCommandLineOverrideTheFile) {
    const Loaded loaded =
        load_text("a.yaml", "broker.rack: r1\nmoldau.shards: x\n",
                  {{"broker.rack", "r2", "--set"}, {"moldau.shards", "3", "--set"}});
    ASSERT_TRUE(loaded.settings) << "what is overridden cannot be wrong";
    EXPECT_EQ(loaded.settings->get(kBrokerRack), "r2");
    EXPECT_EQ(loaded.settings->get(kShards), 3);
    EXPECT_EQ(loaded.settings->find("broker.rack")->origin.to_string(), "--set");
    const Loaded wrong = load_text("a.yaml", "", {{"moldau.shards", "2000", "--set"}});
    EXPECT_THAT(texts(wrong.errors),
                ElementsAre("--set: moldau.shards: '2000' is out of range; allowed: [0,...,1024]"));
}

TEST(Load, ReportsEveryWrongValueWithFileLineKeyValueAndWhatIsAllowed) {
    const Loaded loaded = load_text("etc/s.properties",
                                    "socket.request.max.bytes = 0\n"
                                    "# a comment\n"
                                    "connections.max.idle.ms = soon\n"
                                    "auto.create.topics.enable = maybe\n"
                                    "compression.type = zip\n");
    EXPECT_FALSE(loaded.settings);
    EXPECT_THAT(texts(loaded.errors),
                ElementsAre("etc/s.properties:1: socket.request.max.bytes: '0' is out of range; "
                            "allowed: [1,...]",
                            "etc/s.properties:3: connections.max.idle.ms: 'soon' is no long; "
                            "allowed: a whole number from -9223372036854775808 to "
                            "9223372036854775807",
                            "etc/s.properties:4: auto.create.topics.enable: 'maybe' is no boolean; "
                            "allowed: true or false",
                            "etc/s.properties:5: compression.type: 'zip' is not one of those; "
                            "allowed: [uncompressed, zstd, lz4, snappy, gzip, producer]"));
}

TEST(Load, WarnsOfUnknownKeysWithTheNearestKnownName) {
    const Loaded loaded = load_text("a.yaml",
                                    "log.dris: /a\n"
                                    "no.such.thing.at.all: 1\n"
                                    "retention.ms: 5\n"
                                    "listener.name.x.ssl.keystore.lcoation: k\n"
                                    "\"odd\\nkey\": 1\n");
    ASSERT_TRUE(loaded.settings);
    EXPECT_THAT(
        texts(loaded.warnings),
        ElementsAre("a.yaml:1: log.dris: is no setting that is known here; is log.dirs meant?",
                    "a.yaml:2: no.such.thing.at.all: is no setting that is known here",
                    "a.yaml:3: retention.ms: is a topic's setting and does nothing here; the "
                    "default for all topics is log.retention.ms",
                    "a.yaml:4: listener.name.x.ssl.keystore.lcoation: is no setting that is known "
                    "here; is listener.name.x.ssl.keystore.location meant?",
                    "a.yaml:5: 'odd\\x0akey': is no setting that is known here"));
}

TEST(Load, RecognisesSettingsOfPluginsAndOfSingleListeners) {
    const Loaded loaded =
        load_text("a.properties",
                  "super.users=User:admin\n"
                  "allow.everyone.if.no.acl.found=true\n"
                  "rlmm.config.remote.log.metadata.topic.num.partitions=5\n"
                  "remote.log.storage.manager.impl.prefix=tiers.\n"
                  "tiers.dir=/t\n"
                  "config.providers=file\n"
                  "config.providers.file.class=org.example.F\n"
                  "listener.name.client.ssl.keystore.password=hunter2\n"
                  "listener.name.client.scram-sha-256.sasl.jaas.config=org.example.M required;\n"
                  "listener.name.client.max.connections=5\n");
    ASSERT_TRUE(loaded.settings) << texts(loaded.errors).at(0);
    EXPECT_THAT(texts(loaded.warnings), IsEmpty());
    EXPECT_THAT(loaded.settings->without_effect(),
                ElementsAre("allow.everyone.if.no.acl.found", "config.providers",
                            "config.providers.file.class", "listener.name.client.max.connections",
                            "listener.name.client.scram-sha-256.sasl.jaas.config",
                            "listener.name.client.ssl.keystore.password",
                            "remote.log.storage.manager.impl.prefix",
                            "rlmm.config.remote.log.metadata.topic.num.partitions", "super.users",
                            "tiers.dir"));
    const Loaded rated =
        load_text("a.properties",
                  "listeners=CLIENT://:9092,OTHER://:9093\n"
                  "inter.broker.listener.name=OTHER\n"
                  "listener.security.protocol.map=CLIENT:PLAINTEXT,OTHER:PLAINTEXT,"
                  "CONTROLLER:PLAINTEXT\n"
                  "listener.name.client.max.connection.creation.rate=5\n"
                  "listener.name.client.max.connections=5\n"
                  "listener.name.client.num.network.threads=5\n"
                  "listener.name.nobody.max.connection.creation.rate=6\n");
    ASSERT_TRUE(rated.settings) << texts(rated.errors).at(0);
    const auto has_effect = [&](std::string_view listener, std::string_view setting) {
        return is_in_effect(rated.settings->node(), listener_key(listener, setting));
    };
    for (const std::string_view setting : {"max.connections", "max.connection.creation.rate"}) {
        EXPECT_TRUE(has_effect("CLIENT", setting) && has_effect("OTHER", setting));
        EXPECT_FALSE(has_effect("NOBODY", setting));
    }
    EXPECT_FALSE(has_effect("CLIENT", "num.network.threads"));
    EXPECT_THAT(rated.settings->without_effect(),
                ElementsAre("listener.name.client.num.network.threads",
                            "listener.name.nobody.max.connection.creation.rate"));
    const Loaded wrong = load_text("a.yaml", "listener.name.client.max.connections: -5\n");
    EXPECT_THAT(texts(wrong.errors),
                ElementsAre("a.yaml:1: listener.name.client.max.connections: '-5' is out of range; "
                            "allowed: [0,...]"));
}

TEST(Load, NamesWhatIsSetWithoutEffectYet) {
    const Loaded loaded = load_text("a.yaml",
                                    "num.io.threads: 3\nbroker.rack: r\nlog.cleaner.threads: 1\n"
                                    "leader.replication.throttled.rate: 5\n");
    ASSERT_TRUE(loaded.settings);
    EXPECT_THAT(
        loaded.settings->without_effect(),
        ElementsAre("leader.replication.throttled.rate", "log.cleaner.threads", "num.io.threads"));
    EXPECT_THAT(
        texts(loaded.warnings),
        ElementsAre("a.yaml:4: leader.replication.throttled.rate: changes only at run time: "
                    "it does nothing here"));
}

TEST(Load, TakesTheLastOfTwoInPropertiesAndRefusesTheSecondInYaml) {
    const Loaded properties = load_text("a.properties", "broker.rack=a\nbroker.rack=b\n");
    ASSERT_TRUE(properties.settings);
    EXPECT_EQ(properties.settings->get(kBrokerRack), "b");
    EXPECT_THAT(
        texts(properties.warnings),
        ElementsAre("a.properties:2: broker.rack: is given twice: this one counts, not that "
                    "of line 1"));
    const Loaded yaml = load_text("a.yaml", "broker.rack: a\nbroker:\n  rack: b\n");
    EXPECT_THAT(texts(yaml.errors),
                ElementsAre("a.yaml:3: broker.rack: is given twice, first in line 1"));
    const Loaded overlays =
        load(std::nullopt,
             {{Overlay{"broker.rack", "a", "--set"}, Overlay{"broker.rack", "b", "--set"}}});
    ASSERT_TRUE(overlays.settings);
    EXPECT_EQ(overlays.settings->get(kBrokerRack), "b");
    EXPECT_EQ(overlays.warnings.size(), 1U);
}

TEST(Load, KeepsOneIdUnderBothItsNames) {
    const Loaded by_old_name = load_text("a.yaml", "broker.id: 5\n");
    ASSERT_TRUE(by_old_name.settings);
    EXPECT_EQ(by_old_name.settings->node().id, BrokerId{5});
    const Loaded by_new_name = load_text("a.yaml", "node.id: 6\n");
    ASSERT_TRUE(by_new_name.settings);
    EXPECT_EQ(by_new_name.settings->get(Key<std::int32_t>{"broker.id"}), 6);
    EXPECT_THAT(texts(load_text("a.yaml", "broker.id: -2\n").errors),
                ElementsAre("a.yaml:1: broker.id: '-2' is out of range; allowed: [0,...]"));
    EXPECT_THAT(texts(load_text("a.yaml", "broker.id: 1\nnode.id: 2\n").errors),
                ElementsAre(HasSubstr("a.yaml:1: broker.id: 1 is not node.id's 2")));
}

TEST(Load, LetsTheFinestUnitCount) {
    struct {
        std::string text;
        std::int64_t retention, roll, jitter, flush;
    } const cases[] = {
        {"", 604'800'000, 604'800'000, 0, std::numeric_limits<std::int64_t>::max()},
        {"log.retention.hours: 2\nlog.roll.hours: 3\nlog.roll.jitter.hours: 1\n"
         "log.flush.scheduler.interval.ms: 9\n",
         7'200'000, 10'800'000, 3'600'000, 9},
        {"log.retention.hours: 2\nlog.retention.minutes: 3\n", 180'000, 604'800'000, 0,
         std::numeric_limits<std::int64_t>::max()},
        {"log.retention.hours: 2\nlog.retention.minutes: 3\nlog.retention.ms: 4\nlog.roll.ms: 5\n"
         "log.roll.hours: 1\nlog.roll.jitter.ms: 6\nlog.flush.interval.ms: 7\n"
         "log.flush.scheduler.interval.ms: 9\n",
         4, 5, 6, 7},
        {"log.retention.hours: -7\n", -1, 604'800'000, 0, std::numeric_limits<std::int64_t>::max()},
    };
    for (const auto& each : cases) {
        SCOPED_TRACE(each.text);
        const Loaded loaded = load_text("a.yaml", each.text);
        ASSERT_TRUE(loaded.settings);
        EXPECT_EQ(loaded.settings->log_retention_ms(), each.retention);
        EXPECT_EQ(loaded.settings->log_roll_ms(), each.roll);
        EXPECT_EQ(loaded.settings->log_roll_jitter_ms(), each.jitter);
        EXPECT_EQ(loaded.settings->log_flush_interval_ms(), each.flush);
    }
    EXPECT_THAT(
        texts(load_text("a.yaml",
                        "log.retention.minutes: 0\nlog.roll.ms: 0\n"
                        "log.roll.jitter.ms: -1\n")
                  .errors),
        ElementsAre("a.yaml:1: log.retention.minutes: would keep nothing at all; allowed: "
                    "from 1, or -1 for ever",
                    "a.yaml:2: log.roll.ms: '0' is out of range; allowed: [1,...]",
                    "a.yaml:3: log.roll.jitter.ms: '-1' is out of range; allowed: [0,...]"));
}

TEST(Load, ChecksConnectionsAgainstEachOther) {
    EXPECT_THAT(texts(load_text("a.yaml", "connections.max.idle.ms: 100\n").errors),
                ElementsAre(HasSubstr("a.yaml:1: connections.max.idle.ms: '100' is out of range; "
                                      "allowed: more than the 100 of")));
    EXPECT_TRUE(load_text("a.yaml", "connections.max.idle.ms: -1\n").settings);
    const Loaded small = load_text("a.yaml", "moldau.memory.budget.bytes: 16777216\n");
    ASSERT_TRUE(small.settings);
    EXPECT_THAT(texts(small.warnings),
                ElementsAre(HasSubstr("a request of socket.request.max.bytes (104857600) can never "
                                      "be taken")));
}

TEST(Load, PrefersLogDirsToLogDir) {
    const Loaded both = load_text("a.yaml", "log.dirs: /a\nlog.dir: /b\n");
    ASSERT_TRUE(both.settings);
    EXPECT_THAT(both.settings->node().log_dirs, ElementsAre("/a"));
    const Loaded one = load_text("a.yaml", "log.dir: /b\n");
    ASSERT_TRUE(one.settings);
    EXPECT_THAT(one.settings->node().log_dirs, ElementsAre("/b"));
}

TEST(Load, KnowsWhatKindAFileIs) {
    const auto kind = [](const std::string& name, const std::string& text) {
        return kind_of({name, text}) == FileKind::yaml ? "yaml" : "properties";
    };
    EXPECT_STREQ(kind("a.yaml", "a=b"), "yaml");
    EXPECT_STREQ(kind("a.yml", ""), "yaml");
    EXPECT_STREQ(kind("a.properties", "a: b"), "properties");
    EXPECT_STREQ(kind("a", "# x\n\nlisteners=PLAINTEXT://:1\n"), "properties");
    EXPECT_STREQ(kind("a", "listeners PLAINTEXT://:1\n"), "properties");
    EXPECT_STREQ(kind("a", "\n# x\nlisteners: PLAINTEXT://:1\n"), "yaml");
    EXPECT_STREQ(kind("a", "log:\n  dirs: /a\n"), "yaml");
    EXPECT_STREQ(kind("a", "---\nx: 1\n"), "yaml");
    EXPECT_STREQ(kind("a", ""), "properties");
}

TEST(Load, RefusesAFileThatIsTooLarge) {
    EXPECT_THAT(texts(load_text("a.yaml", std::string(kFileBytesMax + 1, '#')).errors),
                ElementsAre("a.yaml: is larger than 1048576 bytes"));
    EXPECT_TRUE(load_text("a.yaml", std::string(kFileBytesMax, '#')).settings);
}

TEST(Load, TakesItsTimeInProportionToTheFile) {
    // Tens of thousands of items each: with anything quadratic this test would take minutes.
    std::string dirs = "log.dirs=/d0";
    std::string listeners = "listeners=A0://:1";
    for (int i = 1; i < 60'000; ++i) {
        dirs += fmt::format(",/d{}", i);
        listeners += fmt::format(",A{}://:1", i);
    }
    EXPECT_TRUE(load_text("a.properties", dirs).settings);
    EXPECT_EQ(load_text("a.properties", listeners).errors.size(), 60'000U);
    std::string unknown;
    for (int i = 0; i < 40'000; ++i) unknown += fmt::format("log.retention.m{}: 1\n", i);
    EXPECT_EQ(load_text("a.yaml", unknown).warnings.size(), 40'000U);
}

TEST(Load, TakesKafkasOwnSampleWithoutAnUnknownKey) {
    const Loaded loaded =
        load_text("server.properties", golden("tests/golden/settings/server.properties"));
    ASSERT_TRUE(loaded.settings) << texts(loaded.errors).at(0);
    EXPECT_THAT(texts(loaded.warnings), ElementsAre(HasSubstr("whoever can reach this")));
    EXPECT_FALSE(loaded.settings->node().is_implicit);
    EXPECT_EQ(loaded.settings->node().advertised.at(0).to_string(), "PLAINTEXT://localhost:9092");
    EXPECT_EQ(loaded.settings->without_effect().size(), 8U);
}

TEST(Load, TakesOurOwnSamples) {
    for (const std::string name : {"single", "broker", "controller"}) {
        const Loaded loaded = load_text(name + ".yaml", golden("config/" + name + ".yaml"));
        ASSERT_TRUE(loaded.settings) << texts(loaded.errors).at(0);
        EXPECT_THAT(texts(loaded.warnings), IsEmpty()) << name;
        EXPECT_EQ(loaded.settings->node().is_implicit, name == "single");
    }
}

TEST(Load, SplitsWhatSetTakes) {
    const Result<Overlay> overlay = parse_set(" a.b = c=d ");
    ASSERT_TRUE(overlay);
    EXPECT_EQ(overlay->key, "a.b");
    EXPECT_EQ(overlay->value, "c=d");
    EXPECT_EQ(overlay->source, "--set");
    EXPECT_FALSE(parse_set("a.b"));
    EXPECT_FALSE(parse_set("=c"));
    EXPECT_TRUE(parse_set("a="));
}

}  // namespace
}  // namespace moldau::config
