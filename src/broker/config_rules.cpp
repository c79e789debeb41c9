#include "config_rules.hpp"

#include "effective_configs.hpp"

#include "moldau/config/keys.hpp"
#include "moldau/config/value.hpp"
#include "moldau/telemetry/subscriptions.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <optional>
#include <utility>

namespace moldau::broker {
namespace {

/// Older versions of DescribeConfigs have no more room.
constexpr std::size_t kValueBytesMax = 32'767;

using config::Setting;
using config::Settings;
using config::Table;
using config::Type;
using config::Value;
using metadata::ClusterImage;
using metadata::ConfigResource;
using metadata::Configs;
using metadata::ResourceType;

Error invalid_config(std::string what) {
    return {ErrorCode::invalid_config, std::move(what)};
}
Error invalid_request(std::string what) {
    return {ErrorCode::invalid_request, std::move(what)};
}

Error unknown(ResourceType type, std::string_view name) {
    constexpr std::size_t kShownBytes = 120;
    const Table table = *table_of(type);
    const std::string_view kind = table == Table::topic    ? "topics"
                                  : table == Table::broker ? "brokers"
                                  : table == Table::group  ? "groups"
                                                           : "client metrics";
    std::string what = name.size() > kShownBytes
                           ? fmt::format("{} have no setting of so long a name", kind)
                           : fmt::format("{} have no setting '{}'", kind, name);
    const std::string_view nearest = config::nearest_name(table, name);
    if (!nearest.empty()) what += fmt::format("; did you mean {}?", nearest);
    const bool is_request = table == Table::broker || table == Table::client_metrics;
    return is_request ? invalid_request(std::move(what)) : invalid_config(std::move(what));
}

std::int64_t as_number(const Value& value) {
    if (const auto* number = std::get_if<std::int32_t>(&value)) return *number;
    const auto* number = std::get_if<std::int64_t>(&value);
    return number == nullptr ? 0 : *number;
}

// ----- topics

Result<> check_topic(const Setting& setting, const Value& value) {
    if (setting.name == "remote.storage.enable" && std::get<bool>(value)) {
        return invalid_config(
            "remote.storage.enable: 'true' needs tiered storage, which this broker does not have");
    }
    return {};
}

Result<> check_topic_together(const ClusterImage& image, const Settings& settings,
                              const Configs& all) {
    const BrokerLayers layers(image, settings);
    const auto value = [&](std::string_view name) {
        return as_number(topic_value(layers, all, *config::find(Table::topic, name)).value);
    };
    const std::int64_t least = value("min.compaction.lag.ms");
    const std::int64_t most = value("max.compaction.lag.ms");
    if (least <= most) return {};
    return invalid_config(fmt::format(
        "min.compaction.lag.ms, {}, is more than max.compaction.lag.ms, {}", least, most));
}

// ----- brokers

/// Several units of one duration, which are held to bounds of their own where they are read from
/// a file; and what only the settings' texts can tell.
Result<> check_broker(const ClusterImage& image, const Settings& settings, const Setting& setting,
                      const Value& value) {
    const std::int64_t number = as_number(value);
    const auto out_of_range = [&](std::string_view allowed) {
        return invalid_request(
            fmt::format("{}: '{}' is out of range; allowed: {}", setting.name, number, allowed));
    };
    if (setting.name == "log.roll.ms" && number < 1) return out_of_range("[1,...]");
    if (setting.name == "log.roll.jitter.ms" && number < 0) return out_of_range("[0,...]");
    if (setting.name == "log.retention.ms" && number == 0)
        return out_of_range("from 1, or -1 for ever");
    if (setting.name == config::kMaxConnectionsPerIpOverrides.name) {
        const auto limits = config::connection_limits(std::get<std::string>(value));
        if (!limits)
            return invalid_request(fmt::format("{}: {}", setting.name, limits.error().detail));
    }
    if (setting.name == config::kListeners.name) {
        for (const std::string& each : std::get<std::vector<std::string>>(value)) {
            if (const auto listener = config::parse_listener(each); !listener)
                return invalid_request(
                    fmt::format("{}: {}", setting.name, listener.error().detail));
        }
    }
    if (setting.name == config::kCordonedLogDirs.name) {
        if (image.feature_level(metadata::kMetadataVersion).value_or(0) <
            metadata::kMetadataVersionCordon) {
            return invalid_config(fmt::format("{}: it needs metadata.version {} or newer",
                                              setting.name, metadata::kMetadataVersionCordon));
        }
        const auto cordoned = config::check_cordoned(std::get<std::vector<std::string>>(value),
                                                     settings.node().log_dirs);
        if (!cordoned)
            return invalid_request(fmt::format("{}: {}", setting.name, cordoned.error().detail));
    }
    return {};
}

Result<> check_broker_name(const ConfigResource& resource, std::string_view name) {
    if (config::find_of_listener(name) != nullptr) return {};
    if (name.starts_with("listener.name.")) {
        return invalid_request(
            "settings of single listeners, but for max.connections and "
            "max.connection.creation.rate, can only be given at the start of the broker");
    }
    const Setting* setting = config::find(Table::broker, name);
    if (setting == nullptr) return unknown(ResourceType::broker, name);
    if (!config::is_alterable(*setting)) {
        return invalid_request(fmt::format(
            "{} cannot be changed while the broker runs: set it in its file and start it anew",
            name));
    }
    if (setting->update == config::UpdateMode::per_broker && resource.name.empty())
        return invalid_request(fmt::format("{} is each broker's own: name the broker", name));
    return {};
}

/// Kafka takes a limit of 0 for all brokers, and fails later, when it is to hold.
Result<> check_of_listener(std::string_view name, const Value& value) {
    if (as_number(value) > 0) return {};
    return invalid_request(fmt::format("{}: 0 would let nobody connect; allowed: [1,...]", name));
}

/// Pools of threads: Kafka lets each change by a factor of two at most.
constexpr std::array<std::string_view, 10> kThreads = {
    "background.threads",
    "log.cleaner.threads",
    "num.io.threads",
    "num.network.threads",
    "num.recovery.threads.per.data.dir",
    "num.replica.fetchers",
    "remote.log.manager.copier.thread.pool.size",
    "remote.log.manager.expiration.thread.pool.size",
    "remote.log.manager.follower.thread.pool.size",
    "remote.log.reader.threads"};
/// What a disk keeps of a topic in tiered storage, and what is kept of it at all.
constexpr std::array<std::pair<std::string_view, std::string_view>, 2> kLocalRetention = {
    std::pair{"local.retention.ms", "retention.ms"},
    std::pair{"local.retention.bytes", "retention.bytes"}};

/// This broker's settings as they hold now and as they would.
class BrokerChange {
public:
    BrokerChange(const ClusterImage& image, const Settings& settings,
                 const ConfigResource& resource, const Configs& all)
        : now_(image, settings),
          then_(resource == broker_resource(settings.node().id) ? all : now_.this_broker,
                resource.name.empty() ? all : now_.all_brokers, settings) {}

    Result<> check() const {
        for (const std::string_view name : kThreads) {
            if (Result<> ok = check_threads(name); !ok) return ok;
        }
        for (const auto& [local, total] : kLocalRetention) {
            if (Result<> ok = check_retention(local, total); !ok) return ok;
        }
        if (Result<> ok = check_listeners(); !ok) return ok;
        return check_connections();
    }

private:
    static std::int64_t number(const BrokerLayers& layers, std::string_view name) {
        const auto value = broker_value(layers, name);
        return value ? as_number(value->value) : 0;
    }
    static std::int64_t of_topics(const BrokerLayers& layers, std::string_view name) {
        return as_number(topic_value(layers, {}, *config::find(Table::topic, name)).value);
    }

    Result<> check_threads(std::string_view name) const {
        const std::int64_t before = number(now_, name);
        const std::int64_t after = number(then_, name);
        if (after == before || (after >= 1 && after >= before / 2 && after <= before * 2))
            return {};
        return invalid_request(
            fmt::format("{}: from {} it can be set to {} to {} at once, not to {}", name, before,
                        std::max<std::int64_t>(before / 2, 1), before * 2, after));
    }

    Result<> check_retention(std::string_view local, std::string_view total) const {
        constexpr std::int64_t kAsTotal = -2;
        constexpr std::int64_t kForEver = -1;
        const std::int64_t least = of_topics(then_, local);
        const std::int64_t most = of_topics(then_, total);
        if (least == of_topics(now_, local) && most == of_topics(now_, total)) return {};
        if (least == kAsTotal || most <= kForEver || (least != kForEver && least <= most))
            return {};
        return invalid_request(
            fmt::format("log.{}, {}, is more than log.{}, {}", local, least, total, most));
    }

    /// Kafka keeps all listeners that it advertises; here only the other nodes' must stay.
    Result<> check_listeners() const {
        if (dynamic_listeners(now_) == dynamic_listeners(then_)) return {};
        const Result<config::Node> node = node_of(then_);
        return node ? Result<>() : invalid_request(node.error().detail);
    }

    /// Whether anybody could still connect.
    Result<> check_connections() const {
        if (number(then_, config::kMaxConnectionsPerIp.name) > 0) return {};
        const auto overrides = broker_value(then_, config::kMaxConnectionsPerIpOverrides.name);
        if (overrides && !std::get<std::string>(overrides->value).empty()) return {};
        return invalid_request(
            "max.connections.per.ip: 0 would let nobody connect; allowed: from 1, or 0 together "
            "with max.connections.per.ip.overrides");
    }

    BrokerLayers now_;
    BrokerLayers then_;
};

// ----- groups

/// The broker's bound of a group's setting: of group.consumer.session.timeout.ms it is
/// group.consumer.min.session.timeout.ms.
std::optional<std::int64_t> bound(const Settings& settings, const Setting& setting,
                                  std::string_view which) {
    std::string_view rest = setting.broker_setting;
    const std::size_t kind_end = rest.find('.', rest.find('.') + 1) + 1;
    std::string name =
        fmt::format("{}{}.{}", rest.substr(0, kind_end), which, rest.substr(kind_end));
    if (setting.name == "streams.num.standby.replicas")
        name = fmt::format("group.streams.{}.standby.replicas", which);
    const Settings::Entry* entry = settings.find(name);
    if (entry == nullptr) return std::nullopt;
    return as_number(entry->value);
}

Result<> check_group(const Settings& settings, const Setting& setting, const Value& value) {
    if (setting.broker_setting.empty()) return {};
    const std::int64_t number = as_number(value);
    const auto least = bound(settings, setting, "min");
    const auto most = bound(settings, setting, "max");
    if (number >= least.value_or(number) && number <= most.value_or(number)) return {};
    return invalid_config(fmt::format("{}: '{}' is outside of the broker's bounds, {} to {}",
                                      setting.name, number, least.value_or(0),
                                      most.value_or(number)));
}

Result<> check_group_together(const ClusterImage& image, const Settings& settings,
                              const Configs& all) {
    const BrokerLayers layers(image, settings);
    const auto value = [&](std::string_view name) {
        return as_number(group_value(layers, all, *config::find(Table::group, name)).value);
    };
    for (const std::string_view kind : {"consumer", "share", "streams"}) {
        const std::int64_t session = value(fmt::format("{}.session.timeout.ms", kind));
        const std::int64_t heartbeat = value(fmt::format("{}.heartbeat.interval.ms", kind));
        if (session > heartbeat) continue;
        return invalid_config(fmt::format(
            "{0}.session.timeout.ms, {1}, must be more than {0}.heartbeat.interval.ms, {2}", kind,
            session, heartbeat));
    }
    return {};
}

// ----- client metrics

Result<> check_client_metrics(const Setting& setting, const Value& value) {
    constexpr std::int64_t kLeastMs = 100;
    constexpr std::int64_t kMostMs = 3'600'000;
    if (setting.name == "interval.ms") {
        const std::int64_t ms = as_number(value);
        if (ms >= kLeastMs && ms <= kMostMs) return {};
        return invalid_request(fmt::format(
            "interval.ms: '{}' is out of range; allowed: [{},...,{}]", ms, kLeastMs, kMostMs));
    }
    if (setting.name != "match") return {};
    for (const std::string& pattern : std::get<std::vector<std::string>>(value)) {
        if (const auto match = telemetry::Match::parse(pattern); !match) return match.error();
    }
    return {};
}

// ----- all

Result<> check(const ClusterImage& image, const Settings& settings, const ConfigResource& resource,
               std::string_view name, std::string_view text) {
    const ResourceType type = resource.type;
    const std::optional<Table> table = table_of(type);
    if (!table)
        return invalid_request(
            fmt::format("resources of type {} have no configs", static_cast<int>(type)));
    if (type == ResourceType::broker) {
        if (Result<> ok = check_broker_name(resource, name); !ok) return ok.error();
    }
    const Setting* setting = config::find(*table, name);
    const bool is_of_listener = setting == nullptr && type == ResourceType::broker;
    if (is_of_listener) setting = config::find_of_listener(name);
    if (setting == nullptr) return unknown(type, name);
    if (text.size() > kValueBytesMax) {
        return invalid_config(
            fmt::format("{}: a value has at most {} bytes", name, kValueBytesMax));
    }
    const Result<Value> value = config::value_from_text(*setting, text);
    if (!value) {
        std::string what = fmt::format("{}: {}", name, value.error().detail);
        return type == ResourceType::broker ? invalid_request(std::move(what))
                                            : invalid_config(std::move(what));
    }
    switch (type) {
        case ResourceType::topic:
            return check_topic(*setting, *value);
        case ResourceType::broker:
            return is_of_listener ? check_of_listener(name, *value)
                                  : check_broker(image, settings, *setting, *value);
        case ResourceType::group:
            return check_group(settings, *setting, *value);
        case ResourceType::client_metrics:
            return check_client_metrics(*setting, *value);
        case ResourceType::broker_logger:
            break;
    }
    return {};
}

std::string inherited(const ClusterImage& image, const Settings& settings, ResourceType type,
                      std::string_view name) {
    const std::optional<Table> table = table_of(type);
    const Setting* setting = !table ? nullptr : config::find(*table, name);
    if (setting == nullptr) return {};
    const BrokerLayers layers(image, settings);
    const auto text = [](const Value& value) { return config::text_of(value).value_or(""); };
    switch (type) {
        case ResourceType::topic:
            return text(topic_value(layers, {}, *setting).value);
        case ResourceType::group:
            return text(group_value(layers, {}, *setting).value);
        case ResourceType::broker:
            for (const SourcedValue& each : broker_values(layers, name))
                if (each.source != ConfigSource::dynamic_broker) return text(each.value);
            return {};
        case ResourceType::client_metrics:
        case ResourceType::broker_logger:
            break;
    }
    return text(config::default_value(*setting));
}

}  // namespace

std::optional<config::Table> table_of(ResourceType type) {
    switch (type) {
        case ResourceType::topic:
            return Table::topic;
        case ResourceType::broker:
            return Table::broker;
        case ResourceType::client_metrics:
            return Table::client_metrics;
        case ResourceType::group:
            return Table::group;
        case ResourceType::broker_logger:
            break;
    }
    return std::nullopt;
}

std::vector<std::string> without_effect(const Settings& settings, const ClusterImage& image,
                                        const ConfigResource& resource) {
    std::vector<std::string> names;
    const std::optional<Table> table = table_of(resource.type);
    std::optional<config::Node> broker;
    if (resource.type == ResourceType::broker)
        broker = node_in_force(BrokerLayers(image, settings));
    for (const auto& [name, value] : image.configs_of(resource)) {
        const Setting* setting = !table ? nullptr : config::find(*table, name);
        const bool has_effect = setting != nullptr ? setting->is_in_effect()
                                                   : broker && config::is_in_effect(*broker, name);
        if (!has_effect) names.push_back(name);
    }
    return names;
}

controller::ConfigRules make_config_rules(const Settings& settings,
                                          const std::function<const ClusterImage&()>& image) {
    return {.check =
                [&settings, image](const ConfigResource& resource, std::string_view name,
                                   std::string_view value) {
                    return check(image(), settings, resource, name, value);
                },
            .check_together = [&settings, image](const ConfigResource& resource,
                                                 const Configs& all) -> Result<> {
                switch (resource.type) {
                    case ResourceType::topic:
                        return check_topic_together(image(), settings, all);
                    case ResourceType::broker:
                        return BrokerChange(image(), settings, resource, all).check();
                    case ResourceType::group:
                        return check_group_together(image(), settings, all);
                    case ResourceType::client_metrics:
                    case ResourceType::broker_logger:
                        break;
                }
                return {};
            },
            .is_list =
                [](ResourceType type, std::string_view name) {
                    const std::optional<Table> table = table_of(type);
                    const Setting* setting = !table ? nullptr : config::find(*table, name);
                    return setting != nullptr && setting->type == Type::list;
                },
            .inherited =
                [&settings, image](ResourceType type, std::string_view name) {
                    return inherited(image(), settings, type, name);
                }};
}

}  // namespace moldau::broker
