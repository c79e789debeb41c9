#include "moldau/config/settings.hpp"

#include "text.hpp"

#include "moldau/config/keys.hpp"
#include "moldau/config/value.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <limits>
#include <utility>

namespace moldau::config {

namespace {
constexpr std::int64_t kMinuteMs = 60'000;
constexpr std::int64_t kHourMs = 60 * kMinuteMs;
}  // namespace

std::string listener_key(std::string_view listener, std::string_view setting) {
    return fmt::format("listener.name.{}.{}", lower(listener), setting);
}

bool is_in_effect(const Node& node, std::string_view key) {
    const Setting* setting = find_of_listener(key);
    return setting != nullptr && setting->is_in_effect() &&
           std::ranges::any_of(node.broker_listeners, [&](const Listener& listener) {
               return key == listener_key(listener.name, setting->name);
           });
}

std::string Origin::to_string() const {
    switch (kind) {
        case Kind::default_value:
            return "default";
        case Kind::implicit_node:
            return "default of an implicit node";
        case Kind::file:
            return line > 0 ? fmt::format("{}:{}", source, line) : source;
        case Kind::overlay:
            return source;
    }
    return {};
}

Settings::Settings(std::vector<Entry> entries, std::vector<Other> others, Node node)
    : entries_(std::move(entries)), others_(std::move(others)), node_(std::move(node)) {
    MOLDAU_CHECK(entries_.size() == table(Table::broker).size());
}

const Settings::Entry* Settings::find(std::string_view name) const {
    const auto at = std::ranges::lower_bound(
        entries_, name, {}, [](const Entry& entry) { return entry.setting->name; });
    return at != entries_.end() && at->setting->name == name ? &*at : nullptr;
}

std::vector<std::string> Settings::without_effect() const {
    std::vector<std::string> names;
    for (const Entry& entry : entries_)
        if (entry.origin.is_explicit() && !entry.setting->is_in_effect())
            names.emplace_back(entry.setting->name);
    for (const Other& other : others_)
        if (!is_in_effect(node_, other.key)) names.push_back(other.key);
    std::ranges::sort(names);
    return names;
}

std::int64_t Settings::log_retention_ms() const {
    std::int64_t ms = 0;
    if (const auto exact = get(Key<std::optional<std::int64_t>>{"log.retention.ms"}))
        ms = *exact;
    else if (const auto minutes = get(Key<std::optional<std::int32_t>>{"log.retention.minutes"}))
        ms = *minutes * kMinuteMs;
    else
        ms = get(Key<std::int32_t>{"log.retention.hours"}) * kHourMs;
    return std::max<std::int64_t>(ms, -1);
}

std::int64_t Settings::log_roll_ms() const {
    if (const auto exact = get(Key<std::optional<std::int64_t>>{"log.roll.ms"})) return *exact;
    return get(Key<std::int32_t>{"log.roll.hours"}) * kHourMs;
}

std::int64_t Settings::log_roll_jitter_ms() const {
    if (const auto exact = get(Key<std::optional<std::int64_t>>{"log.roll.jitter.ms"}))
        return *exact;
    return get(Key<std::int32_t>{"log.roll.jitter.hours"}) * kHourMs;
}

std::int64_t Settings::log_flush_interval_ms() const {
    if (const auto exact = get(Key<std::optional<std::int64_t>>{"log.flush.interval.ms"}))
        return *exact;
    return get(Key<std::int64_t>{"log.flush.scheduler.interval.ms"});
}

}  // namespace moldau::config
