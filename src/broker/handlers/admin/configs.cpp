// DescribeConfigs: api key 32, versions 1..4, and IncrementalAlterConfigs: 44, versions 0..1
// (KIP-339). What is described is in describe_configs.cpp; changes are decided by
// controller/configs.cpp, and their reply leaves when every shard goes by them.
#include "handlers/admin/configs.hpp"

#include "handlers/admin/describe_configs.hpp"
#include "handlers/admin/other_brokers.hpp"

#include <utility>
#include <vector>

namespace moldau::broker {
namespace {

void refuse(protocol::IncrementalAlterConfigsResponse& response,
            const protocol::IncrementalAlterConfigsRequest& request, const Error& error) {
    for (const auto& resource : request.resources) {
        auto& told = response.responses.emplace_back();
        told.resource_type = resource.resource_type;
        told.resource_name = resource.resource_name;
        told.error_code = error.code;
        told.error_message = error.detail;
    }
}

using Altered = protocol::IncrementalAlterConfigsResponse;

runtime::Task<Result<Altered>> alter(ControllerDriver& controller,
                                     protocol::IncrementalAlterConfigsRequest request) {
    return controller.alter_configs(std::move(request));
}

runtime::Task<net::Reply> alter_and_reply(
    RequestContext context, protocol::IncrementalAlterConfigsRequest request,
    std::vector<Altered::AlterConfigsResourceResponse> refused) {
    auto ask = [request](ControllerDriver& controller) { return alter(controller, request); };
    Result<Altered> altered =
        co_await context.node.ask_controller(context.here.shard(), "alter configs", std::move(ask));
    Altered response;
    if (altered) {
        response = std::move(*altered);
    } else {
        context.here.shard().log().warn("the controller could not alter configs reason={}",
                                        altered.error().detail);
        refuse(response, request, altered.error());
    }
    for (auto& each : refused) response.responses.push_back(std::move(each));
    co_return final_reply(context, response);
}

}  // namespace

Result<net::Answer> handle_describe_configs(const RequestContext& context, protocol::Reader& body) {
    protocol::DescribeConfigsRequest request;
    if (Result<> ok = request.decode(body, context.version); !ok) return ok.error();
    return net::Answer(final_reply(
        context, describe_configs(context.image(), context.node.facts.settings, request)));
}

Result<net::Answer> handle_incremental_alter_configs(const RequestContext& context,
                                                     protocol::Reader& body) {
    protocol::IncrementalAlterConfigsRequest request;
    if (Result<> ok = request.decode(body, context.version); !ok) return ok.error();
    auto refused = refuse_other_brokers(context.node.facts.self, request);
    return net::Answer(alter_and_reply(context, std::move(request), std::move(refused)));
}

}  // namespace moldau::broker
