#include "connection_rules.hpp"

#include "quotas/image_quotas.hpp"

#include "moldau/base/check.hpp"
#include "moldau/config/keys.hpp"

#include <limits>

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

net::ConnectionRates::Rules connection_rates(const BrokerLayers& layers,
                                             const metadata::ClusterImage& image) {
    constexpr std::int32_t kUnlimited = std::numeric_limits<std::int32_t>::max();
    net::ConnectionRates::Rules rules;
    rules.windows = quota_windows(layers.settings);
    const std::int32_t total = get(layers, config::kMaxConnectionCreationRate);
    if (total != kUnlimited) rules.total_max = total;
    const config::Node& node = layers.settings.node();
    for (const config::Listener& listener : node.broker_listeners) {
        if (const auto rate = layers.settings.connection_rate_of(listener.name))
            rules.by_listener[listener.name] = *rate;
    }
    if (node.broker_listeners.size() > 1) rules.exempt_listener = node.inter_broker_listener;
    add_address_rates(image, rules);
    return rules;
}

}  // namespace moldau::broker
