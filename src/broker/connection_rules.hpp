// How many connections the node takes and how fast, as its settings and quotas say now.
#pragma once

#include "effective_configs.hpp"

#include "moldau/net/connection_limits.hpp"
#include "moldau/net/connection_rates.hpp"

namespace moldau::broker {

/// max.connections, of all and of listeners, max.connections.per.ip and its overrides.
net::ConnectionLimits::Rules connection_rules(const BrokerLayers& layers);

/// max.connection.creation.rate, of all and of listeners, and the quotas of addresses.
net::ConnectionRates::Rules connection_rates(const BrokerLayers& layers,
                                             const metadata::ClusterImage& image);

}  // namespace moldau::broker
