// moldau topic add-partitions NAME --to COUNT
#include "report.hpp"

#include "moldau/protocol/messages/create_partitions.hpp"

#include <fmt/format.h>

#include <cstdio>
#include <limits>

namespace moldau::cli {
namespace {

using runtime::Task;

struct Options {
    std::string name;
    std::int32_t count = 0;
    bool dry_run = false;
};

Task<Result<>> add_partitions(Context context, Options options) {
    protocol::CreatePartitionsRequest request;
    request.timeout_ms = context.cluster.request_timeout_ms();
    request.validate_only = options.dry_run;
    auto& topic = request.topics.emplace_back();
    topic.name = options.name;
    topic.count = options.count;
    topic.assignments.reset();
    auto reply =
        co_await context.cluster.ask_any<protocol::CreatePartitionsResponse>(std::move(request));
    if (!reply) co_return reply.error();
    for (const auto& result : reply->message.results) {
        if (result.error_code != ErrorCode::none)
            co_return topic_error(options.name, result.error_code,
                                  result.error_message.value_or(""));
    }
    fmt::print(stderr, "topic '{}' {} {} partitions: keys go to others than before\n", options.name,
               options.dry_run ? "would have" : "has", options.count);
    Report report("topic.add-partitions");
    report.add({options.name, options.count});
    co_return print(context.global, report);
}

}  // namespace

void add_topic_add_partitions(Command parent, Choice& choice) {
    Command command = parent.command("add-partitions", "give a topic more partitions");
    auto options = std::make_shared<Options>();
    command.option("name", options->name, "name of the topic").required();
    command.option("--to", options->count, "how many it is to have then")
        .required()
        .within(1, std::numeric_limits<std::int32_t>::max());
    command.flag("--dry-run", options->dry_run, "let the broker look, and change nothing");
    command.when_chosen([options, &choice] {
        choice.work = [options](Context context) { return add_partitions(context, *options); };
    });
}

}  // namespace moldau::cli
