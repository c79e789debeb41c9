// moldau group delete NAME…
#include "confirm.hpp"
#include "group_requests.hpp"
#include "report.hpp"

#include "moldau/protocol/messages/delete_groups.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <cstdio>

namespace moldau::cli {
namespace {

using protocol::DeleteGroupsResponse;
using runtime::Task;

struct Options {
    std::vector<std::string> names;
    bool dry_run = false;
};

ErrorCode error_of(const DeleteGroupsResponse& response) {
    return response.results.empty() ? ErrorCode::unknown_server_error
                                    : response.results.front().error_code;
}

Task<Result<ErrorCode>> delete_one(Context context, std::string name) {
    const auto request_of = [name](std::int16_t) {
        protocol::DeleteGroupsRequest request;
        request.groups_names = {name};
        return request;
    };
    auto reply = co_await ask_coordinator<DeleteGroupsResponse>(context, name, INT16_MAX,
                                                                request_of, error_of);
    if (!reply) co_return reply.error();
    co_return error_of(reply->message);
}

/// What deleting would say, without doing it.
Task<Result<ErrorCode>> look_at_one(Context context, std::string name) {
    const Result<std::vector<ListedGroup>> groups = co_await list_groups(context);
    if (!groups) co_return groups.error();
    const auto group = std::ranges::find(*groups, name, &ListedGroup::name);
    if (group == groups->end()) co_return ErrorCode::group_id_not_found;
    co_return group->state == "Empty" ? ErrorCode::none : ErrorCode::non_empty_group;
}

Task<Result<>> delete_groups(Context context, Options options) {
    Failures failures(context.global);
    Report deleted("group.delete");
    for (const std::string& name : options.names) {
        const Result<ErrorCode> done = options.dry_run ? co_await look_at_one(context, name)
                                                       : co_await delete_one(context, name);
        if (!done) {
            failures.add(done.error());
        } else if (*done != ErrorCode::none) {
            failures.add(group_error(name, *done));
        } else {
            deleted.add({name});
            fmt::print(stderr, "{} group '{}'\n", options.dry_run ? "would delete" : "deleted",
                       name);
        }
    }
    co_return std::move(failures).print(deleted);
}

}  // namespace

void add_group_delete(Command parent, Choice& choice) {
    Command command = parent.command("delete", "delete groups without members, with their offsets");
    auto options = std::make_shared<Options>();
    command.option("name", options->names, "names of the groups").required();
    command.flag("--dry-run", options->dry_run, "say what would be done");
    command.when_chosen([options, &choice] {
        choice.check = [options](const Global& global) -> Result<> {
            if (options->dry_run) return {};
            return confirm(
                global, fmt::format("delete {} with all offsets", fmt::join(options->names, ", ")));
        };
        choice.work = [options](Context context) { return delete_groups(context, *options); };
    });
}

}  // namespace moldau::cli
