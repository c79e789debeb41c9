// moldau topic delete NAME…
#include "confirm.hpp"
#include "report.hpp"

#include "moldau/protocol/messages/delete_topics.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <cstdio>

namespace moldau::cli {
namespace {

using runtime::Task;

struct Options {
    std::vector<std::string> names;
    bool if_exists = false;
};

/// Names stand in another field from version 6 on.
protocol::DeleteTopicsRequest request_of(const Options& options, std::int16_t version,
                                         std::int32_t timeout_ms) {
    protocol::DeleteTopicsRequest request;
    request.timeout_ms = timeout_ms;
    for (const std::string& name : options.names) {
        if (version < 6) {
            request.topic_names.push_back(name);
        } else {
            request.topics.emplace_back().name = name;
        }
    }
    return request;
}

Result<> report(const Context& context, const Options& options,
                const protocol::DeleteTopicsResponse& response) {
    Failures failures(context.global);
    Report deleted("topic.delete");
    for (const auto& topic : response.responses) {
        const std::string name = topic.name.value_or("");
        if (topic.error_code == ErrorCode::none) {
            deleted.add({name});
            fmt::print(stderr, "deleted topic '{}'\n", name);
        } else if (topic.error_code == ErrorCode::unknown_topic_or_partition && options.if_exists) {
            fmt::print(stderr, "topic '{}' does not exist\n", name);
        } else {
            failures.add(topic_error(name, topic.error_code, topic.error_message.value_or("")));
        }
    }
    return std::move(failures).print(deleted);
}

Task<Result<>> delete_topics(Context context, Options options) {
    const auto failed = [](const Error& error) {
        return Error{error.code, "cannot delete topics: " + error.detail};
    };
    client::Cluster& cluster = context.cluster;
    Result<client::ConnectionPtr> connection = co_await cluster.any();
    if (!connection) co_return failed(connection.error());
    const Result<std::int16_t> version =
        (*connection)->versions().choose(protocol::ApiKey::delete_topics);
    if (!version) co_return failed(version.error());
    auto reply = co_await (*connection)
                     ->ask<protocol::DeleteTopicsResponse>(
                         request_of(options, *version, cluster.request_timeout_ms()),
                         cluster.request_deadline());
    if (!reply) co_return failed(reply.error());
    co_return report(context, options, reply->message);
}

}  // namespace

void add_topic_delete(Command parent, Choice& choice) {
    Command command = parent.command("delete", "delete topics with all their records");
    auto options = std::make_shared<Options>();
    command.option("name", options->names, "names of the topics").required();
    command.flag("--if-exists", options->if_exists, "a topic that is not there is no error");
    command.when_chosen([options, &choice] {
        choice.check = [options](const Global& global) {
            return confirm(
                global, fmt::format("delete {} with all records", fmt::join(options->names, ", ")));
        };
        choice.work = [options](Context context) { return delete_topics(context, *options); };
    });
}

}  // namespace moldau::cli
