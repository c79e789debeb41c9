// Which value of a setting holds where several places may give it one: the resource's own, the
// dynamic ones of this broker and of all brokers, the file, the defaults (KIP-226).
#pragma once

#include "moldau/config/settings.hpp"
#include "moldau/metadata/cluster_image.hpp"

#include <cstdint>
#include <optional>
#include <string_view>
#include <vector>

namespace moldau::broker {

/// Where a value comes from, by its number on the wire.
enum class ConfigSource : std::int8_t {
    unknown = 0,
    topic = 1,
    dynamic_broker = 2,
    dynamic_default_broker = 3,
    static_broker = 4,
    default_value = 5,
    dynamic_broker_logger = 6,
    client_metrics = 7,
    group = 8,
};

struct SourcedValue {
    // Of the setting that gives it: the asked one or a synonym. The key of a listener's setting is
    // the very view that was asked with.
    std::string_view name;
    config::Value value;  // in that setting's own unit
    ConfigSource source{};
};

/// The places that give this broker's settings their values. Holds references to image and
/// settings.
struct BrokerLayers {
    BrokerLayers(const metadata::ClusterImage& image, const config::Settings& from);
    BrokerLayers(const metadata::Configs& of_this_broker, const metadata::Configs& of_all_brokers,
                 const config::Settings& from)
        : this_broker(of_this_broker), all_brokers(of_all_brokers), settings(from) {}

    const metadata::Configs& this_broker;  // dynamic
    const metadata::Configs& all_brokers;  // dynamic
    const config::Settings& settings;      // the file, and the defaults
};

/// All places that give a broker's setting a value, the one that holds first. Among the settings
/// that say the same in other units (log.retention.ms, .minutes, .hours) the finest comes first. A
/// dynamic value that cannot be read is passed over. Empty where there is not even a default.
/// A listener's setting (config::find_of_listener) has, in each layer, that of all listeners behind
/// it.
std::vector<SourcedValue> broker_values(const BrokerLayers& layers, std::string_view name);

/// The first of them.
std::optional<SourcedValue> broker_value(const BrokerLayers& layers, std::string_view name);

/// The one of a topic's settings that holds, given the configs of its own. Inherited hours and
/// minutes come as milliseconds, a negative retention as -1. A config of its own that cannot be
/// read is passed over.
SourcedValue topic_value(const BrokerLayers& layers, const metadata::Configs& own,
                         const config::Setting& setting);

/// The same of a group's settings, which have no units to convert.
SourcedValue group_value(const BrokerLayers& layers, const metadata::Configs& own,
                         const config::Setting& setting);

/// Of this broker's dynamic values those that say where it listens (KIP-226): `listeners` and
/// `listener.security.protocol.map`.
config::NamedValues dynamic_listeners(const BrokerLayers& layers);
/// The node that they make: that of the file, with the dynamic listeners.
/// Errors: as config::node_with(), for those that the node could not have.
Result<config::Node> node_of(const BrokerLayers& layers);
/// The same, or that of the file where the dynamic listeners cannot be had.
config::Node node_in_force(const BrokerLayers& layers);

/// The resource that a broker's dynamic configs are kept under.
metadata::ConfigResource broker_resource(BrokerId broker);
/// The one of the configs of all brokers.
metadata::ConfigResource all_brokers_resource();

}  // namespace moldau::broker
