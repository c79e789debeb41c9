#include "handlers/admin/describe_configs.hpp"

#include "broker/config_fixture.hpp"

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <array>
#include <fstream>
#include <map>
#include <set>
#include <sstream>
#include <stdexcept>

namespace moldau::broker {
namespace {

using metadata::ResourceType;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::SizeIs;
using Request = protocol::DescribeConfigsRequest;
using Response = protocol::DescribeConfigsResponse;
using Described = Response::DescribeConfigsResourceResult;

std::string golden(const std::string& name) {
    std::ifstream file(std::string(MOLDAU_SOURCE_DIR) + "/tests/golden/settings/" + name);
    if (!file) throw std::runtime_error("cannot read " + name);
    std::ostringstream text;
    text << file.rdbuf();
    return text.str();
}

std::string cell(const std::optional<std::string>& text) {
    return !text ? "(null)" : text->empty() ? "\"\"" : *text;
}

std::string source_name(std::int8_t source) {
    constexpr std::array<std::string_view, 9> kNames = {"UNKNOWN",
                                                        "DYNAMIC_TOPIC_CONFIG",
                                                        "DYNAMIC_BROKER_CONFIG",
                                                        "DYNAMIC_DEFAULT_BROKER_CONFIG",
                                                        "STATIC_BROKER_CONFIG",
                                                        "DEFAULT_CONFIG",
                                                        "DYNAMIC_BROKER_LOGGER_CONFIG",
                                                        "DYNAMIC_CLIENT_METRICS_CONFIG",
                                                        "DYNAMIC_GROUP_CONFIG"};
    return std::string(kNames.at(static_cast<std::size_t>(source)));
}

std::string type_name(std::int8_t type) {
    constexpr std::array<std::string_view, 10> kNames = {"UNKNOWN", "BOOLEAN", "STRING", "INT",
                                                         "SHORT",   "LONG",    "DOUBLE", "LIST",
                                                         "CLASS",   "PASSWORD"};
    return std::string(kNames.at(static_cast<std::size_t>(type)));
}

/// As the lines of describe-configs.tsv have it, behind resource and name.
std::string line_of(const Described& config) {
    std::string synonyms;
    for (const auto& each : config.synonyms) {
        synonyms += fmt::format("{}{}={}@{}", synonyms.empty() ? "" : ";", each.name,
                                cell(each.value), source_name(each.source));
    }
    return fmt::format("{}\t{}\t{}\t{}\t{}\t{}", cell(config.value),
                       source_name(config.config_source), config.read_only ? "read-only" : "-",
                       config.is_sensitive ? "sensitive" : "-", type_name(config.config_type),
                       synonyms.empty() ? "-" : synonyms);
}

struct DescribeConfigsFixture : testing::Test, ConfigFixture {
    using Lines = std::map<std::string, std::string>;

    DescribeConfigsFixture() {
        for (const std::string name : {"t", "own", "plain"}) add_topic(name);
    }
    void add_topic(const std::string& name) {
        const Uuid id{1, static_cast<std::uint64_t>(image.topics.size()) + 1};
        image.topics.set(id, {.name = name, .partitions = {}});
        image.topic_ids.set(name, id);
    }

    static Request of(ResourceType type, std::string name) {
        Request request;
        auto& resource = request.resources.emplace_back();
        resource.resource_type = static_cast<std::int8_t>(type);
        resource.resource_name = std::move(name);
        resource.configuration_keys = std::nullopt;
        request.include_synonyms = true;
        return request;
    }
    Response::DescribeConfigsResult ask(const Request& request) const {
        const Response response = describe_configs(image, settings, log_level, request);
        for (std::int16_t version = 1; version <= 4; ++version)
            EXPECT_TRUE(response.encoded_size(version)) << version;
        return response.results.at(0);
    }
    Response::DescribeConfigsResult ask(ResourceType type, std::string name) const {
        return ask(of(type, std::move(name)));
    }
    Described config(ResourceType type, std::string resource, const std::string& name) const {
        Request request = of(type, std::move(resource));
        request.resources[0].configuration_keys = {name};
        const auto result = ask(request);
        EXPECT_EQ(result.error_code, ErrorCode::none) << result.error_message.value_or("");
        EXPECT_THAT(result.configs, SizeIs(1)) << name;
        return result.configs.at(0);
    }
    Lines lines(ResourceType type, std::string name) const {
        const auto result = ask(type, std::move(name));
        EXPECT_EQ(result.error_code, ErrorCode::none);
        EXPECT_EQ(result.error_message, std::nullopt);
        Lines all;
        for (const Described& each : result.configs) all[each.name] = line_of(each);
        return all;
    }

    /// What Apache Kafka 4.3.1 answered, by resource and name.
    static std::map<std::string, Lines> kafkas() {
        std::map<std::string, Lines> all;
        std::istringstream text(golden("describe-configs.tsv"));
        std::string line;
        std::getline(text, line);
        while (std::getline(text, line)) {
            const std::size_t name = line.find('\t') + 1;
            const std::size_t rest = line.find('\t', name) + 1;
            all[line.substr(0, name - 1)][line.substr(name, rest - name - 1)] = line.substr(rest);
        }
        return all;
    }
    /// The broker that Kafka's answers are of.
    void become_kafkas_broker() {
        settings = settings_of(golden("describe-configs.properties"));
        const auto set = [this](ResourceType type, std::string resource,
                                std::map<std::string, std::string> configs) {
            for (const auto& [name, value] : configs)
                set_config(image, type, resource, name, value);
        };
        set(ResourceType::broker, "",
            {{"message.max.bytes", "2000000"},
             {"log.segment.bytes", "16777216"},
             {"log.cleaner.min.cleanable.ratio", "0.25"},
             {"min.insync.replicas", "1"}});
        set(ResourceType::broker, "1",
            {{"message.max.bytes", "3000000"}, {"log.roll.ms", "3600001"}});
        set(ResourceType::group, "g", {{"consumer.session.timeout.ms", "46000"}});
        set(ResourceType::client_metrics, "cm", {{"interval.ms", "1000"}});
        set(ResourceType::topic, "own", own);
    }

    std::optional<LogLevel> log_level = LogLevel::info;
    std::map<std::string, std::string> own = {{"retention.ms", "1000"},
                                              {"cleanup.policy", "compact,delete"},
                                              {"compression.type", "zstd"},
                                              {"min.cleanable.dirty.ratio", "0.1"},
                                              {"internal.segment.bytes", "2048"}};
};

TEST_F(DescribeConfigsFixture, AnswersAsKafkaForTopicsGroupsClientMetricsAndAllBrokers) {
    become_kafkas_broker();
    auto kafka = kafkas();
    EXPECT_EQ(lines(ResourceType::topic, "plain"), kafka.at("topic-plain"));
    EXPECT_EQ(lines(ResourceType::topic, "own"), kafka.at("topic-own"));
    EXPECT_EQ(lines(ResourceType::broker, ""), kafka.at("broker-default"));
    EXPECT_EQ(lines(ResourceType::group, "g"), kafka.at("group-g"));
    EXPECT_EQ(lines(ResourceType::group, "other"), kafka.at("group-other"));
    EXPECT_EQ(lines(ResourceType::client_metrics, "cm"), kafka.at("client-metrics-cm"));
    EXPECT_EQ(lines(ResourceType::client_metrics, "other"), kafka.at("client-metrics-other"));
}

// Three differences, each wanted: our own settings; what Kafka changes at once and this version at
// a start only is read-only; and Kafka shows log.roll.hours with its default, as if the file did
// not give it, for log.roll.ms was set over it.
TEST_F(DescribeConfigsFixture, AnswersAsKafkaForABroker) {
    become_kafkas_broker();
    Lines ours = lines(ResourceType::broker, "1");
    std::erase_if(ours, [](const auto& line) { return line.first.starts_with("moldau."); });
    Lines kafka = kafkas().at("broker");
    std::set<std::string> fixed;
    for (auto& [name, line] : kafka) {
        const config::Setting* setting = config::find(config::Table::broker, name);
        ASSERT_NE(setting, nullptr) << name;
        const std::size_t flag = line.find("\t-\t", line.find('\t') + 1);
        if (config::is_alterable(*setting) || line.find("\tread-only\t") != line.npos) continue;
        line.replace(flag, 3, "\tread-only\t");
        if (setting->update != config::UpdateMode::per_broker) fixed.insert(name);
    }
    EXPECT_EQ(fixed, (std::set<std::string>{"config.providers", "metric.reporters"}));
    EXPECT_EQ(kafka.at("log.roll.hours").substr(0, 4), "168\t");
    kafka.at("log.roll.hours").replace(0, 3, "2");
    for (const auto& [name, line] : kafka) {
        EXPECT_EQ(ours[name], line) << name;
    }
    EXPECT_EQ(ours.size(), kafka.size());
}

TEST_F(DescribeConfigsFixture, GivesOnlyWhatIsAskedFor) {
    Request request = of(ResourceType::topic, "t");
    EXPECT_THAT(ask(request).configs, SizeIs(33));
    request.resources[0].configuration_keys = {"retention.ms", "nope", "segment.bytes"};
    EXPECT_THAT(ask(request).configs, SizeIs(2));
    request.resources[0].configuration_keys.emplace();
    EXPECT_THAT(ask(request).configs, SizeIs(33));
    EXPECT_THAT(ask(request).configs[0].synonyms, SizeIs(1));
    EXPECT_EQ(ask(request).configs[0].documentation, std::nullopt);
    request.include_synonyms = false;
    request.include_documentation = true;
    for (const Described& each : ask(request).configs) {
        EXPECT_THAT(each.synonyms, IsEmpty());
        EXPECT_FALSE(each.documentation.value_or("").empty()) << each.name;
        if (each.name == "preallocate") {
            EXPECT_THAT(each.documentation.value_or(""), HasSubstr("no effect"));
        }
    }
}

TEST_F(DescribeConfigsFixture, NeverTellsASecretNorWhatMayBeOne) {
    settings = settings_of(
        "ssl.key.password=hunter1\n"
        "listener.name.x.ssl.key.password=hunter2\n"
        "super.users=hunter3\n");
    this_broker("plugin.password", "hunter4");
    all_brokers("plugin.token", "hunter5");
    topic("from.the.future", "hunter6");
    for (const auto& result : {ask(ResourceType::broker, "1"), ask(ResourceType::broker, ""),
                               ask(ResourceType::topic, "t"), ask(ResourceType::topic, "plain")}) {
        for (const Described& each : result.configs) {
            EXPECT_EQ(each.value.value_or("").find("hunter"), std::string::npos) << each.name;
            for (const auto& synonym : each.synonyms)
                EXPECT_EQ(synonym.value.value_or("").find("hunter"), std::string::npos);
        }
    }
    for (const std::string name : {"ssl.key.password", "listener.name.x.ssl.key.password",
                                   "super.users", "plugin.password"}) {
        const Described secret = config(ResourceType::broker, "1", name);
        EXPECT_TRUE(secret.is_sensitive);
        EXPECT_EQ(secret.value, std::nullopt);
    }
    EXPECT_TRUE(config(ResourceType::broker, "", "plugin.token").is_sensitive);
    EXPECT_TRUE(config(ResourceType::topic, "t", "from.the.future").is_sensitive);
}

// As Apache Kafka 4.3.1 gives them.
TEST_F(DescribeConfigsFixture, GivesTheRateOfAListenerWithThatOfAllBehindIt) {
    const std::string rate = "max.connection.creation.rate";
    const std::string own = "listener.name.plaintext." + rate;
    EXPECT_FALSE(lines(ResourceType::broker, "1").contains(own));
    settings = settings_of(own + "=9\n");
    EXPECT_EQ(lines(ResourceType::broker, "1").at(own), "9\tSTATIC_BROKER_CONFIG\t-\t-\tINT\t" +
                                                            own + "=9@STATIC_BROKER_CONFIG;" +
                                                            rate + "=2147483647@DEFAULT_CONFIG");
    all_brokers(own, "8");
    all_brokers(rate, "20");
    this_broker(own, "7");
    EXPECT_EQ(lines(ResourceType::broker, "1").at(own),
              "7\tDYNAMIC_BROKER_CONFIG\t-\t-\tINT\t" + own + "=7@DYNAMIC_BROKER_CONFIG;" + own +
                  "=8@DYNAMIC_DEFAULT_BROKER_CONFIG;" + rate +
                  "=20@DYNAMIC_DEFAULT_BROKER_CONFIG;" + own + "=9@STATIC_BROKER_CONFIG;" + rate +
                  "=2147483647@DEFAULT_CONFIG");
    EXPECT_EQ(
        lines(ResourceType::broker, "").at(own),
        "8\tDYNAMIC_DEFAULT_BROKER_CONFIG\t-\t-\tINT\t" + own + "=8@DYNAMIC_DEFAULT_BROKER_CONFIG");
    this_broker(own, "many");
    EXPECT_TRUE(lines(ResourceType::broker, "1").at(own).starts_with("8\t"));
}

TEST_F(DescribeConfigsFixture, GivesWhatNoFileCanSetOnlyWhereItIsSet) {
    const std::string name = "leader.replication.throttled.rate";
    EXPECT_FALSE(lines(ResourceType::broker, "1").contains(name));
    this_broker(name, "5");
    EXPECT_EQ(lines(ResourceType::broker, "1").at(name),
              "5\tDYNAMIC_BROKER_CONFIG\t-\t-\tLONG\t" + name + "=5@DYNAMIC_BROKER_CONFIG");
}

TEST_F(DescribeConfigsFixture, GivesTheLogAsTheBrokersOnlyLogger) {
    log_level = LogLevel::debug;
    EXPECT_EQ(lines(ResourceType::broker_logger, "1"),
              (Lines{{"root", "DEBUG\tDYNAMIC_BROKER_LOGGER_CONFIG\t-\t-\tUNKNOWN\t-"}}));
    Request request = of(ResourceType::broker_logger, "1");
    request.resources[0].configuration_keys = {"kafka.server.KafkaApis"};
    EXPECT_THAT(ask(request).configs, IsEmpty());
    log_level = std::nullopt;
    EXPECT_THAT(lines(ResourceType::broker_logger, "1"), IsEmpty());
}

TEST_F(DescribeConfigsFixture, GivesAnImplicitNodesValuesAsDefaults) {
    const Described id = config(ResourceType::broker, "1", "node.id");
    EXPECT_EQ(id.value, "1");
    EXPECT_EQ(source_name(id.config_source), "DEFAULT_CONFIG");
}

TEST_F(DescribeConfigsFixture, RefusesWhatHasNoConfigsHere) {
    const struct {
        int type;
        std::string name;
        ErrorCode code;
    } rows[] = {
        {2, "unknown", ErrorCode::unknown_topic_or_partition},
        {2, "a/b", ErrorCode::invalid_topic_exception},
        {2, "", ErrorCode::invalid_topic_exception},
        {4, "2", ErrorCode::invalid_request},
        {4, "abc", ErrorCode::invalid_request},
        {4, "1x", ErrorCode::invalid_request},
        {8, "2", ErrorCode::invalid_request},
        {8, "", ErrorCode::invalid_request},
        {16, "", ErrorCode::invalid_request},
        {32, "", ErrorCode::invalid_request},
        {0, "1", ErrorCode::invalid_request},
        {99, "1", ErrorCode::invalid_request},
    };
    for (const auto& row : rows) {
        SCOPED_TRACE(fmt::format("{} '{}'", row.type, row.name));
        const auto result = ask(static_cast<ResourceType>(row.type), row.name);
        EXPECT_EQ(result.error_code, row.code);
        EXPECT_FALSE(result.error_message.value_or("").empty());
        EXPECT_EQ(result.resource_type, row.type);
        EXPECT_EQ(result.resource_name, row.name);
        EXPECT_THAT(result.configs, IsEmpty());
    }
}

TEST_F(DescribeConfigsFixture, EndsWhereAResponseWouldGrowWithoutBound) {
    Request request = of(ResourceType::group, "g");
    request.include_synonyms = false;
    const std::size_t each = ask(request).configs.size();
    request.resources.resize(kDescribedConfigsMax / each + 3, request.resources[0]);
    const Response response = describe_configs(image, settings, log_level, request);
    EXPECT_EQ(response.results[kDescribedConfigsMax / each].error_code, ErrorCode::none);
    EXPECT_EQ(response.results.back().error_code, ErrorCode::policy_violation);
    EXPECT_EQ(response.results.size(), request.resources.size());
}

TEST_F(DescribeConfigsFixture, TellsOfCreatedTopicsAsKafkaDoes) {
    become_kafkas_broker();
    protocol::CreateTopicsRequest request;
    protocol::CreateTopicsResponse response;
    for (const std::string name : {"plain", "own", "refused"}) {
        request.topics.emplace_back().name = name;
        auto& result = response.topics.emplace_back();
        result.name = name;
        result.configs = std::nullopt;
    }
    for (const auto& [name, value] : own) {
        auto& config = request.topics[1].configs.emplace_back();
        config.name = name;
        config.value = value;
    }
    response.topics[2].error_code = ErrorCode::invalid_partitions;
    add_created_configs(image, settings, request, response);
    const auto lines = [&](std::size_t topic) {
        Lines all;
        for (const auto& each : response.topics[topic].configs.value()) {
            all[each.name] = fmt::format(
                "{}\t{}\t{}\t{}\tnull\t-", cell(each.value), source_name(each.config_source),
                each.read_only ? "read-only" : "-", each.is_sensitive ? "sensitive" : "-");
        }
        return all;
    };
    EXPECT_EQ(lines(0), kafkas().at("created-plain"));
    EXPECT_EQ(lines(1), kafkas().at("created-own"));
    EXPECT_THAT(response.topics[2].configs.value(), IsEmpty());
    EXPECT_EQ(response.topics[0].topic_config_error_code, ErrorCode::none);
    for (std::int16_t version = 2; version <= 7; ++version)
        EXPECT_TRUE(response.encoded_size(version)) << version;
}

}  // namespace
}  // namespace moldau::broker
