// Where a client of one listener finds a broker.
#pragma once

#include "cluster_view.hpp"

#include "moldau/net/session.hpp"

namespace moldau::broker {

/// The endpoint that `broker` advertises on the listener that the client came by; where it
/// advertises none, the address that the client itself used (the implicit node).
inline Endpoint endpoint_for(const BrokerView& broker, const net::ConnectionInfo& connection) {
    const auto found = broker.advertised.find(connection.listener);
    return found == broker.advertised.end() ? connection.local : found->second;
}

}  // namespace moldau::broker
