// InitProducerId: api key 22, versions 0..6                        KIP-98, KIP-360
// For idempotent producers: an id that nobody was given before. Transactional ones are refused with
// INVALID_REQUEST, which clients do not retry.
#include "handlers/data/init_producer_id.hpp"

#include "moldau/protocol/messages/init_producer_id.hpp"

#include <utility>

namespace moldau::broker {
namespace {

runtime::Task<Result<ProducerId>> ask(ControllerDriver& controller) {
    return controller.next_producer_id();
}

runtime::Task<net::Reply> new_id(RequestContext context) {
    const Result<ProducerId> id =
        co_await context.node.ask_controller(context.here.shard(), "producer id", ask);
    protocol::InitProducerIdResponse response;
    if (id) {
        response.producer_id = id->value;
        response.producer_epoch = 0;
    } else {
        context.here.shard().log().warn("no producer id reason={}", id.error().detail);
        // The clients' word for "try again".
        response.error_code = ErrorCode::coordinator_load_in_progress;
        response.producer_epoch = -1;
    }
    co_return final_reply(context, response);
}

}  // namespace

Result<net::Answer> handle_init_producer_id(const RequestContext& context, protocol::Reader& body) {
    protocol::InitProducerIdRequest request;
    if (Result<> ok = request.decode(body, context.version); !ok) return ok.error();
    const bool has_half_an_id = (request.producer_id < 0) != (request.producer_epoch < 0);
    if (!request.transactional_id && !has_half_an_id) return net::Answer(new_id(context));
    protocol::InitProducerIdResponse response;
    response.error_code = ErrorCode::invalid_request;
    response.producer_epoch = -1;
    return net::Answer(final_reply(context, response));
}

}  // namespace moldau::broker
