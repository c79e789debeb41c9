#include "config_requests.hpp"

#include "moldau/protocol/messages/incremental_alter_configs.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <span>
#include <utility>

namespace moldau::cli {

using runtime::Task;

namespace {

constexpr std::int16_t kDocumentation = 3;
constexpr std::int8_t kSet = 0;
constexpr std::int8_t kDelete = 1;
constexpr std::int8_t kBroker = 4;
constexpr std::int8_t kBrokerLogger = 8;
constexpr std::string_view kAllBrokers = "default";

struct Kind {
    std::string_view word;
    std::int8_t type = 0;        // as the protocol numbers it
    std::int8_t own_source = 0;  // of what is set on the target itself
};
constexpr std::array kKinds = {Kind{"topic", 2, 1}, Kind{"broker", kBroker, 2},
                               Kind{"group", 32, 8}, Kind{"client-metrics", 16, 7},
                               Kind{"broker-logger", kBrokerLogger, 6}};

const Kind& kind_of(const ConfigTarget& target) {
    return *std::ranges::find(kKinds, target.kind, &Kind::word);
}
bool is_one_brokers(const ConfigTarget& target) {
    const std::int8_t type = kind_of(target).type;
    return (type == kBroker || type == kBrokerLogger) && target.name != kAllBrokers;
}
std::string name_of(const ConfigTarget& target) {
    return kind_of(target).type == kBroker && target.name == kAllBrokers ? "" : target.name;
}

/// The first name for what has none.
std::string name_in(std::span<const std::string_view> names, std::int8_t number) {
    const auto index = static_cast<std::uint8_t>(number);
    return std::string(index < names.size() ? names[index] : names.front());
}
std::string source_name(std::int8_t source) {
    static constexpr std::array<std::string_view, 9> kNames = {
        "unknown", "topic",         "broker", "all brokers", "file of the broker",
        "default", "broker logger", "client", "group"};
    return name_in(kNames, source);
}
std::string type_name(std::int8_t type) {
    static constexpr std::array<std::string_view, 10> kNames = {
        "", "boolean", "string", "int", "short", "long", "double", "list", "class", "password"};
    return name_in(kNames, type);
}

std::optional<std::int32_t> number(std::string_view text) {
    std::int32_t value = 0;
    const auto [end, wrong] = std::from_chars(text.data(), text.data() + text.size(), value);
    if (wrong != std::errc() || end != text.data() + text.size() || value < 0) return std::nullopt;
    return value;
}

/// The broker whose own settings are meant, else any.
Task<Result<client::ConnectionPtr>> who_knows(Context context, ConfigTarget target) {
    if (!is_one_brokers(target)) co_return co_await context.cluster.any();
    if (auto topics = co_await context.cluster.topics(); !topics) co_return topics.error();
    const BrokerId broker{*number(target.name)};
    if (!context.cluster.brokers().contains(broker))
        co_return Error{ErrorCode::broker_not_available,
                        fmt::format("broker {} is not in the cluster ('moldau broker list' shows "
                                    "those that are)",
                                    target.name)};
    co_return co_await context.cluster.broker(broker);
}

Error config_error(const ConfigTarget& target, ErrorCode code, std::string_view message) {
    if (target.kind == "topic" && code == ErrorCode::unknown_topic_or_partition)
        return topic_error(target.name, code);
    return {code, message.empty() || message == name(code)
                      ? fmt::format("{}: {}", to_text(target), name(code))
                      : fmt::format("{}: {} ({})", to_text(target), message, name(code))};
}

}  // namespace

const std::vector<std::string>& config_kinds() {
    static const std::vector<std::string> kWords = [] {
        std::vector<std::string> words;
        words.reserve(kKinds.size());
        for (const Kind& kind : kKinds) words.emplace_back(kind.word);
        return words;
    }();
    return kWords;
}

void add_target(Command command, ConfigTarget& to) {
    command.option("kind", to.kind, "topic, broker, group, client-metrics or broker-logger")
        .required()
        .one_of(config_kinds());
    command.option("name", to.name, "whose; of brokers a number, or 'default' for all of them")
        .required();
}

Result<> check(const ConfigTarget& target) {
    if (is_one_brokers(target) && !number(target.name))
        return Error{ErrorCode::invalid_request,
                     fmt::format("'{}' is no broker: its number, or 'default' for all brokers",
                                 target.name)};
    return {};
}

std::string to_text(const ConfigTarget& target) {
    return fmt::format("{} '{}'", target.kind, target.name);
}

Task<Result<std::vector<Config>>> describe_config(Context context, ConfigTarget target,
                                                  ConfigQuestion question) {
    auto connection = co_await who_knows(context, target);
    if (!connection) co_return connection.error();
    const auto version = (*connection)->versions().choose(protocol::ApiKey::describe_configs);
    if (!version) co_return version.error();
    protocol::DescribeConfigsRequest request;
    auto& resource = request.resources.emplace_back();
    resource.resource_type = kind_of(target).type;
    resource.resource_name = name_of(target);
    if (question.keys.empty()) {
        resource.configuration_keys.reset();
    } else {
        resource.configuration_keys = question.keys;
    }
    request.include_documentation = question.with_documentation && *version >= kDocumentation;
    auto reply =
        co_await (*connection)
            ->ask<protocol::DescribeConfigsResponse>(request, context.cluster.request_deadline());
    if (!reply) co_return reply.error();
    if (reply->message.results.empty())
        co_return config_error(target, ErrorCode::unknown_server_error, "no answer for it");
    const auto& result = reply->message.results.front();
    if (result.error_code != ErrorCode::none)
        co_return config_error(target, result.error_code, result.error_message.value_or(""));
    std::vector<Config> configs;
    configs.reserve(result.configs.size());
    for (const auto& told : result.configs) {
        configs.push_back({.name = told.name,
                           .value = told.value,
                           .source = source_name(told.config_source),
                           .is_set_here = told.config_source == kind_of(target).own_source ||
                                          (target.name == kAllBrokers && told.config_source == 3),
                           .is_read_only = told.read_only,
                           .is_sensitive = told.is_sensitive,
                           .type = type_name(told.config_type),
                           .documentation = told.documentation.value_or("")});
    }
    std::ranges::sort(configs, {}, &Config::name);
    co_return configs;
}

Task<Result<>> change_config(Context context, ConfigTarget target,
                             std::vector<ConfigChange> changes, bool dry_run) {
    auto connection = co_await who_knows(context, target);
    if (!connection) co_return connection.error();
    protocol::IncrementalAlterConfigsRequest request;
    request.validate_only = dry_run;
    auto& resource = request.resources.emplace_back();
    resource.resource_type = kind_of(target).type;
    resource.resource_name = name_of(target);
    for (ConfigChange& change : changes) {
        auto& config = resource.configs.emplace_back();
        config.name = std::move(change.key);
        config.config_operation = change.value ? kSet : kDelete;
        config.value = std::move(change.value);
    }
    auto reply = co_await (*connection)
                     ->ask<protocol::IncrementalAlterConfigsResponse>(
                         request, context.cluster.request_deadline());
    if (!reply) co_return reply.error();
    for (const auto& result : reply->message.responses) {
        if (result.error_code != ErrorCode::none)
            co_return config_error(target, result.error_code, result.error_message.value_or(""));
    }
    co_return Result<>();
}

Result<std::vector<ConfigChange>> parse_changes(const std::vector<std::string>& texts,
                                                std::string_view option) {
    std::vector<ConfigChange> changes;
    changes.reserve(texts.size());
    for (const std::string& text : texts) {
        const std::size_t equals = text.find('=');
        if (equals == std::string::npos || equals == 0)
            return Error{ErrorCode::invalid_config,
                         fmt::format("{}'{}' is not KEY=VALUE", option, text)};
        changes.push_back({text.substr(0, equals), text.substr(equals + 1)});
    }
    return changes;
}

}  // namespace moldau::cli
