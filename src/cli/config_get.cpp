// moldau config get KIND NAME [KEY…] · moldau config explain KIND NAME [KEY…]
#include "config_requests.hpp"

#include "moldau/cli/output.hpp"

#include <CLI/CLI.hpp>
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

std::string shown(const Config& config) {
    if (config.is_sensitive) return "(hidden)";
    return config.value.value_or("(none)");
}

std::string to_json(const std::vector<Config>& configs, bool explain) {
    JsonWriter json;
    json.begin_array();
    for (const Config& config : configs) {
        json.begin_object().key("name").value(config.name).key("value");
        if (config.value) {
            json.value(*config.value);
        } else {
            json.null();
        }
        json.key("source").value(config.source).key("set_here").value(config.is_set_here);
        json.key("read_only").value(config.is_read_only);
        json.key("sensitive").value(config.is_sensitive);
        if (explain)
            json.key("type").value(config.type).key("documentation").value(config.documentation);
        json.end_object();
    }
    return json.end_array().text() + '\n';
}

std::string to_table(const std::vector<Config>& configs) {
    Table table({"KEY", "VALUE", "FROM"});
    for (const Config& config : configs) table.add({config.name, shown(config), config.source});
    return table.to_string();
}

std::string explained(const std::vector<Config>& configs) {
    std::string text;
    for (const Config& config : configs) {
        text += fmt::format("{}{}\n  {} = {}  (from: {}{})\n", text.empty() ? "" : "\n",
                            config.name, config.type, shown(config), config.source,
                            config.is_read_only ? "; read at the start only" : "");
        if (!config.documentation.empty()) text += fmt::format("  {}\n", config.documentation);
    }
    return text;
}

Task<Result<>> get(Context context, Options options) {
    Result<std::vector<Config>> configs = co_await describe_config(
        context, options.target, {.keys = options.keys, .with_documentation = options.explain});
    if (!configs) co_return configs.error();
    for (const std::string& key : options.keys) {
        if (std::ranges::find(*configs, key, &Config::name) == configs->end())
            co_return Error{ErrorCode::invalid_config,
                            fmt::format("{} has no setting '{}' ('moldau config get {} {} --all' "
                                        "shows those that there are)",
                                        to_text(options.target), key, options.target.kind,
                                        options.target.name)};
    }
    if (options.keys.empty() && !options.all)
        std::erase_if(*configs, [](const Config& config) { return !config.is_set_here; });
    if (context.global.output == Output::json) co_return print(to_json(*configs, options.explain));
    co_return print(options.explain ? explained(*configs) : to_table(*configs));
}

void add(CLI::App& parent, Choice& choice, const char* verb, const char* meaning, bool explain) {
    CLI::App* command = parent.add_subcommand(verb, meaning);
    command->fallthrough();
    auto options = std::make_shared<Options>();
    options->explain = explain;
    add_target(*command, options->target);
    command->add_option("key", options->keys, "which; default: those that are set on it");
    command->add_flag("--all", options->all, "those with inherited and default values, too");
    command->callback([options, &choice] {
        choice.check = [options](const Global&) { return check(options->target); };
        choice.work = [options](Context context) { return get(context, *options); };
    });
}

}  // namespace

void add_config_get(CLI::App& parent, Choice& choice) {
    add(parent, choice, "get", "what holds, and where it comes from", false);
}

void add_config_explain(CLI::App& parent, Choice& choice) {
    add(parent, choice, "explain", "the same with type and documentation, from the broker", true);
}

}  // namespace moldau::cli
