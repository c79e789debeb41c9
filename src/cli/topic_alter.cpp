// moldau topic alter NAME --config KEY=VALUE … --unset KEY …
#include "config_requests.hpp"
#include "report.hpp"

#include <fmt/format.h>

#include <cstdio>

namespace moldau::cli {
namespace {

using runtime::Task;

struct Options {
    std::string name;
    std::vector<std::string> configs;
    std::vector<std::string> unset;
    std::vector<ConfigChange> changes;
    bool dry_run = false;
};

Result<> check(Options& options) {
    Result<std::vector<ConfigChange>> changes = parse_changes(options.configs, "--config ");
    if (!changes) return changes.error();
    options.changes = std::move(*changes);
    for (const std::string& key : options.unset) options.changes.push_back({key, std::nullopt});
    if (options.changes.empty())
        return Error{ErrorCode::invalid_request, "nothing to change: --config or --unset"};
    return {};
}

Task<Result<>> alter(Context context, Options options) {
    Result<> done = co_await change_config(context, {.kind = "topic", .name = options.name},
                                           options.changes, options.dry_run);
    if (!done) co_return done;
    fmt::print(stderr, "{} topic '{}'\n", options.dry_run ? "would alter" : "altered",
               options.name);
    Report report("topic.alter");
    for (const ConfigChange& each : options.changes)
        report.add({options.name, each.key, each.value});
    co_return print(context.global, report);
}

}  // namespace

void add_topic_alter(Command parent, Choice& choice) {
    Command command = parent.command("alter", "change a topic's settings");
    auto options = std::make_shared<Options>();
    command.option("name", options->name, "name of the topic").required();
    command.option("--config", options->configs, "a setting; may be given again")
        .type_name("KEY=VALUE")
        .repeats_name();
    command.option("--unset", options->unset, "what is inherited holds again")
        .type_name("KEY")
        .repeats_name();
    command.flag("--dry-run", options->dry_run, "let the broker look, and change nothing");
    command.when_chosen([options, &choice] {
        choice.check = [options](const Global&) { return check(*options); };
        choice.work = [options](Context context) { return alter(context, *options); };
    });
}

}  // namespace moldau::cli
