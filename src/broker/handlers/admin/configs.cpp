// DescribeConfigs: api key 32, versions 1..4; AlterConfigs: 33, versions 0..2 (KIP-133);
// IncrementalAlterConfigs: 44, versions 0..1 (KIP-339). What is described is in
// describe_configs.cpp; changes are decided by controller/configs.cpp, and their reply leaves when
// every shard goes by them. Loggers are this process' own and are changed here.
#include "handlers/admin/configs.hpp"

#include "handlers/admin/broker_loggers.hpp"
#include "handlers/admin/describe_configs.hpp"
#include "handlers/admin/other_brokers.hpp"

#include <utility>
#include <vector>

namespace moldau::broker {
namespace {

template <class Response, class Request>
void refuse(Response& response, const Request& request, const Error& error) {
    for (const auto& resource : request.resources) {
        auto& told = response.responses.emplace_back();
        told.resource_type = resource.resource_type;
        told.resource_name = resource.resource_name;
        told.error_code = error.code;
        told.error_message = error.detail;
    }
}

/// `decided`: what needed no controller.
template <class Request, class Response>
runtime::Task<net::Reply> alter_and_reply(
    RequestContext context, Request request,
    std::vector<typename Response::AlterConfigsResourceResponse> decided,
    runtime::Task<Result<Response>> (ControllerDriver::*carry_out)(Request)) {
    auto ask = [request, carry_out](ControllerDriver& controller) {
        return (controller.*carry_out)(request);
    };
    Result<Response> altered =
        co_await context.node.ask_controller(context.here.shard(), "alter configs", std::move(ask));
    Response response;
    if (altered) {
        response = std::move(*altered);
    } else {
        context.here.shard().log().warn("the controller could not alter configs reason={}",
                                        altered.error().detail);
        refuse(response, request, altered.error());
    }
    for (auto& each : decided) response.responses.push_back(std::move(each));
    co_return final_reply(context, response);
}

}  // namespace

Result<net::Answer> handle_describe_configs(const RequestContext& context, protocol::Reader& body) {
    protocol::DescribeConfigsRequest request;
    if (Result<> ok = request.decode(body, context.version); !ok) return ok.error();
    return net::Answer(
        final_reply(context, describe_configs(context.image(), context.node.facts.settings,
                                              context.here.shard().log().sink().level(), request)));
}

Result<net::Answer> handle_alter_configs(const RequestContext& context, protocol::Reader& body) {
    using Request = protocol::AlterConfigsRequest;
    Request request;
    if (Result<> ok = request.decode(body, context.version); !ok) return ok.error();
    auto decided = refuse_other_brokers(context.node.facts.self, request);
    return net::Answer(alter_and_reply<Request, protocol::AlterConfigsResponse>(
        context, std::move(request), std::move(decided), &ControllerDriver::alter_all_configs));
}

Result<net::Answer> handle_incremental_alter_configs(const RequestContext& context,
                                                     protocol::Reader& body) {
    using Request = protocol::IncrementalAlterConfigsRequest;
    Request request;
    if (Result<> ok = request.decode(body, context.version); !ok) return ok.error();
    const BrokerId self = context.node.facts.self;
    auto decided = refuse_other_brokers(self, request);
    for (auto& each : alter_loggers(self, context.here.shard().log().sink(), request))
        decided.push_back(std::move(each));
    return net::Answer(alter_and_reply<Request, protocol::IncrementalAlterConfigsResponse>(
        context, std::move(request), std::move(decided), &ControllerDriver::alter_configs));
}

}  // namespace moldau::broker
