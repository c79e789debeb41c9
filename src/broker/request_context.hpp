// One request on its way through a handler.
#pragma once

#include "broker_shard.hpp"
#include "error_counts.hpp"
#include "node_services.hpp"
#include "viewpoint.hpp"

#include "moldau/base/bytes.hpp"
#include "moldau/net/session.hpp"
#include "moldau/protocol/api_keys.hpp"
#include "moldau/protocol/framing.hpp"
#include "moldau/protocol/reader.hpp"

#include <cstdint>
#include <string_view>

namespace moldau::broker {

enum class ListenerKind : std::uint8_t { broker, controller };

/// A task may keep a copy: shard, node and connection outlive the tasks of the connection.
/// `client_id` and the reader of the body do not outlive the handler's call; `frame` pins what was
/// decoded as views.
struct RequestContext {
    BrokerShard& here;
    NodeServices& node;
    const net::ConnectionInfo& connection;
    ListenerKind listener = ListenerKind::broker;
    protocol::ApiKey api{};
    std::int16_t version = 0;
    std::int32_t correlation_id = 0;
    std::string_view client_id;  // as sent; empty when null
    Bytes frame;

    const metadata::ClusterImage& image() const { return here.image(); }
    /// Views on the connection and on the node's facts.
    Asked asked() const {
        return {.self = node.facts.self,
                .listener = connection.listener,
                .local = connection.local,
                .advertises_address_used = node.facts.advertises_address_used};
    }
};

/// Errors: those of encoding.
template <class Response>
Result<net::Reply> reply_with(const RequestContext& context, const Response& response) {
    count_errors(context.here.counters(), context.api, response);
    Result<Bytes> frame =
        protocol::response_frame(context.correlation_id, response, context.version);
    if (!frame) return frame.error();
    return net::Reply{.outcome = net::Reply::Outcome::send, .first = std::move(*frame), .more = {}};
}

/// As reply_with(), where there is nobody to hear of an error: a response of ours that cannot be
/// expressed ends the connection.
template <class Response>
net::Reply final_reply(const RequestContext& context, const Response& response) {
    Result<net::Reply> reply = reply_with(context, response);
    if (reply) return std::move(*reply);
    context.here.shard().log().error("cannot encode a response api={} version={} reason={}",
                                     protocol::api_info(context.api).name, context.version,
                                     reply.error().detail);
    return {.outcome = net::Reply::Outcome::close, .first = {}, .more = {}};
}

}  // namespace moldau::broker
