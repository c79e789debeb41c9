// What is known about a setting: its name, type, default, allowed values. One table for each kind
// of thing that has settings; the rows are Kafka 4.3's (facts) and our own, which start with
// `moldau.`.
#pragma once

#include <cstdint>
#include <limits>
#include <optional>
#include <span>
#include <string>
#include <string_view>

namespace moldau::config {

/// Kafka's ConfigDef types.
enum class Type : std::uint8_t {
    boolean,
    string,
    int16,
    int32,
    int64,
    float64,
    list,
    class_name,
    password
};

enum class Importance : std::uint8_t { high, medium, low };

/// When a change is taken up.
enum class UpdateMode : std::uint8_t {
    read_only,     // at the next start
    per_broker,    // at once, for one broker
    cluster_wide,  // at once, for one broker or for all
    dynamic,       // at once; a topic's, group's, subscription's or quota's setting
    dynamic_only,  // at once, and never from a file
};

/// A default as it would be written in a file; or none, and then null or required.
struct Default {
    enum class Kind : std::uint8_t { text, null, required };
    Kind kind = Kind::text;
    std::string_view text{};

    constexpr Default(const char* written) : text(written) {}  // rows of the tables read as a file
    constexpr explicit Default(Kind no_text) : kind(no_text) {}
};

/// What a value must obey beyond its type.
struct Rule {
    enum class Kind : std::uint8_t {
        anything,
        range,                 // [low, high]
        range_or_minus_one,    // [low, high] or -1
        one_of,                // a string of `names`, or a list of them
        one_of_ignoring_case,  // as one_of, in any case
        not_null,
        not_empty,           // a string of at least one character
        voters,              // a list of id@host:port
        servers,             // a list of host:port
        throttled_replicas,  // `*`, or a list of partition:broker
        offset_reset,        // latest, earliest or by_duration:<ISO 8601>
    };
    Kind kind = Kind::anything;
    // Kafka's bounds are small or a type's own limit, so that a double holds each of them exactly.
    double low = -std::numeric_limits<double>::infinity();
    double high = std::numeric_limits<double>::infinity();
    std::string_view names{};  // ", " between them
    // For lists: whether no item at all is a value. Items are never empty, doubles are dropped.
    bool empty_list_allowed = true;

    constexpr Rule no_empty_list() const {
        Rule rule = *this;
        rule.empty_list_allowed = false;
        return rule;
    }
    /// As Kafka's documentation writes it, `[1,...,9] or -1`; `-` where anything goes.
    std::string to_string() const;
};

struct Setting {
    std::string_view name;
    Type type;
    Default default_value;
    Rule rule;
    Importance importance;
    UpdateMode update;
    bool is_internal = false;           // not shown to users, may change without notice
    std::string_view broker_setting{};  // a topic's or group's default comes from this one
    std::string_view documentation{};

    /// What has an effect is documented, and nothing else is.
    constexpr bool is_in_effect() const { return !documentation.empty(); }
    constexpr Setting internal() const {
        Setting setting = *this;
        setting.is_internal = true;
        return setting;
    }
    constexpr Setting from_broker(std::string_view name_of_default) const {
        Setting setting = *this;
        setting.broker_setting = name_of_default;
        return setting;
    }
    constexpr Setting doc(std::string_view sentences) const {
        Setting setting = *this;
        setting.documentation = sentences;
        return setting;
    }
};

enum class Table : std::uint8_t { broker, topic, group, client_metrics, client_quota, ip_quota };

/// The table's rows, sorted by name. Valid for ever.
std::span<const Setting> table(Table which);

/// The row of that name; nullptr where there is none.
const Setting* find(Table which, std::string_view name);

/// Of `listener.name.<listener>.<setting>` the setting, where that may change for single listeners
/// while the broker runs: max.connections, max.connection.creation.rate, and num.network.threads,
/// which does nothing here. nullptr: another key.
const Setting* find_of_listener(std::string_view key);

/// Whether a broker's setting may be changed while the broker runs. Not those that this version
/// takes up at a start only, nor what names code or holds a secret.
bool is_alterable(const Setting& broker_setting);

/// The name in the table that is fewest slips of the hand away; empty where all are far.
std::string_view nearest_name(Table which, std::string_view unknown);

/// `int`, `list`, `password` …, as Kafka's documentation names the type.
std::string_view name(Type type);
std::string_view name(Importance importance);
std::string_view name(UpdateMode mode);

}  // namespace moldau::config
