#include "moldau/config/setting.hpp"

#include "rows.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <vector>

namespace moldau::config {

namespace {

std::vector<Setting> joined(std::initializer_list<std::span<const Setting>> parts) {
    std::vector<Setting> all;
    for (const auto part : parts) all.insert(all.end(), part.begin(), part.end());
    std::ranges::sort(all, {}, &Setting::name);
    return all;
}

// Written once, before main or at the first use, and never changed: not state.
const std::array<std::vector<Setting>, 6>& tables() {
    using namespace rows;
    static const std::array<std::vector<Setting>, 6> kTables = {
        joined({cluster_rows(), groups_rows(), moldau_rows(), network_rows(), operation_rows(),
                security_rows(), storage_rows()}),
        joined({topic_rows()}),
        joined({group_rows()}),
        joined({client_metrics_rows()}),
        joined({client_quota_rows()}),
        joined({ip_quota_rows()}),
    };
    return kTables;
}

std::string bound(double value) {
    return fmt::format("{}", value);
}

}  // namespace

std::span<const Setting> table(Table which) {
    return tables().at(static_cast<std::size_t>(which));
}

const Setting* find(Table which, std::string_view name) {
    const auto rows = table(which);
    const auto at = std::ranges::lower_bound(rows, name, {}, &Setting::name);
    return at != rows.end() && at->name == name ? &*at : nullptr;
}

const Setting* find_of_listener(std::string_view key) {
    constexpr std::string_view kPrefix = "listener.name.";
    if (!key.starts_with(kPrefix)) return nullptr;
    const std::size_t dot = key.find('.', kPrefix.size());
    if (dot == std::string_view::npos || dot == kPrefix.size()) return nullptr;
    const std::string_view name = key.substr(dot + 1);
    constexpr std::array<std::string_view, 3> kOfListeners = {
        "max.connection.creation.rate", "max.connections", "num.network.threads"};
    const bool is_one = std::ranges::find(kOfListeners, name) != kOfListeners.end();
    return is_one ? find(Table::broker, name) : nullptr;
}

bool is_alterable(const Setting& broker_setting) {
    // Of what is one broker's own, the rest concerns the security of listeners.
    constexpr std::string_view kCordonedLogDirs = "cordoned.log.dirs";
    constexpr std::string_view kListeners = "listeners";
    constexpr std::string_view kProtocolMap = "listener.security.protocol.map";
    // These name code, though their type does not tell.
    constexpr std::array<std::string_view, 2> kCode = {"config.providers", "metric.reporters"};
    const bool is_kafkas = broker_setting.update == UpdateMode::cluster_wide ||
                           broker_setting.update == UpdateMode::dynamic_only ||
                           broker_setting.name == kCordonedLogDirs ||
                           broker_setting.name == kListeners || broker_setting.name == kProtocolMap;
    const bool is_delicate = broker_setting.type == Type::password ||
                             broker_setting.type == Type::class_name ||
                             std::ranges::find(kCode, broker_setting.name) != kCode.end();
    if (!is_kafkas || is_delicate) return false;
    // Of the settings in effect these are taken up at once, and what topics inherit.
    constexpr std::array<std::string_view, 8> kTakenUp = {kCordonedLogDirs,
                                                          kListeners,
                                                          kProtocolMap,
                                                          "max.connection.creation.rate",
                                                          "max.connections",
                                                          "max.connections.per.ip",
                                                          "max.connections.per.ip.overrides",
                                                          "producer.id.expiration.ms"};
    const auto topics = table(Table::topic);
    const bool is_inherited =
        std::ranges::find(topics, broker_setting.name, &Setting::broker_setting) != topics.end();
    return !broker_setting.is_in_effect() || is_inherited ||
           std::ranges::find(kTakenUp, broker_setting.name) != kTakenUp.end();
}

std::string Rule::to_string() const {
    switch (kind) {
        case Kind::anything:
            return "-";
        case Kind::range:
            return std::isinf(high) ? fmt::format("[{},...]", bound(low))
                                    : fmt::format("[{},...,{}]", bound(low), bound(high));
        case Kind::range_or_minus_one:
            return fmt::format("[{},...,{}] or -1", bound(low), bound(high));
        case Kind::one_of:
            return fmt::format("[{}]", names);
        case Kind::one_of_ignoring_case:
            return fmt::format("(case insensitive) [{}]", names);
        case Kind::not_null:
            return "non-null string";
        case Kind::not_empty:
            return "non-empty string";
        case Kind::voters:
        case Kind::servers:
            return "non-empty list";
        case Kind::throttled_replicas:
            return "[partitionId]:[brokerId],[partitionId]:[brokerId],...";
        case Kind::offset_reset:
            return "[latest, earliest, by_duration:PnDTnHnMn.nS]";
    }
    return {};
}

std::string_view name(Type type) {
    switch (type) {
        case Type::boolean:
            return "boolean";
        case Type::string:
            return "string";
        case Type::int16:
            return "short";
        case Type::int32:
            return "int";
        case Type::int64:
            return "long";
        case Type::float64:
            return "double";
        case Type::list:
            return "list";
        case Type::class_name:
            return "class";
        case Type::password:
            return "password";
    }
    return {};
}

std::string_view name(Importance importance) {
    switch (importance) {
        case Importance::high:
            return "high";
        case Importance::medium:
            return "medium";
        case Importance::low:
            return "low";
    }
    return {};
}

std::string_view name(UpdateMode mode) {
    switch (mode) {
        case UpdateMode::read_only:
            return "read-only";
        case UpdateMode::per_broker:
            return "per-broker";
        case UpdateMode::cluster_wide:
            return "cluster-wide";
        case UpdateMode::dynamic:
            return "dynamic";
        case UpdateMode::dynamic_only:
            return "dynamic-only";
    }
    return {};
}

}  // namespace moldau::config
