// moldau topic list
#include "command.hpp"

#include "moldau/cli/output.hpp"

#include <CLI/CLI.hpp>

namespace moldau::cli {
namespace {

using runtime::Task;

struct Options {
    bool internal = false;
};

std::string to_json(const std::vector<client::TopicPtr>& topics) {
    JsonWriter json;
    json.begin_array();
    for (const client::TopicPtr& topic : topics) {
        json.begin_object().key("name").value(topic->name);
        json.key("id").value(topic->id.to_string());
        json.key("internal").value(topic->is_internal);
        json.key("partitions").value(topic->partitions.size());
        json.key("replication_factor")
            .value(topic->partitions.empty() ? 0 : topic->partitions.front().replicas.size());
        json.end_object();
    }
    return json.end_array().text() + '\n';
}

std::string to_table(const std::vector<client::TopicPtr>& topics) {
    Table table({"TOPIC", "PARTITIONS", "REPLICATION"});
    for (const client::TopicPtr& topic : topics) {
        table.add({topic->name, std::to_string(topic->partitions.size()),
                   std::to_string(
                       topic->partitions.empty() ? 0 : topic->partitions.front().replicas.size())});
    }
    return table.to_string();
}

Task<Result<>> list_topics(Context context, Options options) {
    Result<std::vector<client::TopicPtr>> topics = co_await context.cluster.topics();
    if (!topics)
        co_return Error{topics.error().code, "cannot list the topics: " + topics.error().detail};
    if (!options.internal)
        std::erase_if(*topics, [](const client::TopicPtr& topic) { return topic->is_internal; });
    co_return print(context.global.output == Output::json ? to_json(*topics) : to_table(*topics));
}

}  // namespace

void add_topic_list(CLI::App& parent, Choice& choice) {
    CLI::App* command = parent.add_subcommand("list", "list the topics");
    command->fallthrough();
    auto options = std::make_shared<Options>();
    command->add_flag("--internal", options->internal, "internal topics, too");
    command->callback([options, &choice] {
        choice.work = [options](Context context) { return list_topics(context, *options); };
    });
}

}  // namespace moldau::cli
