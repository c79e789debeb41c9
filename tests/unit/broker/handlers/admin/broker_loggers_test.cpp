#include "handlers/admin/broker_loggers.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <optional>
#include <string>

namespace moldau::broker {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;
using testing::SizeIs;
using Request = protocol::IncrementalAlterConfigsRequest;

class LevelSink final : public LogSink {
public:
    bool enabled(LogLevel level) const override { return level >= level_; }
    void write(LogLevel, std::string_view line) override { lines.emplace_back(line); }
    std::optional<LogLevel> level() const override { return level_; }
    void set_level(LogLevel level) override { level_ = level; }
    std::vector<std::string> lines;

private:
    LogLevel level_ = LogLevel::info;
};

class FixedSink final : public LogSink {
public:
    bool enabled(LogLevel) const override { return true; }
    void write(LogLevel, std::string_view) override {}
};

Request of(std::string broker, std::string logger, std::optional<std::string> level,
           std::int8_t operation = 0) {
    Request request;
    auto& resource = request.resources.emplace_back();
    resource.resource_type = 8;
    resource.resource_name = std::move(broker);
    auto& change = resource.configs.emplace_back();
    change.name = std::move(logger);
    change.config_operation = operation;
    change.value = std::move(level);
    return request;
}

ErrorCode alter(LogSink& sink, Request request) {
    const auto results = alter_loggers(BrokerId{1}, sink, request);
    EXPECT_THAT(request.resources, IsEmpty());
    EXPECT_THAT(results, SizeIs(1));
    EXPECT_EQ(results.at(0).error_message.has_value(), results[0].error_code != ErrorCode::none);
    return results.at(0).error_code;
}

TEST(BrokerLoggers, AreSetToEachLevelOfTheLog) {
    LevelSink sink;
    for (const LogLevel level :
         {LogLevel::trace, LogLevel::debug, LogLevel::warn, LogLevel::error, LogLevel::info}) {
        EXPECT_EQ(alter(sink, of("1", "root", std::string(client_name(level)))), ErrorCode::none);
        EXPECT_EQ(sink.level(), level);
    }
    EXPECT_THAT(sink.lines, SizeIs(5));
    EXPECT_EQ(sink.lines.back(), "the level of the log was changed from=ERROR to=INFO");
}

TEST(BrokerLoggers, AreLeftAsTheyAreByWhatCannotBe) {
    LevelSink sink;
    EXPECT_EQ(alter(sink, of("1", "kafka.server.KafkaApis", "DEBUG")), ErrorCode::invalid_config);
    EXPECT_EQ(alter(sink, of("1", "root", "debug")), ErrorCode::invalid_config);
    EXPECT_EQ(alter(sink, of("1", "root", "FATAL")), ErrorCode::invalid_config);
    EXPECT_EQ(alter(sink, of("1", "root", std::nullopt)), ErrorCode::invalid_request);
    EXPECT_EQ(alter(sink, of("1", "root", std::nullopt, 1)), ErrorCode::invalid_request);
    EXPECT_EQ(alter(sink, of("1", "root", "DEBUG", 2)), ErrorCode::invalid_request);
    EXPECT_EQ(alter(sink, of("1", "root", "DEBUG", 9)), ErrorCode::invalid_request);
    EXPECT_EQ(alter(sink, of("2", "root", "DEBUG")), ErrorCode::invalid_request);
    EXPECT_EQ(alter(sink, of("", "root", "DEBUG")), ErrorCode::invalid_request);
    Request twice = of("1", "root", "DEBUG");
    twice.resources[0].configs.push_back(twice.resources[0].configs[0]);
    EXPECT_EQ(alter(sink, twice), ErrorCode::invalid_request);
    EXPECT_EQ(sink.level(), LogLevel::info);
    EXPECT_THAT(sink.lines, IsEmpty());
}

TEST(BrokerLoggers, AreOnlyJudgedWhenTheRequestSaysSo) {
    LevelSink sink;
    Request request = of("1", "root", "DEBUG");
    request.validate_only = true;
    EXPECT_EQ(alter(sink, request), ErrorCode::none);
    EXPECT_EQ(sink.level(), LogLevel::info);
}

TEST(BrokerLoggers, NamedTwiceAreRefusedAndOtherResourcesLeftToTheController) {
    LevelSink sink;
    Request request = of("1", "root", "DEBUG");
    request.resources.push_back(request.resources[0]);
    auto& topic = request.resources.emplace_back();
    topic.resource_type = 2;
    topic.resource_name = "t";
    const auto results = alter_loggers(BrokerId{1}, sink, request);
    ASSERT_THAT(results, SizeIs(2));
    for (const auto& result : results) EXPECT_EQ(result.error_code, ErrorCode::invalid_request);
    ASSERT_THAT(request.resources, SizeIs(1));
    EXPECT_EQ(request.resources[0].resource_name, "t");
    EXPECT_EQ(sink.level(), LogLevel::info);
}

TEST(BrokerLoggers, AreNoneWhereTheLogHasNoLevelToChange) {
    FixedSink sink;
    EXPECT_EQ(alter(sink, of("1", "root", "DEBUG")), ErrorCode::invalid_config);
}

}  // namespace
}  // namespace moldau::broker
