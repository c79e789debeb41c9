// moldau group list
#include "group_requests.hpp"
#include "report.hpp"

namespace moldau::cli {
namespace {

using runtime::Task;

Task<Result<>> list(Context context) {
    const auto failed = [](const Error& error) {
        return Error{error.code, "cannot list the groups: " + error.detail};
    };
    const Result<GroupsTold> told = co_await list_groups_told(context);
    if (!told) co_return failed(told.error());
    Failures failures(context.global);
    for (const Error& each : told->silent) failures.add(failed(each));
    Report report("group.list");
    for (const ListedGroup& group : told->groups)
        report.add({group.name, group.type, group.protocol, group.state});
    co_return std::move(failures).print(report);
}

}  // namespace

void add_group_list(Command parent, Choice& choice) {
    Command command = parent.command("list", "list the groups");
    command.when_chosen([&choice] { choice.work = list; });
}

}  // namespace moldau::cli
