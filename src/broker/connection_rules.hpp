// How many connections the node takes, as its settings say now.
#pragma once

#include "effective_configs.hpp"

#include "moldau/net/connection_limits.hpp"

namespace moldau::broker {

/// max.connections, max.connections.per.ip and its overrides.
net::ConnectionLimits::Rules connection_rules(const BrokerLayers& layers);

}  // namespace moldau::broker
