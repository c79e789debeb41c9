// The APIs that this server carries out: which versions, on which listeners, by which handler. What
// is not here is not advertised and not served.
#pragma once

#include "request_context.hpp"

#include "moldau/base/result.hpp"
#include "moldau/net/session.hpp"
#include "moldau/protocol/api_keys.hpp"
#include "moldau/protocol/reader.hpp"

#include <cstdint>
#include <optional>
#include <span>
#include <string_view>

namespace moldau::broker {

/// Decodes the body, decides, gives the reply.
/// Errors: those of decoding; the connection is closed then, as Kafka does.
using Handler = Result<net::Answer> (*)(const RequestContext&, protocol::Reader& body);

/// Whether ApiVersions lists it. Kafka serves clients' telemetry always, and says so only where a
/// plugin receives it.
enum class Told : std::uint8_t { always, where_telemetry_is_received };

struct ApiRow {
    protocol::ApiKey api;
    std::int16_t min_version = 0;
    std::int16_t max_version = 0;
    bool on_broker = false;
    bool on_controller = false;
    Handler handler = nullptr;
    /// What ApiVersions says instead of min_version: Kafka says 0 of Produce and serves it from 3
    /// on, since librdkafka asks for that (KAFKA-18659).
    std::optional<std::int16_t> told_from = std::nullopt;
    Told is_told = Told::always;

    std::int16_t advertised_from() const { return told_from.value_or(min_version); }
    bool is_on(ListenerKind kind) const {
        return kind == ListenerKind::broker ? on_broker : on_controller;
    }
};

std::span<const ApiRow> api_table();
/// The row of `key` if it is served on such a listener.
const ApiRow* find_api(std::int16_t key, ListenerKind kind);

}  // namespace moldau::broker
