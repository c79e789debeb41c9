// moldau config set KIND NAME KEY=VALUE… · moldau config unset KIND NAME KEY…
#include "config_requests.hpp"
#include "report.hpp"

#include <fmt/format.h>

#include <cstdio>

namespace moldau::cli {
namespace {

using runtime::Task;

struct Options {
    ConfigTarget target;
    std::vector<std::string> written;
    std::vector<ConfigChange> changes;
    bool dry_run = false;
    bool unset = false;
};

Result<> check_all(Options& options) {
    if (Result<> ok = check(options.target); !ok) return ok;
    if (options.unset) {
        options.changes.clear();
        for (const std::string& key : options.written)
            options.changes.push_back({key, std::nullopt});
        return {};
    }
    Result<std::vector<ConfigChange>> changes = parse_changes(options.written);
    if (!changes) return changes.error();
    options.changes = std::move(*changes);
    return {};
}

Task<Result<>> change(Context context, Options options) {
    Result<> done =
        co_await change_config(context, options.target, options.changes, options.dry_run);
    if (!done) co_return done;
    Report report(options.unset ? "config.unset" : "config.set");
    for (const ConfigChange& each : options.changes) {
        fmt::print(stderr, "{}: {}{} {}{}{}\n", to_text(options.target),
                   options.dry_run ? "would " : "", each.value ? "set" : "unset", each.key,
                   each.value ? "=" : "", each.value.value_or(""));
        report.add({options.target.kind, options.target.name, each.key, each.value});
    }
    co_return print(context.global, report);
}

void add(Command parent, Choice& choice, bool unset) {
    Command command = parent.command(unset ? "unset" : "set",
                                     unset ? "take settings away: what is inherited holds again"
                                           : "set settings, all of them or none");
    auto options = std::make_shared<Options>();
    options->unset = unset;
    add_target(command, options->target);
    command.option(unset ? "key" : "key=value", options->written, "which").required();
    command.flag("--dry-run", options->dry_run, "let the broker look, and change nothing");
    command.when_chosen([options, &choice] {
        choice.check = [options](const Global&) { return check_all(*options); };
        choice.work = [options](Context context) { return change(context, *options); };
    });
}

}  // namespace

void add_config_set(Command parent, Choice& choice) {
    add(parent, choice, false);
}

void add_config_unset(Command parent, Choice& choice) {
    add(parent, choice, true);
}

}  // namespace moldau::cli
