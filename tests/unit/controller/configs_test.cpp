#include "moldau/controller/configs.hpp"

#include "config_rules_fixture.hpp"

#include <gmock/gmock.h>

namespace moldau::controller {
namespace {

using testing::IsEmpty;
using testing::SizeIs;
using Request = protocol::IncrementalAlterConfigsRequest;

enum Op : std::int8_t { kSet = 0, kDelete = 1, kAppend = 2, kSubtract = 3 };
constexpr std::int8_t kTopic = 2;
constexpr std::int8_t kBroker = 4;
constexpr std::int8_t kGroup = 32;

Request::AlterableConfig change(std::string name, std::int8_t op,
                                std::optional<std::string> value) {
    Request::AlterableConfig config;
    config.name = std::move(name);
    config.config_operation = op;
    config.value = std::move(value);
    return config;
}
Request::AlterConfigsResource resource(std::int8_t type, std::string name,
                                       std::vector<Request::AlterableConfig> changes) {
    Request::AlterConfigsResource one;
    one.resource_type = type;
    one.resource_name = std::move(name);
    one.configs = std::move(changes);
    return one;
}

class Configs : public ConfigFixture {
protected:
    void SetUp() override {
        ConfigFixture::SetUp();
        topic("t", {1});
    }
    auto decide(std::vector<Request::AlterConfigsResource> resources, bool validate_only = false) {
        Request request;
        request.resources = std::move(resources);
        request.validate_only = validate_only;
        auto decision = incremental_alter_configs(image(), rules, request);
        append(decision.records);
        return decision;
    }
    // The code, and how many records there were.
    std::pair<ErrorCode, std::size_t> alter(std::int8_t type, std::string name, std::string config,
                                            std::int8_t op, std::optional<std::string> value) {
        const auto decision = decide(
            {resource(type, std::move(name), {change(std::move(config), op, std::move(value))})});
        return {decision.reply.responses.at(0).error_code, decision.records.size()};
    }
    std::string value(std::int8_t type, const std::string& name, std::string_view config) {
        const auto* found =
            image().configs_of({static_cast<metadata::ResourceType>(type), name}).find(config);
        return found == nullptr ? "(none)" : *found;
    }
    using Pair = std::pair<ErrorCode, std::size_t>;
    static constexpr ErrorCode kOk = ErrorCode::none;
};

TEST_F(Configs, AreSetAndRemovedAndWhatIsSoAlreadyMakesNoRecord) {
    EXPECT_EQ(alter(kTopic, "t", "retention.ms", kSet, "55"), Pair(kOk, 1));
    EXPECT_EQ(value(kTopic, "t", "retention.ms"), "55");
    EXPECT_EQ(alter(kTopic, "t", "retention.ms", kSet, "55"), Pair(kOk, 0));
    EXPECT_EQ(alter(kTopic, "t", "retention.ms", kDelete, std::nullopt), Pair(kOk, 1));
    EXPECT_EQ(value(kTopic, "t", "retention.ms"), "(none)");
    EXPECT_EQ(alter(kTopic, "t", "retention.ms", kDelete, std::nullopt), Pair(kOk, 0));
    EXPECT_EQ(alter(kTopic, "t", "nope", kDelete, std::nullopt), Pair(kOk, 0));  // as Kafka
}

TEST_F(Configs, ThatAreListsGrowAndShrinkFromWhatHeldBefore) {
    EXPECT_EQ(alter(kTopic, "t", "cleanup.policy", kAppend, "compact"), Pair(kOk, 1));
    EXPECT_EQ(value(kTopic, "t", "cleanup.policy"), "delete,compact");
    EXPECT_EQ(alter(kTopic, "t", "cleanup.policy", kAppend, "compact"), Pair(kOk, 0));
    EXPECT_EQ(alter(kTopic, "t", "cleanup.policy", kSubtract, "delete, other"), Pair(kOk, 1));
    EXPECT_EQ(value(kTopic, "t", "cleanup.policy"), "compact");
    EXPECT_EQ(alter(kTopic, "t", "cleanup.policy", kSubtract, "compact"), Pair(kOk, 1));
    EXPECT_EQ(value(kTopic, "t", "cleanup.policy"), "");
    topic("u", {1});
    EXPECT_EQ(alter(kTopic, "u", "cleanup.policy", kAppend, "delete"), Pair(kOk, 0));
}

TEST_F(Configs, ThatCannotBeChangedSoAreLeftAsTheyAre) {
    const auto invalid = Pair(ErrorCode::invalid_config, 0);
    const auto wrong = Pair(ErrorCode::invalid_request, 0);
    EXPECT_EQ(alter(kTopic, "t", "retention.ms", kSet, "abc"), invalid);
    EXPECT_EQ(alter(kTopic, "t", "nope", kSet, "1"), invalid);
    EXPECT_EQ(alter(kTopic, "t", "retention.ms", kAppend, "1"), invalid);
    EXPECT_EQ(alter(kTopic, "t", "retention.ms", kSet, std::nullopt), wrong);
    EXPECT_EQ(alter(kTopic, "t", "retention.ms", 9, "1"), wrong);
    EXPECT_EQ(alter(kTopic, "t", "retention.ms", -1, "1"), wrong);
    EXPECT_EQ(alter(kTopic, "none", "retention.ms", kSet, "1"),
              Pair(ErrorCode::unknown_topic_or_partition, 0));
    EXPECT_EQ(alter(kTopic, "a/b", "retention.ms", kSet, "1"),
              Pair(ErrorCode::invalid_topic_exception, 0));
    EXPECT_EQ(alter(kBroker, "one", "num.io.threads", kSet, "1"), wrong);
    EXPECT_EQ(alter(kBroker, "-1", "num.io.threads", kSet, "1"), wrong);
    EXPECT_EQ(alter(kGroup, "", "retention.ms", kSet, "1"), wrong);
    EXPECT_EQ(alter(8, "1", "x", kSet, "1"), wrong);
    EXPECT_EQ(alter(99, "1", "x", kSet, "1"), wrong);
}

TEST_F(Configs, OfAResourceChangeAsAWhole) {
    const auto decision = decide(
        {resource(kTopic, "t", {change("retention.ms", kSet, "1"), change("nope", kSet, "1")}),
         resource(kBroker, "1", {change("num.io.threads", kSet, "6")})});
    EXPECT_EQ(decision.reply.responses.at(0).error_code, ErrorCode::invalid_config);
    EXPECT_EQ(decision.reply.responses.at(1).error_code, kOk);
    EXPECT_EQ(decision.reply.responses.at(1).error_message, std::nullopt);
    EXPECT_EQ(value(kTopic, "t", "retention.ms"), "(none)");
    EXPECT_EQ(value(kBroker, "1", "num.io.threads"), "6");
}

TEST_F(Configs, NamedTwiceAreRefused) {
    const auto set = change("retention.ms", kSet, "1");
    EXPECT_EQ(decide({resource(kTopic, "t", {set, set})}).reply.responses.at(0).error_code,
              ErrorCode::invalid_request);
    const auto twice = decide({resource(kTopic, "t", {set}), resource(kTopic, "t", {set})});
    ASSERT_THAT(twice.reply.responses, SizeIs(1));
    EXPECT_EQ(twice.reply.responses[0].error_code, ErrorCode::invalid_request);
    EXPECT_THAT(twice.records, IsEmpty());
}

TEST_F(Configs, AreJudgedTogetherAsTheyWouldBe) {
    rules.check_together = [](const metadata::ConfigResource& resource,
                              const metadata::Configs& all) -> Result<> {
        EXPECT_EQ(resource.type, metadata::ResourceType::topic);
        EXPECT_EQ(resource.name, "t");
        if (all.contains("retention.ms") && all.contains("min.insync.replicas"))
            return Error{ErrorCode::invalid_config, "both"};
        return {};
    };
    EXPECT_EQ(alter(kTopic, "t", "retention.ms", kSet, "1"), Pair(kOk, 1));
    const auto min_insync = change("min.insync.replicas", kSet, "1");
    const auto both = decide({resource(kTopic, "t", {min_insync})});
    EXPECT_EQ(both.reply.responses.at(0).error_code, ErrorCode::invalid_config);
    EXPECT_EQ(both.reply.responses.at(0).error_message, "both");
    EXPECT_THAT(both.records, IsEmpty());
    const auto one = decide(
        {resource(kTopic, "t", {min_insync, change("retention.ms", kDelete, std::nullopt)})});
    EXPECT_EQ(one.reply.responses.at(0).error_code, kOk);
}

TEST_F(Configs, AreOnlyJudgedWhenTheRequestSaysSo) {
    const auto set = change("retention.ms", kSet, "1");
    const auto judged = decide({resource(kTopic, "t", {set})}, true);
    EXPECT_EQ(judged.reply.responses.at(0).error_code, kOk);
    EXPECT_THAT(judged.records, IsEmpty());
}

TEST_F(Configs, OfMinInsyncReplicasClearElrsAndAreTheClustersWithElr) {
    EXPECT_EQ(alter(kTopic, "t", "min.insync.replicas", kSet, "2"), Pair(kOk, 2));
    const auto cluster =
        decide({resource(kBroker, "", {change("min.insync.replicas", kSet, "2")})});
    ASSERT_THAT(cluster.records, SizeIs(2));
    EXPECT_EQ(std::get<protocol::ClearElrRecord>(cluster.records[1].value).topic_name, "");
    const auto invalid = Pair(ErrorCode::invalid_config, 0);
    EXPECT_EQ(alter(kBroker, "", "min.insync.replicas", kDelete, std::nullopt), invalid);
    EXPECT_EQ(alter(kBroker, "1", "min.insync.replicas", kSet, "2"), invalid);
    feature(metadata::kElrVersion, 0);
    EXPECT_EQ(alter(kBroker, "1", "min.insync.replicas", kSet, "2"), Pair(kOk, 1));
    EXPECT_EQ(alter(kBroker, "", "min.insync.replicas", kDelete, std::nullopt), Pair(kOk, 1));
}

TEST_F(Configs, WithLongNamesAreAnsweredThoughTheReplyHasNoRoomForThem) {
    const std::string longest(32'767, 'x');
    for (const auto& each : {resource(kTopic, "t", {change(longest, kSet, std::nullopt)}),
                             resource(kTopic, "t", {change(longest, kAppend, "1")}),
                             resource(kTopic, "t",
                                      {change(longest, kDelete, std::nullopt),
                                       change(longest, kDelete, std::nullopt)}),
                             resource(kBroker, longest, {}), resource(kTopic, longest, {})}) {
        const auto decision = decide({each});
        EXPECT_NE(decision.reply.responses.at(0).error_code, kOk);
        EXPECT_TRUE(decision.reply.encoded_size(0));
    }
}

class FullConfigs : public Configs {
protected:
    using Wanted = std::vector<std::pair<std::string, std::optional<std::string>>>;

    static protocol::AlterConfigsRequest::AlterConfigsResource full(std::int8_t type,
                                                                    std::string name,
                                                                    const Wanted& wanted) {
        protocol::AlterConfigsRequest::AlterConfigsResource one;
        one.resource_type = type;
        one.resource_name = std::move(name);
        for (const auto& [config, value] : wanted) {
            auto& entry = one.configs.emplace_back();
            entry.name = config;
            entry.value = value;
        }
        return one;
    }
    auto replace(std::vector<protocol::AlterConfigsRequest::AlterConfigsResource> resources,
                 bool validate_only = false) {
        protocol::AlterConfigsRequest request;
        request.resources = std::move(resources);
        request.validate_only = validate_only;
        auto decision = alter_configs(image(), rules, request);
        for (std::int16_t v = 0; v <= 2; ++v) EXPECT_TRUE(decision.reply.encoded_size(v)) << v;
        append(decision.records);
        return decision;
    }
    Pair replace(std::int8_t type, std::string name, const Wanted& wanted) {
        const auto decision = replace({full(type, std::move(name), wanted)});
        return {decision.reply.responses.at(0).error_code, decision.records.size()};
    }
};

TEST_F(FullConfigs, AreWhatTheRequestNamesAndNothingElse) {
    EXPECT_EQ(replace(kTopic, "t", {{"retention.ms", "5"}, {"cleanup.policy", "compact"}}),
              Pair(kOk, 2));
    EXPECT_EQ(replace(kTopic, "t", {{"cleanup.policy", "compact"}}), Pair(kOk, 1));
    EXPECT_EQ(value(kTopic, "t", "retention.ms"), "(none)");
    EXPECT_EQ(value(kTopic, "t", "cleanup.policy"), "compact");
    EXPECT_EQ(replace(kTopic, "t", {{"cleanup.policy", "compact"}}), Pair(kOk, 0));
    EXPECT_EQ(replace(kTopic, "t", {}), Pair(kOk, 1));
    EXPECT_EQ(value(kTopic, "t", "cleanup.policy"), "(none)");
}

TEST_F(FullConfigs, AreRefusedWithTheirResourceLeftAsItIs) {
    EXPECT_EQ(replace(kTopic, "t", {{"retention.ms", "5"}}), Pair(kOk, 1));
    const auto wrong = Pair(ErrorCode::invalid_request, 0);
    EXPECT_EQ(replace(kTopic, "t", {{"nope", "5"}}), Pair(ErrorCode::invalid_config, 0));
    EXPECT_EQ(replace(kTopic, "t", {{"retention.ms", std::nullopt}}), wrong);
    EXPECT_EQ(replace(kTopic, "t", {{"retention.ms", "5"}, {"retention.ms", "6"}}), wrong);
    EXPECT_EQ(replace(8, "1", {{"root", "DEBUG"}}), wrong);
    EXPECT_EQ(value(kTopic, "t", "retention.ms"), "5");
    const auto twice = replace({full(kTopic, "t", {}), full(kTopic, "t", {})});
    ASSERT_THAT(twice.reply.responses, SizeIs(1));
    EXPECT_EQ(twice.reply.responses[0].error_code, ErrorCode::invalid_request);
    EXPECT_THAT(replace({full(kTopic, "t", {})}, true).records, IsEmpty());
}

TEST_F(FullConfigs, KeepTheClustersMinInsyncReplicasWithElr) {
    EXPECT_EQ(replace(kBroker, "", {{"min.insync.replicas", "2"}}), Pair(kOk, 2));
    EXPECT_EQ(replace(kBroker, "", {{"num.io.threads", "2"}}), Pair(ErrorCode::invalid_config, 0));
    EXPECT_EQ(replace(kBroker, "", {{"num.io.threads", "2"}, {"min.insync.replicas", "2"}}),
              Pair(kOk, 1));
}

}  // namespace
}  // namespace moldau::controller
