// moldau config get KIND NAME [KEY…] · moldau config explain KIND NAME [KEY…]
#include "config_requests.hpp"
#include "report.hpp"

#include <fmt/format.h>

namespace moldau::cli {
namespace {

using runtime::Task;

struct Options {
    ConfigTarget target;
    std::vector<std::string> keys;
    bool all = false;
    bool explain = false;
};

Report report_of(const std::vector<Config>& configs, bool explain) {
    Report report(explain ? "config.explain" : "config.get");
    for (const Config& config : configs) {
        Cell value = config.value;
        if (!config.value) value = Cell().shown_as(config.is_sensitive ? "(hidden)" : "(none)");
        Item item = {config.name,        std::move(value),    config.source,
                     config.is_set_here, config.is_read_only, config.is_sensitive};
        if (explain) {
            item.emplace_back(config.type);
            item.emplace_back(config.documentation);
        }
        report.add(std::move(item));
    }
    return report;
}

Task<Result<>> get(Context context, Options options) {
    Result<std::vector<Config>> configs = co_await describe_config(
        context, options.target, {.keys = options.keys, .with_documentation = options.explain});
    if (!configs) co_return configs.error();
    Failures failures(context.global);
    for (const std::string& key : options.keys) {
        if (std::ranges::find(*configs, key, &Config::name) == configs->end())
            failures.add({ErrorCode::invalid_config,
                          fmt::format("{} has no setting '{}' ('moldau config get {} {} --all' "
                                      "shows those that there are)",
                                      to_text(options.target), key, options.target.kind,
                                      options.target.name)});
    }
    if (options.keys.empty() && !options.all)
        std::erase_if(*configs, [](const Config& config) { return !config.is_set_here; });
    co_return std::move(failures).print(report_of(*configs, options.explain));
}

void add(Command parent, Choice& choice, const char* verb, const char* meaning, bool explain) {
    Command command = parent.command(verb, meaning);
    auto options = std::make_shared<Options>();
    options->explain = explain;
    add_target(command, options->target);
    command.option("key", options->keys, "which; default: those that are set on it");
    command.flag("--all", options->all, "those with inherited and default values, too");
    command.when_chosen([options, &choice] {
        choice.check = [options](const Global&) { return check(options->target); };
        choice.work = [options](Context context) { return get(context, *options); };
    });
}

}  // namespace

void add_config_get(Command parent, Choice& choice) {
    add(parent, choice, "get", "what holds, and where it comes from", false);
}

void add_config_explain(Command parent, Choice& choice) {
    add(parent, choice, "explain", "the same with type and documentation, from the broker", true);
}

}  // namespace moldau::cli
