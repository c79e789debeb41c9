#include "effective_configs.hpp"

#include "moldau/config/keys.hpp"
#include "moldau/config/value.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <optional>
#include <span>

namespace moldau::broker {
namespace {

using config::Setting;
using config::Settings;
using config::Table;
using config::Value;
using metadata::ClusterImage;

constexpr std::int64_t kMinuteMs = 60'000;
constexpr std::int64_t kHourMs = 60 * kMinuteMs;

constexpr std::array<std::string_view, 2> kRoll = {"log.roll.ms", "log.roll.hours"};
constexpr std::array<std::string_view, 2> kRollJitter = {"log.roll.jitter.ms",
                                                         "log.roll.jitter.hours"};
constexpr std::array<std::string_view, 3> kRetention = {"log.retention.ms", "log.retention.minutes",
                                                        "log.retention.hours"};
constexpr std::array<std::string_view, 2> kFlush = {"log.flush.interval.ms",
                                                    "log.flush.scheduler.interval.ms"};

/// Settings that say the same in several units, the finest first.
std::span<const std::string_view> units_of(std::string_view name) {
    for (const std::span<const std::string_view> names :
         {std::span<const std::string_view>(kRoll), std::span<const std::string_view>(kRollJitter),
          std::span<const std::string_view>(kRetention)}) {
        if (std::ranges::find(names, name) != names.end()) return names;
    }
    // The scheduler's interval is a setting of its own, and the other's default.
    if (name == kFlush.front()) return kFlush;
    return {};
}

/// The row of a setting of the broker or of one of its listeners.
const Setting* find_setting(std::string_view name) {
    const Setting* setting = config::find(Table::broker, name);
    return setting != nullptr ? setting : config::find_of_listener(name);
}

/// The setting's own name where it is that: it lives longer than who asks.
std::string_view name_of(const Setting& setting, std::string_view asked) {
    return setting.name == asked ? setting.name : asked;
}

/// What the file says; nothing: it does not name it.
std::optional<SourcedValue> file_value(const Settings& settings, std::string_view name) {
    const auto found = [](std::string_view of, Value value) {
        return SourcedValue{
            .name = of, .value = std::move(value), .source = ConfigSource::static_broker};
    };
    if (const Settings::Entry* entry = settings.find(name)) {
        if (!entry->origin.is_explicit()) return std::nullopt;
        return found(entry->setting->name, entry->value);
    }
    const auto other = std::ranges::find(settings.others(), name, &Settings::Other::key);
    const Setting* setting = config::find_of_listener(name);
    if (other == settings.others().end() || setting == nullptr) return std::nullopt;
    Result<Value> value = config::value_from_text(*setting, other->text.reveal());
    if (!value) return std::nullopt;  // it was checked when it was read
    return found(name, std::move(*value));
}

/// Calls `take` with each value that one of `names` has in a layer of dynamic configs, until it
/// says that it has enough; whether it did.
template <class Take>
bool visit_dynamic(const metadata::Configs& configs, std::span<const std::string_view> names,
                   ConfigSource source, Take& take) {
    if (configs.empty()) return false;
    for (const std::string_view name : names) {
        const std::string* text = configs.find(name);
        const Setting* setting = text == nullptr ? nullptr : find_setting(name);
        if (setting == nullptr) continue;
        Result<Value> value = config::value_from_text(*setting, *text);
        if (value &&
            take({.name = name_of(*setting, name), .value = std::move(*value), .source = source}))
            return true;
    }
    return false;
}

/// The implicit node's defaults differ from those of the table, and are what holds.
Value default_of(const Settings::Entry& entry) {
    return entry.origin.is_explicit() ? config::default_value(*entry.setting) : entry.value;
}

/// As visit_dynamic(), through all layers.
template <class Take>
void visit(const BrokerLayers& layers, std::string_view name, Take take) {
    std::span<const std::string_view> names = units_of(name);
    if (names.empty()) names = std::span(&name, 1);
    std::array<std::string_view, 2> of_listener = {name, {}};
    if (const Setting* setting = config::find_of_listener(name)) {
        of_listener.back() = setting->name;
        names = of_listener;
    }
    if (visit_dynamic(layers.this_broker, names, ConfigSource::dynamic_broker, take)) return;
    if (visit_dynamic(layers.all_brokers, names, ConfigSource::dynamic_default_broker, take))
        return;
    for (const std::string_view each : names) {
        std::optional<SourcedValue> value = file_value(layers.settings, each);
        if (value && take(std::move(*value))) return;
    }
    for (const std::string_view each : names) {
        const Settings::Entry* entry = layers.settings.find(each);
        if (entry == nullptr) continue;
        Value value = default_of(*entry);
        if (std::holds_alternative<std::monostate>(value)) continue;
        if (take({.name = entry->setting->name,
                  .value = std::move(value),
                  .source = ConfigSource::default_value}))
            return;
    }
}

/// What is in hours or minutes, in milliseconds.
Value in_milliseconds(const SourcedValue& given) {
    const auto* number = std::get_if<std::int32_t>(&given.value);
    if (number == nullptr) return given.value;
    if (given.name.ends_with(".hours")) return *number * kHourMs;
    if (given.name.ends_with(".minutes")) return *number * kMinuteMs;
    return given.value;
}

std::optional<Value> own_value(const metadata::Configs& own, const Setting& setting) {
    const std::string* text = own.find(setting.name);
    if (text == nullptr) return std::nullopt;
    Result<Value> value = config::value_from_text(setting, *text);
    if (!value) return std::nullopt;
    return std::move(*value);
}

SourcedValue own_or_inherited(const BrokerLayers& layers, const metadata::Configs& own,
                              const Setting& setting, ConfigSource own_source) {
    if (std::optional<Value> value = own_value(own, setting))
        return {.name = setting.name, .value = std::move(*value), .source = own_source};
    if (!setting.broker_setting.empty()) {
        if (std::optional<SourcedValue> value = broker_value(layers, setting.broker_setting))
            return std::move(*value);
    }
    return {.name = setting.name,
            .value = config::default_value(setting),
            .source = ConfigSource::default_value};
}

}  // namespace

metadata::ConfigResource broker_resource(BrokerId broker) {
    return {.type = metadata::ResourceType::broker, .name = fmt::format("{}", broker.value)};
}

metadata::ConfigResource all_brokers_resource() {
    return {.type = metadata::ResourceType::broker, .name = ""};
}

BrokerLayers::BrokerLayers(const ClusterImage& image, const Settings& from)
    : this_broker(image.configs_of(broker_resource(from.node().id))),
      all_brokers(image.configs_of(all_brokers_resource())),
      settings(from) {}

config::NamedValues dynamic_listeners(const BrokerLayers& layers) {
    config::NamedValues values;
    for (const std::string_view name :
         {config::kListeners.name, config::kListenerSecurityProtocolMap.name}) {
        std::optional<SourcedValue> value = broker_value(layers, name);
        if (value && value->source == ConfigSource::dynamic_broker)
            values.emplace_back(name, std::move(value->value));
    }
    return values;
}

Result<config::Node> node_of(const BrokerLayers& layers) {
    const config::Node& by_file = layers.settings.node();
    config::NamedValues values = dynamic_listeners(layers);
    if (values.empty()) return by_file;
    Result<config::Node> node = config::node_with(layers.settings, std::move(values));
    if (node && node->controller_listeners != by_file.controller_listeners) {
        return Error{ErrorCode::invalid_config,
                     fmt::format("the controller's listeners, {}, do not change while it runs",
                                 fmt::join(by_file.controller_listener_names, ", "))};
    }
    return node;
}

config::Node node_in_force(const BrokerLayers& layers) {
    Result<config::Node> node = node_of(layers);
    if (node) return std::move(*node);
    return layers.settings.node();
}

std::vector<SourcedValue> broker_values(const BrokerLayers& layers, std::string_view name) {
    std::vector<SourcedValue> values;
    visit(layers, name, [&values](SourcedValue value) {
        values.push_back(std::move(value));
        return false;
    });
    return values;
}

std::optional<SourcedValue> broker_value(const BrokerLayers& layers, std::string_view name) {
    std::optional<SourcedValue> first;
    visit(layers, name, [&first](SourcedValue value) {
        first = std::move(value);
        return true;
    });
    return first;
}

SourcedValue topic_value(const BrokerLayers& layers, const metadata::Configs& own,
                         const Setting& setting) {
    SourcedValue found = own_or_inherited(layers, own, setting, ConfigSource::topic);
    found.value = in_milliseconds(found);
    if (setting.name == "retention.ms")
        found.value = std::max<std::int64_t>(std::get<std::int64_t>(found.value), -1);
    return found;
}

SourcedValue group_value(const BrokerLayers& layers, const metadata::Configs& own,
                         const Setting& setting) {
    return own_or_inherited(layers, own, setting, ConfigSource::group);
}

}  // namespace moldau::broker
