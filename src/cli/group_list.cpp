// moldau group list
#include "group_requests.hpp"

#include "moldau/cli/output.hpp"

#include <CLI/CLI.hpp>

namespace moldau::cli {
namespace {

using runtime::Task;

std::string to_json(const std::vector<ListedGroup>& groups) {
    JsonWriter json;
    json.begin_array();
    for (const ListedGroup& group : groups) {
        json.begin_object().key("name").value(group.name);
        json.key("type").value(group.type);
        json.key("protocol").value(group.protocol);
        json.key("state").value(group.state).end_object();
    }
    return json.end_array().text() + '\n';
}

std::string to_table(const std::vector<ListedGroup>& groups) {
    const auto or_none = [](const std::string& text) { return text.empty() ? "-" : text; };
    Table table({"GROUP", "TYPE", "PROTOCOL", "STATE"});
    for (const ListedGroup& group : groups)
        table.add({group.name, or_none(group.type), or_none(group.protocol), or_none(group.state)});
    return table.to_string();
}

Task<Result<>> list(Context context) {
    const Result<std::vector<ListedGroup>> groups = co_await list_groups(context);
    if (!groups)
        co_return Error{groups.error().code, "cannot list the groups: " + groups.error().detail};
    co_return print(context.global.output == Output::json ? to_json(*groups) : to_table(*groups));
}

}  // namespace

void add_group_list(CLI::App& parent, Choice& choice) {
    CLI::App* command = parent.add_subcommand("list", "list the groups");
    command->fallthrough();
    command->callback([&choice] { choice.work = list; });
}

}  // namespace moldau::cli
