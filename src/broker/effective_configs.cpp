#include "effective_configs.hpp"

#include "moldau/config/value.hpp"

#include <fmt/core.h>

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

/// All that say the same as `name`, itself included, the finest unit first.
std::vector<std::string_view> synonyms(std::string_view name) {
    const auto as_vector = [](std::span<const std::string_view> names) {
        return std::vector<std::string_view>(names.begin(), names.end());
    };
    for (const std::span<const std::string_view> names :
         {std::span<const std::string_view>(kRoll), std::span<const std::string_view>(kRollJitter),
          std::span<const std::string_view>(kRetention)}) {
        if (std::ranges::find(names, name) != names.end()) return as_vector(names);
    }
    // The scheduler's interval is a setting of its own, and the other's default.
    if (name == kFlush.front()) return as_vector(kFlush);
    return {name};
}

void add_dynamic(std::vector<SourcedValue>& values, const metadata::Configs& configs,
                 std::span<const std::string_view> names, ConfigSource source) {
    for (const std::string_view name : names) {
        const std::string* text = configs.find(name);
        const Setting* setting = config::find(Table::broker, name);
        if (text == nullptr || setting == nullptr) continue;
        Result<Value> value = config::value_from_text(*setting, *text);
        if (value)
            values.push_back({.name = setting->name, .value = std::move(*value), .source = source});
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

SourcedValue own_or_inherited(const ClusterImage& image, const Settings& settings,
                              const metadata::Configs& own, const Setting& setting,
                              ConfigSource own_source) {
    if (std::optional<Value> value = own_value(own, setting))
        return {.name = setting.name, .value = std::move(*value), .source = own_source};
    if (!setting.broker_setting.empty()) {
        std::vector<SourcedValue> values = broker_values(image, settings, setting.broker_setting);
        if (!values.empty()) return std::move(values.front());
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

std::vector<SourcedValue> broker_values(const ClusterImage& image, const Settings& settings,
                                        std::string_view name) {
    const std::vector<std::string_view> names = synonyms(name);
    std::vector<SourcedValue> values;
    add_dynamic(values, image.configs_of(broker_resource(settings.node().id)), names,
                ConfigSource::dynamic_broker);
    add_dynamic(values, image.configs_of(all_brokers_resource()), names,
                ConfigSource::dynamic_default_broker);
    for (const std::string_view each : names) {
        const Settings::Entry* entry = settings.find(each);
        if (entry != nullptr && entry->origin.is_explicit())
            values.push_back({.name = entry->setting->name,
                              .value = entry->value,
                              .source = ConfigSource::static_broker});
    }
    for (const std::string_view each : names) {
        const Settings::Entry* entry = settings.find(each);
        if (entry == nullptr) continue;
        // The implicit node's defaults differ from those of the table, and are what holds.
        Value value =
            entry->origin.is_explicit() ? config::default_value(*entry->setting) : entry->value;
        if (!std::holds_alternative<std::monostate>(value))
            values.push_back({.name = entry->setting->name,
                              .value = std::move(value),
                              .source = ConfigSource::default_value});
    }
    return values;
}

SourcedValue topic_value(const ClusterImage& image, const Settings& settings,
                         const metadata::Configs& own, const Setting& setting) {
    SourcedValue found = own_or_inherited(image, settings, own, setting, ConfigSource::topic);
    found.value = in_milliseconds(found);
    if (setting.name == "retention.ms")
        found.value = std::max<std::int64_t>(std::get<std::int64_t>(found.value), -1);
    return found;
}

SourcedValue group_value(const ClusterImage& image, const Settings& settings,
                         const metadata::Configs& own, const Setting& setting) {
    return own_or_inherited(image, settings, own, setting, ConfigSource::group);
}

}  // namespace moldau::broker
