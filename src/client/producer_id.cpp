#include "moldau/client/producer.hpp"
#include "moldau/protocol/messages/init_producer_id.hpp"

#include <fmt/format.h>

namespace moldau::client {

using runtime::Task;
using runtime::Waited;

// NOLINTNEXTLINE(cppcoreguidelines-avoid-reference-coroutine-parameters): it outlives its users.
Task<Result<ProducerIdentity>> new_producer_id(Cluster& cluster) {
    runtime::Shard& shard = cluster.shard();
    const MonoTime deadline = cluster.request_deadline();
    for (;;) {
        Result<ConnectionPtr> connection = co_await cluster.any();
        if (!connection) co_return connection.error();
        if (!(*connection)->versions().serves(protocol::ApiKey::init_producer_id))
            co_return ProducerIdentity();
        protocol::InitProducerIdRequest request;
        request.transactional_id.reset();
        request.transaction_timeout_ms = INT32_MAX;
        auto reply =
            co_await (*connection)->ask<protocol::InitProducerIdResponse>(request, deadline);
        if (!reply) co_return reply.error();
        const ErrorCode code = reply->message.error_code;
        if (code == ErrorCode::none)
            co_return ProducerIdentity{{reply->message.producer_id},
                                       {reply->message.producer_epoch}};
        const MonoTime next = shard.now() + cluster.options().retry_pause;
        if (!is_retriable(code) || next >= deadline)
            co_return Error{code, fmt::format("the broker gives no producer id: {}", name(code))};
        if (co_await runtime::sleep_until(shard, next) == Waited::cancelled)
            co_return runtime::error_of(Waited::cancelled);
    }
}

}  // namespace moldau::client
