// moldau group describe NAME…
#include "group_requests.hpp"
#include "report.hpp"

#include "moldau/protocol/messages/consumer_protocol.hpp"
#include "moldau/protocol/messages/describe_groups.hpp"

#include <fmt/format.h>

#include <map>

namespace moldau::cli {
namespace {

using protocol::DescribeGroupsResponse;
using runtime::Task;

using Partitions = std::map<std::string, std::vector<std::int32_t>>;  // by topic

/// What consumers tell each other; groups of other protocols have their own bytes.
Partitions partitions_of(BytesView assignment) {
    Partitions partitions;
    protocol::Reader in(assignment);
    const std::int16_t version = in.int16();
    if (!in.outcome("assignment", 0)) return partitions;
    protocol::ConsumerProtocolAssignment decoded;
    const auto newest = protocol::ConsumerProtocolAssignment::kVersions.last;
    if (!decoded.decode(in, std::min(version, newest))) return partitions;
    for (auto& topic : decoded.assigned_partitions)
        partitions[topic.topic] = std::move(topic.partitions);
    return partitions;
}

Item item_of(const DescribeGroupsResponse::DescribedGroup& group) {
    std::vector<Item> members;
    for (const auto& member : group.members) {
        Partitions partitions;
        if (group.protocol_type == "consumer" && !member.member_assignment.empty())
            partitions = partitions_of(member.member_assignment);
        members.push_back({member.client_id, member.client_host, member.group_instance_id,
                           partitions, member.member_id});
    }
    return {group.group_id, group.group_state, group.protocol_type, group.protocol_data,
            std::move(members)};
}

Task<Result<Item>> describe_one(Context context, std::string name) {
    const auto request_of = [name](std::int16_t) {
        protocol::DescribeGroupsRequest request;
        request.groups = {name};
        return request;
    };
    const auto error_of = [](const DescribeGroupsResponse& response) {
        return response.groups.front().error_code;
    };
    auto reply = co_await ask_coordinator<DescribeGroupsResponse>(context, name, INT16_MAX,
                                                                  request_of, error_of);
    if (!reply) co_return reply.error();
    const auto& group = reply->message.groups.front();
    // Before version 6 what is not there is "Dead".
    const bool is_dead = group.error_code == ErrorCode::none && group.group_state == "Dead";
    if (group.error_code != ErrorCode::none || is_dead) {
        const Result<std::vector<ListedGroup>> listed = co_await list_groups(context);
        const auto known = listed ? std::ranges::find(*listed, name, &ListedGroup::name)
                                  : std::vector<ListedGroup>::const_iterator();
        if (listed && known != listed->end())
            co_return Error{ErrorCode::group_id_not_found,
                            fmt::format("group '{}' is of type {}, whose members this tool cannot "
                                        "show yet ('moldau group lag' shows its offsets)",
                                        name, known->type)};
        co_return group_error(name, is_dead ? ErrorCode::group_id_not_found : group.error_code);
    }
    co_return item_of(group);
}

Task<Result<>> describe_groups(Context context, std::vector<std::string> names) {
    Report report("group.describe");
    Failures failures(context.global);
    for (const std::string& name : names) {
        Result<Item> group = co_await describe_one(context, name);
        if (group) {
            report.add(std::move(*group));
        } else {
            failures.add(group.error());
        }
    }
    co_return std::move(failures).print(report);
}

}  // namespace

void add_group_describe(Command parent, Choice& choice) {
    Command command = parent.command("describe", "state and members of groups");
    auto names = std::make_shared<std::vector<std::string>>();
    command.option("name", *names, "names of the groups").required();
    command.when_chosen([names, &choice] {
        choice.work = [names](Context context) { return describe_groups(context, *names); };
    });
}

}  // namespace moldau::cli
