// moldau group describe NAME…
#include "group_requests.hpp"

#include "moldau/cli/output.hpp"
#include "moldau/protocol/messages/consumer_protocol.hpp"
#include "moldau/protocol/messages/describe_groups.hpp"

#include <CLI/CLI.hpp>
#include <fmt/format.h>
#include <fmt/ranges.h>

#include <map>

namespace moldau::cli {
namespace {

using protocol::DescribeGroupsResponse;
using runtime::Task;

struct Member {
    std::string id;
    std::optional<std::string> instance;
    std::string client_id;
    std::string host;
    std::map<std::string, std::vector<std::int32_t>> partitions;  // by topic
};

struct Described {
    std::string name;
    std::string state;
    std::string protocol_type;
    std::string protocol;
    std::vector<Member> members;
};

/// What consumers tell each other; groups of other protocols have their own bytes.
std::map<std::string, std::vector<std::int32_t>> partitions_of(BytesView assignment) {
    std::map<std::string, std::vector<std::int32_t>> partitions;
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

Described described(const DescribeGroupsResponse::DescribedGroup& group) {
    Described result{.name = group.group_id,
                     .state = group.group_state,
                     .protocol_type = group.protocol_type,
                     .protocol = group.protocol_data,
                     .members = {}};
    for (const auto& member : group.members) {
        result.members.push_back({.id = member.member_id,
                                  .instance = member.group_instance_id,
                                  .client_id = member.client_id,
                                  .host = member.client_host,
                                  .partitions = {}});
        if (group.protocol_type == "consumer" && !member.member_assignment.empty())
            result.members.back().partitions = partitions_of(member.member_assignment);
    }
    return result;
}

std::string to_json(const std::vector<Described>& groups) {
    JsonWriter json;
    json.begin_array();
    for (const Described& group : groups) {
        json.begin_object().key("name").value(group.name);
        json.key("state").value(group.state);
        json.key("protocol_type").value(group.protocol_type);
        json.key("protocol").value(group.protocol);
        json.key("members").begin_array();
        for (const Member& member : group.members) {
            json.begin_object().key("id").value(member.id).key("instance");
            if (member.instance) {
                json.value(*member.instance);
            } else {
                json.null();
            }
            json.key("client_id").value(member.client_id).key("host").value(member.host);
            json.key("partitions").begin_object();
            for (const auto& [topic, partitions] : member.partitions) {
                json.key(topic).begin_array();
                for (const std::int32_t partition : partitions) json.value(partition);
                json.end_array();
            }
            json.end_object().end_object();
        }
        json.end_array().end_object();
    }
    return json.end_array().text() + '\n';
}

std::string to_table(const std::vector<Described>& groups) {
    std::string text;
    for (const Described& group : groups) {
        if (!text.empty()) text += '\n';
        text += fmt::format("{}  state={} protocol={} members={}\n", group.name, group.state,
                            group.protocol.empty() ? "-" : group.protocol, group.members.size());
        if (group.members.empty()) continue;
        Table table({"CLIENT", "HOST", "INSTANCE", "PARTITIONS", "MEMBER"});
        for (const Member& member : group.members) {
            std::string partitions;
            for (const auto& [topic, numbers] : member.partitions)
                partitions += fmt::format("{}{}:{}", partitions.empty() ? "" : " ", topic,
                                          fmt::join(numbers, ","));
            table.add({member.client_id, member.host, member.instance.value_or("-"),
                       partitions.empty() ? "-" : partitions, member.id});
        }
        text += table.to_string();
    }
    return text;
}

Task<Result<Described>> describe_one(Context context, std::string name) {
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
    co_return described(group);
}

Task<Result<>> describe_groups(Context context, std::vector<std::string> names) {
    std::vector<Described> groups;
    for (const std::string& name : names) {
        Result<Described> group = co_await describe_one(context, name);
        if (!group) co_return group.error();
        groups.push_back(std::move(*group));
    }
    co_return print(context.global.output == Output::json ? to_json(groups) : to_table(groups));
}

}  // namespace

void add_group_describe(CLI::App& parent, Choice& choice) {
    CLI::App* command = parent.add_subcommand("describe", "state and members of groups");
    command->fallthrough();
    auto names = std::make_shared<std::vector<std::string>>();
    command->add_option("name", *names, "names of the groups")->required();
    command->callback([names, &choice] {
        choice.work = [names](Context context) { return describe_groups(context, *names); };
    });
}

}  // namespace moldau::cli
