#include "connection_rules.hpp"

#include "moldau/base/check.hpp"
#include "moldau/config/keys.hpp"

namespace moldau::broker {
namespace {

template <class T>
T get(const BrokerLayers& layers, config::Key<T> key) {
    const std::optional<SourcedValue> value = broker_value(layers, key.name);
    MOLDAU_CHECK(value, "{} has a default", key.name);
    return std::get<T>(value->value);
}

}  // namespace

net::ConnectionLimits::Rules connection_rules(const BrokerLayers& layers) {
    net::ConnectionLimits::Rules rules{.total_max = get(layers, config::kMaxConnections),
                                       .per_ip_max = get(layers, config::kMaxConnectionsPerIp),
                                       .per_ip_overrides = {}};
    // What Kafka has left in the log and we cannot read holds no more than any such value.
    if (const auto limits =
            config::connection_limits(get(layers, config::kMaxConnectionsPerIpOverrides))) {
        for (const config::ConnectionLimit& each : *limits)
            rules.per_ip_overrides[each.host] = each.connections;
    }
    return rules;
}

}  // namespace moldau::broker
