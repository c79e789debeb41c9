// A request that the controller decides: carried there, and its answer or its failure back.
#pragma once

#include "request_context.hpp"

#include <functional>
#include <string>
#include <utility>

namespace moldau::broker {

/// `carry_out(ControllerDriver&, Request)`: the controller's part. `refuse(response, request,
/// error)` fills a response where the controller could not even decide: each thing that was asked
/// for gets the error.
template <class Request, class Response, class CarryOut>
runtime::Task<net::Reply> ask_and_reply(RequestContext context, Request request, CarryOut carry_out,
                                        void (*refuse)(Response&, const Request&, const Error&)) {
    auto ask = [request, carry_out = std::move(carry_out)](ControllerDriver& controller) {
        return std::invoke(carry_out, controller, request);
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

/// Who asks to make or remove partitions; from `strict_since` on, versions know of
/// THROTTLING_QUOTA_EXCEEDED.
inline MutationAsker mutation_asker(const RequestContext& context, std::int16_t strict_since) {
    return {.user = std::string(kAnonymousUser),
            .client_id = std::string(context.client_id),
            .is_strict = context.version >= strict_since};
}

/// `method` of the controller, asked for by `asker`.
template <class Method>
auto charged(Method method, MutationAsker asker) {
    return [method, asker = std::move(asker)](ControllerDriver& controller, auto request) {
        return (controller.*method)(std::move(request), asker);
    };
}

}  // namespace moldau::broker
