#include "connection_rules.hpp"

#include "quotas/image_quotas.hpp"

#include "moldau/base/check.hpp"
#include "moldau/config/keys.hpp"

#include <algorithm>
#include <limits>
#include <map>
#include <string>
#include <utility>

namespace moldau::broker {
namespace {

constexpr std::int32_t kUnlimited = std::numeric_limits<std::int32_t>::max();

template <class T>
T get(const BrokerLayers& layers, config::Key<T> key) {
    const std::optional<SourcedValue> value = broker_value(layers, key.name);
    MOLDAU_CHECK(value, "{} has a default", key.name);
    return std::get<T>(value->value);
}

/// The listeners that have the setting for themselves, and what it is; without those it gives no
/// limit but that of all.
std::map<std::string, std::int32_t, std::less<>> of_listeners(const BrokerLayers& layers,
                                                              const config::Node& node,
                                                              std::string_view setting) {
    std::map<std::string, std::int32_t, std::less<>> limits;
    for (const config::Listener& listener : node.broker_listeners) {
        const std::string key = config::listener_key(listener.name, setting);
        const std::vector<SourcedValue> values = broker_values(layers, key);
        const auto own = std::ranges::find(values, key, &SourcedValue::name);
        if (own == values.end()) continue;
        const auto limit = std::get<std::int32_t>(own->value);
        if (limit != kUnlimited) limits[listener.name] = limit;
    }
    return limits;
}

}  // namespace

net::ConnectionLimits::Rules connection_rules(const BrokerLayers& layers) {
    net::ConnectionLimits::Rules rules{
        .total_max = get(layers, config::kMaxConnections),
        .per_ip_max = get(layers, config::kMaxConnectionsPerIp),
        .per_ip_overrides = {},
        .by_listener = of_listeners(layers, node_in_force(layers), config::kMaxConnections.name)};
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
    net::ConnectionRates::Rules rules;
    rules.windows = quota_windows(layers.settings);
    const std::int32_t total = get(layers, config::kMaxConnectionCreationRate);
    if (total != kUnlimited) rules.total_max = total;
    const config::Node node = node_in_force(layers);
    rules.by_listener = of_listeners(layers, node, config::kMaxConnectionCreationRate.name);
    if (node.broker_listeners.size() > 1) rules.exempt_listener = node.inter_broker_listener;
    add_address_rates(image, rules);
    return rules;
}

}  // namespace moldau::broker
