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

#include <algorithm>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

namespace moldau::broker {

enum class ListenerKind : std::uint8_t { broker, controller };

/// What a client has said of itself (ApiVersions, KIP-511).
struct ClientSoftware {
    std::string name = "unknown";
    std::string version = "unknown";
};

/// A task may keep a copy: shard, node and connection outlive the tasks of the connection.
/// `client_id` and the reader of the body do not outlive the handler's call; `frame` pins what was
/// decoded as views.
struct RequestContext {
    BrokerShard& here;
    NodeServices& node;
    const net::ConnectionInfo& connection;
    ClientSoftware& software;  // the connection's
    ListenerKind listener = ListenerKind::broker;
    protocol::ApiKey api{};
    std::int16_t version = 0;
    std::int32_t correlation_id = 0;
    std::string_view client_id;  // as sent; empty when null
    Bytes frame;
    std::shared_ptr<const LimitedClient> limits = nullptr;  // null: no quota holds for the client

    const metadata::ClusterImage& image() const { return here.image(); }
    /// Views on the connection and on the node's facts.
    Asked asked() const {
        return {.self = node.facts.self,
                .listener = connection.listener,
                .local = connection.local,
                .advertises_address_used = node.facts.advertises_address_used};
    }
};

/// What a quota of the client, if one holds, makes of `value`: how long the client is to wait.
inline quota::Milliseconds charge(const RequestContext& context, quota::Kind kind, double value) {
    if (context.limits == nullptr) return quota::Milliseconds(0);
    const auto& limit = context.limits->limit(kind);
    if (!limit) return quota::Milliseconds(0);
    const quota::Milliseconds wait = context.here.quotas().charge(*limit, value);
    context.here.counters().count_throttle(kind, wait);
    return wait;
}

/// The same of the time that was spent on the request; once, when the reply is made.
inline quota::Milliseconds charge_handling(const RequestContext& context) {
    if (context.limits == nullptr) return quota::Milliseconds(0);
    const quota::Milliseconds wait = context.here.quotas().charge_handling(*context.limits);
    context.here.counters().count_throttle(quota::Kind::request, wait);
    return wait;
}

/// As it is. Errors: those of encoding.
template <class Response>
Result<net::Reply> encoded_reply(const RequestContext& context, const Response& response) {
    Result<Bytes> frame =
        protocol::response_frame(context.correlation_id, response, context.version);
    if (!frame) return frame.error();
    return net::Reply{.outcome = net::Reply::Outcome::send, .first = std::move(*frame), .more = {}};
}

/// The reply leaves at once, and its connection rests for as long as the response tells the client
/// to wait: what it holds already, or what the client's time on this broker asks for, if that is
/// longer; `response`, which may be a large one, says so afterwards. Errors: those of encoding.
template <class Response>
Result<net::Reply> reply_with(const RequestContext& context, Response&& response) {
    constexpr bool kTells = requires { response.throttle_time_ms; };
    count_errors(context.here.counters(), context.api, response);
    quota::Milliseconds wait = charge_handling(context);
    if constexpr (kTells) {
        wait = std::max<quota::Milliseconds>(wait, quota::Milliseconds(response.throttle_time_ms));
        response.throttle_time_ms = static_cast<std::int32_t>(wait.count());
    }
    Result<net::Reply> reply = encoded_reply(context, response);
    if (reply) reply->rest = wait;
    return reply;
}

/// As reply_with(), where there is nobody to hear of an error: a response of ours that cannot be
/// expressed ends the connection.
template <class Response>
net::Reply final_reply(const RequestContext& context, Response&& response) {
    Result<net::Reply> reply = reply_with(context, response);
    if (reply) return std::move(*reply);
    context.here.shard().log().error("cannot encode a response api={} version={} reason={}",
                                     protocol::api_info(context.api).name, context.version,
                                     reply.error().detail);
    return {.outcome = net::Reply::Outcome::close, .first = {}, .more = {}};
}

}  // namespace moldau::broker
