// The settings of one start, checked: a value for every row of the broker's table, and the node
// that they describe.
#pragma once

#include "moldau/base/check.hpp"
#include "moldau/base/ids.hpp"
#include "moldau/base/result.hpp"
#include "moldau/config/listener.hpp"
#include "moldau/config/secret.hpp"
#include "moldau/config/setting.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <variant>
#include <vector>

namespace moldau::config {

/// monostate: null. Class names are strings.
using Value = std::variant<std::monostate, bool, std::int16_t, std::int32_t, std::int64_t, double,
                           std::string, std::vector<std::string>, Secret>;

/// Where a value comes from.
struct Origin {
    enum class Kind : std::uint8_t {
        default_value,
        implicit_node,  // a default that differs because nobody said what the node is
        file,
        overlay,  // the command line
    };
    Kind kind = Kind::default_value;
    std::string source{};  // the file's name, or `--set`, `--listen` …
    int line = 0;          // from 1; 0 outside files

    /// `server.properties:12`, `--set`, `default`
    std::string to_string() const;
    bool is_explicit() const { return kind == Kind::file || kind == Kind::overlay; }
};

/// Names a setting whose value has the C++ type T; std::optional<T> where it may be null.
template <class T>
struct Key {
    std::string_view name;
};

/// How many connections one address may hold (max.connections.per.ip.overrides).
struct ConnectionLimit {
    std::string host;
    std::int32_t connections = 0;
    friend bool operator==(const ConnectionLimit&, const ConnectionLimit&) = default;
};

/// The limits that max.connections.per.ip.overrides gives. Errors: invalid_config.
Result<std::vector<ConnectionLimit>> connection_limits(std::string_view text);

/// What cordoned.log.dirs says instead of naming each.
inline constexpr std::string_view kAllLogDirs = "*";
/// Whether cordoned.log.dirs may be that: some of the log directories, or `*` alone.
/// Errors: invalid_config.
Result<> check_cordoned(const std::vector<std::string>& cordoned,
                        const std::vector<std::string>& log_dirs);

/// What this process is, as process.roles, node.id and the listeners say.
struct Node {
    bool is_implicit = false;  // neither process.roles nor controller.quorum.* is set
    bool is_broker = false;
    bool is_controller = false;
    BrokerId id{};
    std::vector<Listener> broker_listeners;
    std::vector<Listener> controller_listeners;
    std::vector<Listener> advertised;      // the brokers' listeners as clients are told of them
    bool advertises_address_used = false;  // tell each client the address that it connected to
    std::string inter_broker_listener;     // name of one of `advertised`; empty without a broker
    std::vector<std::string> controller_listener_names;
    std::vector<std::string> log_dirs;
    std::optional<Listener> http_listener;  // for metrics and health; nothing: none
    std::vector<ConnectionLimit> connection_limits;
};

/// listener.name.<listener>.<setting>, as it is written for that listener.
std::string listener_key(std::string_view listener, std::string_view setting);

/// Whether the key is a setting of one of the listeners that clients of the node connect to, and
/// changes something.
bool is_in_effect(const Node& node, std::string_view listener_key);

class Settings {
public:
    struct Entry {
        const Setting* setting = nullptr;
        Value value;
        Origin origin;
    };
    /// Recognised without being a row: a plugin's setting, or one listener's `listener.name.x.…`.
    struct Other {
        std::string key;
        Secret text;  // what it is for is not known here, so it may be a password
        Origin origin;
    };

    /// `entries`: one for each row of table(Table::broker), in its order.
    Settings(std::vector<Entry> entries, std::vector<Other> others, Node node);

    /// The value of a setting that code depends on; keys.hpp has the keys.
    template <class T>
    T get(Key<T> key) const;

    /// nullptr for a name that is not in the broker's table.
    const Entry* find(std::string_view name) const;
    const std::vector<Entry>& entries() const { return entries_; }  // sorted by name
    const std::vector<Other>& others() const { return others_; }
    const Node& node() const { return node_; }

    /// Names that were set but change nothing yet, sorted.
    std::vector<std::string> without_effect() const;

    // What Kafka makes of groups of settings that say one thing in several units.
    std::int64_t log_retention_ms() const;  // -1: for ever
    std::int64_t log_roll_ms() const;
    std::int64_t log_roll_jitter_ms() const;
    std::int64_t log_flush_interval_ms() const;

private:
    std::vector<Entry> entries_;
    std::vector<Other> others_;
    Node node_;
};

/// Values of settings, by name.
using NamedValues = std::vector<std::pair<std::string_view, Value>>;
/// What the node of `settings` would be if its file gave these values, each of which is good alone.
/// Errors: invalid_config: what a start with them would be refused for.
Result<Node> node_with(const Settings& settings, NamedValues values);

template <class T>
struct IsOptional : std::false_type {};
template <class T>
struct IsOptional<std::optional<T>> : std::true_type {};

template <class T>
T Settings::get(Key<T> key) const {
    const Entry* entry = find(key.name);
    MOLDAU_CHECK(entry != nullptr, "no setting {}", key.name);
    if constexpr (IsOptional<T>::value) {
        if (std::holds_alternative<std::monostate>(entry->value)) return std::nullopt;
        const auto* value = std::get_if<typename T::value_type>(&entry->value);
        MOLDAU_CHECK(value != nullptr, "{} has another type", key.name);
        return *value;
    } else {
        const T* value = std::get_if<T>(&entry->value);
        MOLDAU_CHECK(value != nullptr, "{} is null or has another type", key.name);
        return *value;
    }
}

}  // namespace moldau::config
