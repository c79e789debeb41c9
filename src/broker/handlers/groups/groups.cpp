// ListGroups: api key 16, versions 0..5; DescribeGroups: 15, 0..6; DeleteGroups: 42, 0..2. Each
// group is asked where it lives; a list is asked of all shards.
#include "handlers/groups/groups.hpp"

#include "authorized_operations.hpp"
#include "handlers/groups/ask_group.hpp"

#include <algorithm>
#include <iterator>
#include <utility>
#include <vector>

namespace moldau::broker {
namespace {

using protocol::DeleteGroupsResponse;
using protocol::DescribeGroupsResponse;
using protocol::ListGroupsRequest;
using protocol::ListGroupsResponse;

/// Of one shard. Errors: coordinator_load_in_progress: not all are known yet.
Result<std::vector<ListGroupsResponse::ListedGroup>> list(const BrokerShard& here,
                                                          const ListGroupsRequest& request) {
    std::vector<ListGroupsResponse::ListedGroup> listed;
    for (GroupPartition* partition : here.groups().all()) {
        const ErrorCode state = partition->state();
        if (state == ErrorCode::coordinator_load_in_progress)
            return Error{state, "groups are being loaded"};
        if (state != ErrorCode::none) continue;
        std::ranges::move(partition->groups().list(request.states_filter, request.types_filter),
                          std::back_inserter(listed));
    }
    return listed;
}

runtime::Task<net::Reply> list_all(RequestContext context, ListGroupsRequest request) {
    ListGroupsResponse response;
    for (const auto& shard : context.node.shards) {
        BrokerShard* there = shard.get();
        auto listed = co_await runtime::call(context.here.shard(), there->shard(),
                                             [there, request] { return list(*there, request); });
        if (!listed) {
            response.error_code = as_told(listed.error());
            response.groups.clear();
            break;
        }
        std::ranges::move(*listed, std::back_inserter(response.groups));
    }
    co_return final_reply(context, response);
}

runtime::Task<net::Reply> describe(RequestContext context,
                                   protocol::DescribeGroupsRequest request) {
    DescribeGroupsResponse response;
    std::vector<Bytes> held;  // until the response is encoded
    for (const std::string& name : request.groups) {
        auto look = [name, version = context.version](GroupPartition& partition) {
            return partition.groups().describe(name, version);
        };
        Result<coordinator::DescribedGroup> seen =
            co_await look_at_group(context, name, std::move(look));
        auto& told = response.groups.emplace_back();
        if (seen) {
            told = std::move(seen->group);
            std::ranges::move(seen->held, std::back_inserter(held));
            if (request.include_authorized_operations && told.error_code == ErrorCode::none)
                told.authorized_operations = kAllGroupOperations;
        } else {
            told.group_id = name;
            told.error_code = as_told(seen.error());
        }
    }
    co_return final_reply(context, response);
}

runtime::Task<net::Reply> remove(RequestContext context, protocol::DeleteGroupsRequest request) {
    DeleteGroupsResponse response;
    for (const std::string& name : request.groups_names) {
        auto decide = [name](const GroupTurn& turn) {
            return turn.groups.delete_groups(turn.caller, {name});
        };
        const Result<coordinator::Reply> reply = co_await ask_group(
            context, name, caller_of(context), "delete a group", std::move(decide));
        if (reply) {
            response.results.push_back(std::get<DeleteGroupsResponse>(reply->response).results[0]);
        } else {
            auto& told = response.results.emplace_back();
            told.group_id = name;
            told.error_code = as_told(reply.error());
        }
    }
    co_return final_reply(context, response);
}

}  // namespace

Result<net::Answer> handle_list_groups(const RequestContext& context, protocol::Reader& body) {
    ListGroupsRequest request;
    if (Result<> ok = request.decode(body, context.version); !ok) return ok.error();
    return net::Answer(list_all(context, std::move(request)));
}

Result<net::Answer> handle_describe_groups(const RequestContext& context, protocol::Reader& body) {
    protocol::DescribeGroupsRequest request;
    if (Result<> ok = request.decode(body, context.version); !ok) return ok.error();
    return net::Answer(describe(context, std::move(request)));
}

Result<net::Answer> handle_delete_groups(const RequestContext& context, protocol::Reader& body) {
    protocol::DeleteGroupsRequest request;
    if (Result<> ok = request.decode(body, context.version); !ok) return ok.error();
    return net::Answer(remove(context, std::move(request)));
}

}  // namespace moldau::broker
