// moldau topic list
#include "report.hpp"

namespace moldau::cli {
namespace {

using runtime::Task;

struct Options {
    bool internal = false;
};

Task<Result<>> list_topics(Context context, Options options) {
    Result<std::vector<client::TopicPtr>> topics = co_await context.cluster.topics();
    if (!topics)
        co_return Error{topics.error().code, "cannot list the topics: " + topics.error().detail};
    if (!options.internal)
        std::erase_if(*topics, [](const client::TopicPtr& topic) { return topic->is_internal; });
    Report report("topic.list");
    for (const client::TopicPtr& topic : *topics)
        report.add({topic->name, topic->id.to_string(), topic->is_internal,
                    topic->partitions.size(),
                    topic->partitions.empty() ? 0 : topic->partitions.front().replicas.size()});
    co_return print(context.global, report);
}

}  // namespace

void add_topic_list(Command parent, Choice& choice) {
    Command command = parent.command("list", "list the topics");
    auto options = std::make_shared<Options>();
    command.flag("--internal", options->internal, "internal topics, too");
    command.when_chosen([options, &choice] {
        choice.work = [options](Context context) { return list_topics(context, *options); };
    });
}

}  // namespace moldau::cli
