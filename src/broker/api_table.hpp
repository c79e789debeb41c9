// The APIs that this server carries out: which versions, on which listeners, by which handler. What
// is not here is not advertised and not served.
#pragma once

#include "cluster_view.hpp"

#include "moldau/base/result.hpp"
#include "moldau/net/session.hpp"
#include "moldau/protocol/api_keys.hpp"
#include "moldau/protocol/reader.hpp"

#include <cstdint>
#include <optional>
#include <span>
#include <string_view>

namespace moldau::broker {

enum class ListenerKind : std::uint8_t { broker, controller };

/// One request on its way through a handler. The references outlive the call, not a co_await.
struct RequestContext {
    const ClusterView& cluster;
    const net::ConnectionInfo& connection;
    ListenerKind listener = ListenerKind::broker;
    protocol::ApiKey api{};
    std::int16_t version = 0;
    std::int32_t correlation_id = 0;
    std::string_view client_id;  // as sent; empty when null
};

/// Decodes the body, decides, gives the reply.
/// Errors: those of decoding; the connection is closed then, as Kafka does.
using Handler = Result<net::Answer> (*)(const RequestContext&, protocol::Reader& body);

struct ApiRow {
    protocol::ApiKey api;
    std::int16_t min_version = 0;
    std::int16_t max_version = 0;
    bool on_broker = false;
    bool on_controller = false;
    Handler handler = nullptr;

    bool is_on(ListenerKind kind) const {
        return kind == ListenerKind::broker ? on_broker : on_controller;
    }
};

std::span<const ApiRow> api_table();
/// The row of `key` if it is served on such a listener.
const ApiRow* find_api(std::int16_t key, ListenerKind kind);

}  // namespace moldau::broker
