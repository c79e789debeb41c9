#include "config_rules.hpp"

#include "config_fixture.hpp"
#include "effective_configs.hpp"

#include "moldau/controller/configs.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace moldau::broker {
namespace {

using metadata::ResourceType;
using testing::ElementsAre;

struct ConfigRulesFixture : testing::Test, ConfigFixture {
    ConfigRulesFixture() { finalize(metadata::kMetadataVersionMost); }
    void finalize(std::int16_t metadata_version) {
        image.features.set(std::string(metadata::kMetadataVersion), metadata_version);
    }

    controller::ConfigRules rules =
        make_config_rules(settings, [this]() -> const metadata::ClusterImage& { return image; });

    /// What the reply to the only change would say: the code, and a message where it is no success.
    std::pair<ErrorCode, std::string> alter(ResourceType type, std::string resource,
                                            std::string name, std::string value,
                                            std::int8_t operation = 0) {
        if (type == ResourceType::topic) image.topic_ids.set("t", Uuid{1, 2});
        protocol::IncrementalAlterConfigsRequest request;
        auto& one = request.resources.emplace_back();
        one.resource_type = static_cast<std::int8_t>(type);
        one.resource_name = std::move(resource);
        auto& change = one.configs.emplace_back();
        change.name = std::move(name);
        change.config_operation = operation;
        change.value = std::move(value);
        const auto decision = controller::incremental_alter_configs(image, rules, request);
        const auto& response = decision.reply.responses.at(0);
        written = "";
        for (const auto& record : decision.records)
            if (const auto* config = std::get_if<protocol::ConfigRecord>(&record.value))
                written = config->value.value_or("(none)");
        return {response.error_code, response.error_message.value_or("")};
    }
    ErrorCode topic_code(std::string name, std::string value) {
        return alter(ResourceType::topic, "t", std::move(name), std::move(value)).first;
    }
    ErrorCode broker_code(std::string name, std::string value, std::string broker = "1") {
        return alter(ResourceType::broker, std::move(broker), std::move(name), std::move(value))
            .first;
    }

    std::string written;
};

// The values and codes are what Apache Kafka 4.3.1 was asked and answered.
TEST_F(ConfigRulesFixture, OfTopicsRefuseWhatKafkaRefuses) {
    const std::pair<std::string, std::string> good[] = {
        {"min.compaction.lag.ms", "9223372036854775807"},
        {"leader.replication.throttled.replicas", "0:1,1:1"},
        {"leader.replication.throttled.replicas", "*"},
        {"local.retention.ms", "9999999999999"},
        {"cleanup.policy", ""},
        {"cleanup.policy", "compact,compact"},
        {"segment.jitter.ms", "100"},
        {"preallocate", "TRUE"},
        {"internal.segment.bytes", "2048"},
    };
    for (const auto& [name, value] : good)
        EXPECT_EQ(topic_code(name, value), ErrorCode::none) << name << '=' << value;
    const std::pair<std::string, std::string> bad[] = {
        {"remote.storage.enable", "true"},
        {"compression.type", "brotli"},
        {"leader.replication.throttled.replicas", "x"},
        {"nope", "1"},
        {"", "x"},
        {"segment.bytes", "10"},
        {"segment.bytes", "-1"},
        {"retention.ms", ""},
        {"retention.ms", "abc"},
        {"max.message.bytes", "99999999999"},
        {"message.format.version", "3.0"},
        {"min.insync.replicas", "0"},
        {"preallocate", "YES"},
        {"compression.zstd.level", "23"},
        {"compression.gzip.level", "0"},
        {"cleanup.policy", "shred"},
    };
    for (const auto& [name, value] : bad)
        EXPECT_EQ(topic_code(name, value), ErrorCode::invalid_config) << name << '=' << value;
}

TEST_F(ConfigRulesFixture, SayWhatWasMeantOrIsAllowed) {
    EXPECT_EQ(alter(ResourceType::topic, "t", "retention.mss", "1").second,
              "topics have no setting 'retention.mss'; did you mean retention.ms?");
    EXPECT_EQ(alter(ResourceType::topic, "t", "retention.ms", "abc").second,
              "retention.ms: 'abc' is no long; allowed: [-1,...]");
    EXPECT_EQ(alter(ResourceType::topic, "t", std::string(40'000, 'x'), "abc").second,
              "topics have no setting of so long a name");
}

TEST_F(ConfigRulesFixture, OfTopicsJudgeCompactionLagsTogetherWithWhatIsInherited) {
    topic("min.compaction.lag.ms", "100");
    EXPECT_EQ(topic_code("max.compaction.lag.ms", "99"), ErrorCode::invalid_config);
    EXPECT_EQ(topic_code("max.compaction.lag.ms", "100"), ErrorCode::none);
    all_brokers("log.cleaner.max.compaction.lag.ms", "50");
    EXPECT_EQ(topic_code("min.compaction.lag.ms", "51"), ErrorCode::invalid_config);
    EXPECT_EQ(topic_code("min.compaction.lag.ms", "50"), ErrorCode::none);
}

TEST_F(ConfigRulesFixture, AddToAListWhatHoldsWhereTheTopicHasNone) {
    constexpr std::int8_t kAppend = 2;
    constexpr std::int8_t kSubtract = 3;
    EXPECT_EQ(alter(ResourceType::topic, "t", "cleanup.policy", "compact", kAppend).first,
              ErrorCode::none);
    EXPECT_EQ(written, "delete,compact");
    all_brokers("log.cleanup.policy", "compact");
    EXPECT_EQ(alter(ResourceType::topic, "t", "cleanup.policy", "delete", kAppend).first,
              ErrorCode::none);
    EXPECT_EQ(written, "compact,delete");
    EXPECT_EQ(alter(ResourceType::topic, "t", "cleanup.policy", "compact", kSubtract).first,
              ErrorCode::none);
    EXPECT_EQ(written, "");
    EXPECT_EQ(alter(ResourceType::topic, "t", "retention.ms", "1", kAppend).first,
              ErrorCode::invalid_config);
    EXPECT_EQ(rules.inherited(ResourceType::broker, "log.cleanup.policy"), "compact");
    EXPECT_EQ(rules.inherited(ResourceType::client_metrics, "interval.ms"), "300000");
}

TEST_F(ConfigRulesFixture, OfBrokersRefuseWhatKafkaRefuses) {
    const std::pair<std::string, std::string> bad[] = {
        {"log.dirs", "/x"},
        {"log.retention.hours", "5"},
        {"log.retention.ms", "abc"},
        {"ssl.keystore.location", "/x"},
        {"log.segment.bytes", "5"},
        {"advertised.listeners", "PLAINTEXT://127.0.0.1:1"},
        {"num.partitions", "4"},
        {"log.roll.ms", "0"},
        {"log.retention.ms", "0"},
        {"log.roll.jitter.ms", "-1"},
        {"node.id", "5"},
        {"max.connections", "-1"},
        {"max.connections.per.ip.overrides", "a"},
        {"max.connections.per.ip.overrides", "a:x"},
        {"max.connections.per.ip", "0"},
        {"cordoned.log.dirs", "/no/log/directory"},
    };
    for (const auto& [name, value] : bad) {
        EXPECT_EQ(broker_code(name, value), ErrorCode::invalid_request) << name << '=' << value;
        EXPECT_EQ(broker_code(name, value, ""), ErrorCode::invalid_request) << name;
    }
    const std::pair<std::string, std::string> good[] = {
        {"log.retention.ms", "-7"},
        {"leader.replication.throttled.rate", "5"},
        {"log.cleanup.policy", "compact"},
        {"log.cleaner.threads", "2"},
        {"log.cleaner.min.compaction.lag.ms", "9223372036854775807"},
        {"log.local.retention.ms", "5"},
        {"producer.id.expiration.ms", "5000"},
        {"message.max.bytes", "5000"},
        {"max.connections", "77"},
        {"max.connections.per.ip", "77"},
        {"max.connections.per.ip.overrides", "127.0.0.1:1,::1:2"},
        {"max.connections.per.ip.overrides", ""},
    };
    for (const auto& [name, value] : good) {
        EXPECT_EQ(broker_code(name, value), ErrorCode::none) << name << '=' << value;
        EXPECT_EQ(broker_code(name, value, ""), ErrorCode::none) << name;
    }
}

TEST_F(ConfigRulesFixture, RefuseAValueThatNoOldClientCouldBeTold) {
    const std::string name = "leader.replication.throttled.replicas";
    const auto list = [](std::size_t bytes) {
        std::string text = "1:1";
        while (text.size() + 4 <= bytes) text += ",1:1";
        return text;
    };
    EXPECT_EQ(topic_code(name, list(32'767)), ErrorCode::none);
    EXPECT_EQ(topic_code(name, list(32'771)), ErrorCode::invalid_config);
    topic(name, list(32'767));
    constexpr std::int8_t kAppend = 2;
    EXPECT_EQ(alter(ResourceType::topic, "t", name, "2:2,3:3", kAppend).first,
              ErrorCode::invalid_config);
}

TEST_F(ConfigRulesFixture, OfBrokersLetSomebodyConnect) {
    all_brokers("max.connections.per.ip.overrides", "127.0.0.1:1");
    EXPECT_EQ(broker_code("max.connections.per.ip", "0"), ErrorCode::none);
    EXPECT_EQ(broker_code("max.connections.per.ip", "0", ""), ErrorCode::none);
    this_broker("max.connections.per.ip.overrides", "");
    EXPECT_EQ(broker_code("max.connections.per.ip", "0"), ErrorCode::invalid_request);
    EXPECT_EQ(broker_code("max.connections.per.ip", "0", ""), ErrorCode::invalid_request)
        << "this broker has no overrides, whatever the others have";
    this_broker("max.connections.per.ip", "0");
    EXPECT_EQ(broker_code("max.connections.per.ip.overrides", "127.0.0.1:2"), ErrorCode::none);
}

TEST_F(ConfigRulesFixture, OfBrokersChangePoolsOfThreadsByAFactorOfTwoAtMost) {
    for (const auto& [threads, code] :
         {std::pair("4", ErrorCode::none), std::pair("8", ErrorCode::none),
          std::pair("16", ErrorCode::none), std::pair("3", ErrorCode::invalid_request),
          std::pair("17", ErrorCode::invalid_request)}) {
        EXPECT_EQ(broker_code("num.io.threads", threads), code) << threads;
        EXPECT_EQ(broker_code("num.io.threads", threads, ""), code) << threads;
    }
    EXPECT_EQ(broker_code("log.cleaner.threads", "0"), ErrorCode::invalid_request);
    EXPECT_EQ(broker_code("log.cleaner.threads", "3"), ErrorCode::invalid_request);
    this_broker("num.io.threads", "16");
    EXPECT_EQ(broker_code("num.io.threads", "32"), ErrorCode::none);
    EXPECT_EQ(broker_code("num.io.threads", "100", ""), ErrorCode::none)
        << "this broker has its own, which stays";
}

TEST_F(ConfigRulesFixture, OfBrokersKeepNoMoreLocallyThanAtAll) {
    const std::pair<std::string, std::string> bad[] = {
        {"log.local.retention.ms", "604800001"},
        {"log.local.retention.ms", "-1"},
        {"log.retention.ms", "4"},
        {"remote.log.manager.copy.max.bytes.per.second", "0"},
    };
    settings = settings_of("log.local.retention.ms=5\n");
    for (const auto& [name, value] : bad)
        EXPECT_EQ(broker_code(name, value), ErrorCode::invalid_request) << name << '=' << value;
    EXPECT_EQ(broker_code("log.local.retention.ms", "604800000"), ErrorCode::none);
    EXPECT_EQ(broker_code("log.retention.ms", "5"), ErrorCode::none);
    EXPECT_EQ(broker_code("log.local.retention.bytes", "-1"), ErrorCode::none)
        << "retention.bytes has no bound either";
    EXPECT_EQ(broker_code("message.max.bytes", "5000"), ErrorCode::none);
}

TEST_F(ConfigRulesFixture, OfOneBrokerAreNotSetForAll) {
    settings = settings_of("log.dirs=/a,/b\n");
    for (const std::string value : {"/a", "/a,/b", "*", ""}) {
        EXPECT_EQ(broker_code("cordoned.log.dirs", value), ErrorCode::none) << value;
        EXPECT_EQ(broker_code("cordoned.log.dirs", value, ""), ErrorCode::invalid_request);
    }
    EXPECT_EQ(broker_code("cordoned.log.dirs", "/a,*"), ErrorCode::invalid_request);
}

TEST_F(ConfigRulesFixture, OfBrokersCordonNothingThatTheControllerCouldNotBeToldOf) {
    settings = settings_of("log.dirs=/a,/b\n");
    finalize(metadata::kMetadataVersionCordon - 1);
    EXPECT_EQ(broker_code("cordoned.log.dirs", "/a"), ErrorCode::invalid_config);
    finalize(metadata::kMetadataVersionCordon);
    EXPECT_EQ(broker_code("cordoned.log.dirs", "/a"), ErrorCode::none);
}

// Kafka takes these; what they ask for would not happen here, or would run code of their choice.
TEST_F(ConfigRulesFixture, OfBrokersRefuseWhatThisVersionTakesUpAtAStartOnly) {
    const std::pair<std::string, std::string> rows[] = {
        {"listener.name.plaintext.ssl.keystore.location", "/x"},
        {"listener.name.sasl_plaintext.plain.sasl.jaas.config",
         "com.sun.security.auth.module.JndiLoginModule required;"},
        {"sasl.jaas.config", "com.sun.security.auth.module.JndiLoginModule required;"},
        {"sasl.login.callback.handler.class", "org.example.Handler"},
        {"metric.reporters", "org.example.Reporter"},
        {"config.providers", "file"},
        {"nope.nope", "5"},
    };
    for (const auto& [name, value] : rows)
        EXPECT_EQ(broker_code(name, value), ErrorCode::invalid_request) << name;
}

// Kafka takes a limit of 0 for all brokers, and then cannot carry it out.
TEST_F(ConfigRulesFixture, OfOneListenerTakeHowManyConnectionsItHasAndHowFastTheyCome) {
    for (const std::string setting : {"max.connections", "max.connection.creation.rate"}) {
        const std::string own = "listener.name.plaintext." + setting;
        for (const std::string broker : {"1", ""}) {
            EXPECT_EQ(broker_code(own, "5", broker), ErrorCode::none);
            EXPECT_EQ(broker_code("listener.name.nobody." + setting, "5", broker), ErrorCode::none);
            for (const std::string value : {"0", "-1", "many"})
                EXPECT_EQ(broker_code(own, value, broker), ErrorCode::invalid_request) << value;
        }
    }
    for (const std::string broker : {"1", ""})
        EXPECT_EQ(broker_code("listener.name.plaintext.num.network.threads", "5", broker),
                  ErrorCode::none);
    for (const std::string name : {"listener.name..max.connection.creation.rate",
                                   "listener.name.a.b.max.connection.creation.rate",
                                   "listener.name.plaintext.connections.max.idle.ms"})
        EXPECT_EQ(broker_code(name, "5"), ErrorCode::invalid_request) << name;
}

TEST_F(ConfigRulesFixture, OfThisBrokerTakeTheListenersThatItCanHave) {
    const auto code = [this](std::string value, std::string broker = "1") {
        return broker_code("listeners", std::move(value), std::move(broker));
    };
    EXPECT_EQ(code("PLAINTEXT://127.0.0.1:1"), ErrorCode::none) << "the same, elsewhere";
    const std::string two = "PLAINTEXT://127.0.0.1:1,OTHER://127.0.0.1:2";
    EXPECT_EQ(code(two), ErrorCode::invalid_request) << "nobody says what OTHER speaks";
    EXPECT_EQ(code(two, "2"), ErrorCode::none) << "that broker knows";
    EXPECT_EQ(code(two, ""), ErrorCode::invalid_request) << "each broker has its own";
    EXPECT_EQ(broker_code("listener.security.protocol.map", "PLAINTEXT:PLAINTEXT,OTHER:PLAINTEXT"),
              ErrorCode::none);
    this_broker("listener.security.protocol.map", "PLAINTEXT:PLAINTEXT,OTHER:PLAINTEXT");
    EXPECT_EQ(code(two), ErrorCode::none);
    this_broker("listeners", two);
    EXPECT_EQ(broker_code("listener.security.protocol.map", "PLAINTEXT:PLAINTEXT"),
              ErrorCode::invalid_request)
        << "OTHER needs it";
    for (const std::string wrong :
         {"OTHER://127.0.0.1:2", "PLAINTEXT://127.0.0.1:1,SSL://127.0.0.1:2", "",
          "PLAINTEXT://127.0.0.1:1,CONTROLLER://127.0.0.1:7", "nothing"})
        EXPECT_EQ(code(wrong), ErrorCode::invalid_request) << wrong;
    for (const std::string wrong : {"nothing", ""})
        EXPECT_EQ(code(wrong, "2"), ErrorCode::invalid_request) << wrong;
}

TEST_F(ConfigRulesFixture, OfGroupsKeepToTheBrokersBoundsAndSessionsAboveHeartbeats) {
    const auto code = [this](std::string name, std::string value) {
        return alter(ResourceType::group, "g", std::move(name), std::move(value)).first;
    };
    EXPECT_EQ(code("consumer.session.timeout.ms", "46000"), ErrorCode::none);
    EXPECT_EQ(code("consumer.session.timeout.ms", "1"), ErrorCode::invalid_config);
    EXPECT_EQ(code("consumer.session.timeout.ms", "60001"), ErrorCode::invalid_config);
    EXPECT_EQ(code("share.auto.offset.reset", "x"), ErrorCode::invalid_config);
    EXPECT_EQ(code("share.record.lock.duration.ms", "14999"), ErrorCode::invalid_config);
    EXPECT_EQ(code("share.delivery.count.limit", "11"), ErrorCode::invalid_config);
    EXPECT_EQ(code("streams.num.standby.replicas", "2"), ErrorCode::none);
    EXPECT_EQ(code("streams.num.standby.replicas", "3"), ErrorCode::invalid_config);
    EXPECT_EQ(code("nope", "1"), ErrorCode::invalid_config);
    settings = settings_of("group.consumer.max.heartbeat.interval.ms=50000\n");
    EXPECT_EQ(code("consumer.heartbeat.interval.ms", "45000"), ErrorCode::invalid_config);
    EXPECT_EQ(code("consumer.heartbeat.interval.ms", "44999"), ErrorCode::none);
}

TEST_F(ConfigRulesFixture, OfClientMetricsAreKafkas) {
    const auto code = [this](std::string name, std::string value) {
        return alter(ResourceType::client_metrics, "cm", std::move(name), std::move(value)).first;
    };
    EXPECT_EQ(code("interval.ms", "1000"), ErrorCode::none);
    EXPECT_EQ(code("interval.ms", "5"), ErrorCode::invalid_request);
    EXPECT_EQ(code("interval.ms", "x"), ErrorCode::invalid_config);
    EXPECT_EQ(code("nope", "1"), ErrorCode::invalid_request);
    EXPECT_EQ(code("metrics", "*"), ErrorCode::none);
    EXPECT_EQ(code("match", "client_id=x, client_source_port = 9.*"), ErrorCode::none);
    for (const std::string wrong : {"a", "a=b", "client_id=", "client_id=a=b"})
        EXPECT_EQ(code("match", wrong), ErrorCode::invalid_config) << wrong;
}

TEST_F(ConfigRulesFixture, NameWhatIsKeptWithoutEffect) {
    topic("retention.ms", "5");
    topic("preallocate", "true");
    topic("from.the.future", "1");
    const metadata::ConfigResource t{.type = ResourceType::topic, .name = "t"};
    EXPECT_THAT(without_effect(settings, image, t), ElementsAre("from.the.future", "preallocate"));
    this_broker("listener.name.plaintext.max.connection.creation.rate", "5");
    this_broker("listener.name.nobody.max.connection.creation.rate", "5");
    EXPECT_THAT(without_effect(settings, image, broker_resource({1})),
                ElementsAre("listener.name.nobody.max.connection.creation.rate"));
    this_broker("listener.security.protocol.map", "PLAINTEXT:PLAINTEXT,NOBODY:PLAINTEXT");
    this_broker("listeners", "PLAINTEXT://127.0.0.1:1,NOBODY://127.0.0.1:2");
    EXPECT_THAT(without_effect(settings, image, broker_resource({1})), testing::IsEmpty());
}

}  // namespace
}  // namespace moldau::broker
