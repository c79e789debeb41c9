// moldau topic describe NAME…
#include "report.hpp"

#include "moldau/protocol/messages/describe_configs.hpp"

#include <map>

namespace moldau::cli {
namespace {

using runtime::Task;

constexpr std::int8_t kTopicResource = 2;
constexpr std::int8_t kSetOnTopic = 1;  // DescribeConfigs' source of what is no default

using Configs = std::map<std::string, std::string>;

Cell numbers_of(const std::vector<BrokerId>& ids) {
    std::vector<std::int32_t> numbers;
    numbers.reserve(ids.size());
    for (const BrokerId id : ids) numbers.push_back(id.value);
    return {numbers};
}

Item item_of(const client::Topic& topic, const Configs& configs) {
    std::vector<Item> partitions;
    for (const client::Partition& each : topic.partitions) {
        Cell leader = each.leader.value < 0 ? Cell().shown_as("none") : Cell(each.leader.value);
        partitions.push_back({each.index, std::move(leader), each.leader_epoch.value,
                              numbers_of(each.replicas), numbers_of(each.isr),
                              numbers_of(each.offline)});
    }
    return {topic.name, topic.id.to_string(), topic.is_internal, configs, std::move(partitions)};
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
    Report report("topic.describe");
    Failures failures(context.global);
    for (const std::string& name : names) {
        Result<client::TopicPtr> topic = co_await context.cluster.topic_now(name);
        if (!topic) {
            const Error& error = topic.error();
            if (error.code == ErrorCode::network_exception ||
                error.code == ErrorCode::request_timed_out) {
                failures.add({error.code, "cannot describe topics: " + error.detail});
                break;  // nobody is there to tell of the others
            }
            failures.add(topic_error(name, error.code));
            continue;
        }
        Result<Configs> configs = co_await configs_of(context, name);
        if (configs) {
            report.add(item_of(**topic, *configs));
        } else {
            failures.add(configs.error());
        }
    }
    co_return std::move(failures).print(report);
}

}  // namespace

void add_topic_describe(Command parent, Choice& choice) {
    Command command = parent.command(
        "describe", "show partitions, leaders, replicas and the settings that are set on a topic");
    auto names = std::make_shared<std::vector<std::string>>();
    command.option("name", *names, "names of the topics").required();
    command.when_chosen([names, &choice] {
        choice.work = [names](Context context) { return describe_topics(context, *names); };
    });
}

}  // namespace moldau::cli
