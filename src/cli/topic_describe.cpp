// moldau topic describe NAME…
#include "command.hpp"

#include "moldau/cli/output.hpp"
#include "moldau/protocol/messages/describe_configs.hpp"

#include <CLI/CLI.hpp>
#include <fmt/format.h>
#include <fmt/ranges.h>

#include <map>
#include <ranges>

namespace moldau::cli {
namespace {

using runtime::Task;

constexpr std::int8_t kTopicResource = 2;
constexpr std::int8_t kSetOnTopic = 1;  // DescribeConfigs' source of what is no default

using Configs = std::map<std::string, std::string>;

struct Described {
    client::TopicPtr topic;
    Configs configs;  // that were set on the topic
};

std::string list_of(const std::vector<BrokerId>& ids) {
    return fmt::format("{}", fmt::join(ids | std::views::transform(&BrokerId::value), ","));
}

void write_ids(JsonWriter& json, std::string_view key, const std::vector<BrokerId>& ids) {
    json.key(key).begin_array();
    for (const BrokerId id : ids) json.value(id.value);
    json.end_array();
}

std::string to_json(const std::vector<Described>& topics) {
    JsonWriter json;
    json.begin_array();
    for (const Described& each : topics) {
        json.begin_object().key("name").value(each.topic->name);
        json.key("id").value(each.topic->id.to_string());
        json.key("internal").value(each.topic->is_internal);
        json.key("configs").begin_object();
        for (const auto& [name, value] : each.configs) json.key(name).value(value);
        json.end_object().key("partitions").begin_array();
        for (const client::Partition& partition : each.topic->partitions) {
            json.begin_object().key("partition").value(partition.index);
            json.key("leader").value(partition.leader.value);
            json.key("leader_epoch").value(partition.leader_epoch.value);
            write_ids(json, "replicas", partition.replicas);
            write_ids(json, "isr", partition.isr);
            write_ids(json, "offline", partition.offline);
            json.end_object();
        }
        json.end_array().end_object();
    }
    return json.end_array().text() + '\n';
}

std::string to_table(const std::vector<Described>& topics) {
    std::string text;
    for (const Described& each : topics) {
        if (!text.empty()) text += '\n';
        text += fmt::format("{}  id={}\n", each.topic->name, each.topic->id.to_string());
        for (const auto& [name, value] : each.configs)
            text += fmt::format("  {}={}\n", name, value);
        Table table({"PARTITION", "LEADER", "EPOCH", "REPLICAS", "ISR", "OFFLINE"});
        for (const client::Partition& partition : each.topic->partitions) {
            table.add({std::to_string(partition.index),
                       partition.leader.value < 0 ? "none" : std::to_string(partition.leader.value),
                       std::to_string(partition.leader_epoch.value), list_of(partition.replicas),
                       list_of(partition.isr), list_of(partition.offline)});
        }
        text += table.to_string();
    }
    return text;
}

Task<Result<Configs>> configs_of(Context context, std::string topic) {
    protocol::DescribeConfigsRequest request;
    auto& resource = request.resources.emplace_back();
    resource.resource_type = kTopicResource;
    resource.resource_name = topic;
    resource.configuration_keys.reset();
    auto reply =
        co_await context.cluster.ask_any<protocol::DescribeConfigsResponse>(std::move(request));
    if (!reply) co_return reply.error();
    Configs found;
    for (const auto& result : reply->message.results) {
        if (result.error_code != ErrorCode::none)
            co_return topic_error(topic, result.error_code, result.error_message.value_or(""));
        for (const auto& config : result.configs)
            if (config.config_source == kSetOnTopic)
                found[config.name] = config.value.value_or("(hidden)");
    }
    co_return found;
}

Task<Result<>> describe_topics(Context context, std::vector<std::string> names) {
    std::vector<Described> described;
    for (const std::string& name : names) {
        Result<client::TopicPtr> topic = co_await context.cluster.topic_now(name);
        if (!topic) {
            const Error& error = topic.error();
            if (error.code == ErrorCode::network_exception ||
                error.code == ErrorCode::request_timed_out)
                co_return Error{error.code, "cannot describe topics: " + error.detail};
            co_return topic_error(name, error.code);
        }
        Result<Configs> configs = co_await configs_of(context, name);
        if (!configs) co_return configs.error();
        described.push_back({.topic = std::move(*topic), .configs = std::move(*configs)});
    }
    co_return print(context.global.output == Output::json ? to_json(described)
                                                          : to_table(described));
}

}  // namespace

void add_topic_describe(CLI::App& parent, Choice& choice) {
    CLI::App* command = parent.add_subcommand(
        "describe", "show partitions, leaders, replicas and the settings that are set on a topic");
    command->fallthrough();
    auto names = std::make_shared<std::vector<std::string>>();
    command->add_option("name", *names, "names of the topics")->required();
    command->callback([names, &choice] {
        choice.work = [names](Context context) { return describe_topics(context, *names); };
    });
}

}  // namespace moldau::cli
