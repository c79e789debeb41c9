// moldau group list
#include "group_requests.hpp"
#include "report.hpp"

#include <CLI/CLI.hpp>

namespace moldau::cli {
namespace {

using runtime::Task;

Task<Result<>> list(Context context) {
    const Result<std::vector<ListedGroup>> groups = co_await list_groups(context);
    if (!groups)
        co_return Error{groups.error().code, "cannot list the groups: " + groups.error().detail};
    Report report("group.list");
    for (const ListedGroup& group : *groups)
        report.add({group.name, group.type, group.protocol, group.state});
    co_return print(context.global, report);
}

}  // namespace

void add_group_list(CLI::App& parent, Choice& choice) {
    CLI::App* command = parent.add_subcommand("list", "list the groups");
    command->fallthrough();
    command->callback([&choice] { choice.work = list; });
}

}  // namespace moldau::cli
