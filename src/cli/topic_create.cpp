// moldau topic create NAME…
#include "config_requests.hpp"
#include "report.hpp"

#include "moldau/protocol/messages/create_topics.hpp"

#include <fmt/format.h>

namespace moldau::cli {
namespace {

using runtime::Task;
using CreatedTopic = protocol::CreateTopicsResponse::CreatableTopicResult;

constexpr Duration kVisibleWithin = std::chrono::seconds(5);

struct Options {
    std::vector<std::string> names;
    std::int32_t partitions = -1;  // the broker's default
    std::int16_t replication_factor = -1;
    std::vector<std::string> configs;
    std::vector<ConfigChange> settings;  // the same, read
    bool if_not_exists = false;
    bool dry_run = false;
};

Result<> check(Options& options) {
    Result<std::vector<ConfigChange>> changes = parse_changes(options.configs, "--config ");
    if (!changes) return changes.error();
    options.settings = std::move(*changes);
    return {};
}

protocol::CreateTopicsRequest request_of(const Options& options, std::int32_t timeout_ms) {
    protocol::CreateTopicsRequest request;
    request.timeout_ms = timeout_ms;
    request.validate_only = options.dry_run;
    for (const std::string& name : options.names) {
        auto& topic = request.topics.emplace_back();
        topic.name = name;
        topic.num_partitions = options.partitions;
        topic.replication_factor = options.replication_factor;
        for (const ConfigChange& setting : options.settings) {
            auto& entry = topic.configs.emplace_back();
            entry.name = setting.key;
            entry.value = setting.value;
        }
    }
    return request;
}

/// Tells what has been created, and fails for what has not.
Result<> report(const Context& context, const Options& options,
                const protocol::CreateTopicsResponse& response) {
    Report created("topic.create");
    Failures failures(context.global);
    for (const CreatedTopic& topic : response.topics) {
        if (topic.error_code == ErrorCode::none) {
            created.add({topic.name, topic.topic_id.to_string(), topic.num_partitions,
                         topic.replication_factor});
            fmt::print(stderr, "{} topic '{}' partitions={} replication_factor={}\n",
                       options.dry_run ? "would create" : "created", topic.name,
                       topic.num_partitions, topic.replication_factor);
        } else if (topic.error_code == ErrorCode::topic_already_exists && options.if_not_exists) {
            fmt::print(stderr, "topic '{}' exists already\n", topic.name);
        } else {
            failures.add(
                topic_error(topic.name, topic.error_code, topic.error_message.value_or("")));
        }
    }
    return std::move(failures).print(created);
}

Task<Result<>> create_topics(Context context, Options options) {
    auto reply = co_await context.cluster.ask_any<protocol::CreateTopicsResponse>(
        request_of(options, context.cluster.request_timeout_ms()));
    if (!reply)
        co_return Error{reply.error().code, "cannot create topics: " + reply.error().detail};
    // The controller has them; a broker learns of them a moment later. Whoever goes on with the
    // next command should find them.
    const MonoTime deadline = context.shard.now() + kVisibleWithin;
    for (const CreatedTopic& topic : reply->message.topics) {
        if (options.dry_run || topic.error_code != ErrorCode::none) continue;
        const Result<client::TopicPtr> seen = co_await context.cluster.topic(topic.name, deadline);
        if (!seen)
            fmt::print(stderr, "topic '{}' is created, but the broker does not show it yet\n",
                       topic.name);
    }
    co_return report(context, options, reply->message);
}

}  // namespace

void add_topic_create(Command parent, Choice& choice) {
    Command command = parent.command("create", "create topics");
    auto options = std::make_shared<Options>();
    command.option("name", options->names, "names of the topics").required();
    command.option("--partitions", options->partitions, "default: the broker's")
        .within(1, 1'000'000);
    command.option("--replication-factor", options->replication_factor, "default: the broker's")
        .within(1, 32767);
    command.option("--config", options->configs, "a setting of the topics; may be given again")
        .type_name("KEY=VALUE")
        .repeats_name();
    command.flag("--if-not-exists", options->if_not_exists, "leave a topic that exists as it is");
    command.flag("--dry-run", options->dry_run, "let the broker check it, create nothing");
    command.when_chosen([options, &choice] {
        choice.check = [options](const Global&) { return check(*options); };
        choice.work = [options](Context context) { return create_topics(context, *options); };
    });
}

}  // namespace moldau::cli
