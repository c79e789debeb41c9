// A request that the controller decides: carried there, and its answer or its failure back.
#pragma once

#include "request_context.hpp"

#include <utility>

namespace moldau::broker {

/// `carry_out`: the controller's part. `refuse(response, request, error)` fills a response where
/// the controller could not even decide: each thing that was asked for gets the error.
template <class Request, class Response>
runtime::Task<net::Reply> ask_and_reply(
    RequestContext context, Request request,
    runtime::Task<Result<Response>> (ControllerDriver::*carry_out)(Request),
    void (*refuse)(Response&, const Request&, const Error&)) {
    auto ask = [request, carry_out](ControllerDriver& controller) {
        return (controller.*carry_out)(request);
    };
    Result<Response> answered = co_await context.node.ask_controller(
        context.here.shard(), "ask the controller", std::move(ask));
    if (answered) co_return final_reply(context, *answered);
    context.here.shard().log().warn("the controller could not carry out a request api={} reason={}",
                                    protocol::api_info(context.api).name, answered.error().detail);
    Response response;
    refuse(response, request, answered.error());
    co_return final_reply(context, response);
}

}  // namespace moldau::broker
