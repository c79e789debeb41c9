#include "connection_rules.hpp"

#include "quotas/image_quotas.hpp"

#include "moldau/base/check.hpp"
#include "moldau/config/keys.hpp"

#include <algorithm>
#include <limits>
#include <string>

namespace moldau::broker {
namespace {

constexpr std::int32_t kUnlimited = std::numeric_limits<std::int32_t>::max();

template <class T>
T get(const BrokerLayers& layers, config::Key<T> key) {
    const std::optional<SourcedValue> value = broker_value(layers, key.name);
    MOLDAU_CHECK(value, "{} has a default", key.name);
    return std::get<T>(value->value);
}

/// What a listener has of its own; nothing: no limit, or that of all alone.
std::optional<std::int32_t> rate_of(const BrokerLayers& layers, std::string_view listener) {
    const std::string key = config::connection_rate_key(listener);
    const std::vector<SourcedValue> values = broker_values(layers, key);
    const auto own = std::ranges::find(values, key, &SourcedValue::name);
    if (own == values.end()) return std::nullopt;
    const auto rate = std::get<std::int32_t>(own->value);
    return rate == kUnlimited ? std::nullopt : std::optional(rate);
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
    net::ConnectionRates::Rules rules;
    rules.windows = quota_windows(layers.settings);
    const std::int32_t total = get(layers, config::kMaxConnectionCreationRate);
    if (total != kUnlimited) rules.total_max = total;
    const config::Node& node = layers.settings.node();
    for (const config::Listener& listener : node.broker_listeners) {
        if (const auto rate = rate_of(layers, listener.name))
            rules.by_listener[listener.name] = *rate;
    }
    if (node.broker_listeners.size() > 1) rules.exempt_listener = node.inter_broker_listener;
    add_address_rates(image, rules);
    return rules;
}

}  // namespace moldau::broker
